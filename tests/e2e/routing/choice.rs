//! Choice of the backend and of the model, and what the model adds to the request.

use harness::Gateway;
use harness::client::{Client, data, message, pick, status};
use harness::provider::{Provider, Reply, anthropic, openai};
use serde_json::{Value, json};

use crate::failures::failure;

use super::{create_model, hello};

async fn set_default_model(admin: &Client, model: &str) {
    data(
        admin
            .put("/api/v1/admin/settings")
            .json(&json!({"default_model": model})),
        200,
    )
    .await;
}

#[tokio::test]
async fn backends_of_the_policys_region_or_else_the_own_come_first() {
    let (here, there) = (Provider::always(hello()), Provider::start());
    let gateway = Gateway::start_with(|options| local::Options {
        backend_region: Some("eu".into()),
        ..options
    })
    .await;
    gateway
        .admin()
        .create_model_with("m", &there, &json!({"region": "us", "weight": 1000}))
        .await;
    gateway
        .admin()
        .create_backend_with("m", &here, &json!({"region": "eu"}))
        .await;
    let program = gateway.program().await;
    for _ in 0..5 {
        assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
    }
    assert_eq!((here.received().len(), there.received().len()), (5, 0));
    gateway.admin().create_policy("abroad", &json!({"region": "us"})).await;
    let abroad = gateway.admin().create_program_under("abroad").await;
    there.will(hello());
    assert_eq!(abroad.chat("m").send().await.unwrap().status(), 200);
    assert_eq!(
        (here.received().len(), there.received().len()),
        (5, 1),
        "the policy's region is before the gateway's"
    );
}

#[tokio::test]
async fn p19_a_default_model_steps_in_for_those_who_may_use_it() {
    let provider = Provider::always(hello());
    let gateway = Gateway::start().await.with_model("spare", &provider).await;
    create_model(gateway.admin(), &json!({"id": "idle", "name": "idle"})).await;
    let program = gateway.program().await;
    assert_eq!(failure(program.chat("idle")).await.status, 503);
    set_default_model(gateway.admin(), "spare").await;
    for ask in [program.chat("idle"), program.message("idle")] {
        let answer: Value = ask.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["model"], "spare", "the answer names the model that answered");
    }
    let created = gateway
        .admin()
        .post("/api/v1/user/keys")
        .json(&json!({"name": "narrow", "models": ["idle"]}));
    let narrow = gateway
        .anybody()
        .with(data(created, 201).await["key"].as_str().unwrap());
    assert_eq!(failure(narrow.chat("idle")).await.status, 503);
    assert_eq!(failure(narrow.chat("spare")).await.status, 404);
    assert_eq!(provider.received().len(), 2);
}

#[tokio::test]
async fn model_params_are_added_where_the_client_has_set_none() {
    let chat = Provider::always(hello());
    let native = Provider::always(Reply::json(&anthropic::message("Hello")));
    let gateway = Gateway::start().await;
    let params = json!({"top_k": 5, "temperature": 0.5, "__user_agent__": "us", "__header_x_source__": "gateway"});
    for (id, provider, protocol) in [("chat", &chat, "openai"), ("native", &native, "anthropic")] {
        let admin = gateway.admin();
        create_model(admin, &json!({"id": id, "name": id, "model_params": params})).await;
        let backend = json!({"protocol": protocol});
        admin.create_backend_with(id, provider, &backend).await;
    }
    let program = gateway.program().await;
    for (path, mut body) in [
        ("/v1/chat/completions", harness::client::ask("chat")),
        ("/v1/messages", message("chat")),
        ("/v1/messages", message("native")),
    ] {
        body["temperature"] = json!(1.0);
        let request = program.post(path).header("user-agent", "the client").json(&body);
        assert_eq!(status(request).await, 200, "{path}: {body}");
    }
    let received = [chat.received(), native.received()].concat();
    assert_eq!(received.len(), 3);
    for received in received {
        let body = received.json();
        assert_eq!(pick(&body, ["top_k", "temperature"]), json!([5, 1.0]), "{body}");
        assert_eq!(received.header("user-agent"), "us");
        assert_eq!(received.header("x-source"), "gateway");
    }
}

#[tokio::test]
async fn answers_name_their_backend_only_where_the_settings_say_so() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let (admin, program) = (gateway.admin(), gateway.program().await);
    let named = async || {
        program
            .chat("m")
            .send()
            .await
            .unwrap()
            .headers()
            .get("x-backend-id")
            .cloned()
    };
    assert_eq!(named().await, None);
    let shown = json!({"show_backend_id": true});
    data(admin.put("/api/v1/admin/settings").json(&shown), 200).await;
    let backends = data(admin.get("/api/v1/admin/backends"), 200).await;
    assert_eq!(named().await.unwrap(), backends[0]["id"].as_str().unwrap());
}

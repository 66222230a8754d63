//! The models that a policy allows, beside those of the key's own list.

use domain::clock::Clock;
use futures_util::future::join_all;
use harness::Gateway;
use harness::client::{Client, data, refusal, status};
use harness::provider::{Provider, Reply, anthropic};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{models, path, provider};

#[tokio::test]
async fn p19_a_model_needs_the_keys_list_and_the_policys() {
    let provider = provider();
    let gateway = Gateway::start()
        .await
        .with_model("glm-4.7", &provider)
        .await
        .with_model("glm-air", &provider)
        .await;
    let admin = gateway.admin();
    admin.create_model("kimi", &provider).await;
    data(
        admin
            .put("/api/v1/admin/models/kimi")
            .json(&json!({"aliases": ["glm-like", "claude-*"]})),
        200,
    )
    .await;
    admin.create_policy("glm", &json!({"models": ["glm*"]})).await;
    let person = admin
        .create_person("somebody@example.com", json!({"quota_policy": "glm"}))
        .await;
    let (all, narrow) = (person.create_key().await, key_for(&person, json!(["glm-air"])).await);
    assert_eq!(models(&all).await, ["glm-4.7", "glm-air"]);
    assert_eq!(models(&narrow).await, ["glm-air"]);

    // Rights are judged by the model, not by the name under which it is asked for; the unknown looks alike.
    let count = |program: &Client, model: &str| {
        let body = json!({"model": model, "messages": [{"role": "user", "content": "Hello"}]});
        program.post("/v1/messages/count_tokens").json(&body)
    };
    for (program, model) in [
        (&all, "kimi"),
        (&all, "glm-like"),
        (&all, "claude-4"),
        (&all, "nothing"),
        (&all, "GLM-air"),
        (&narrow, "glm-4.7"),
    ] {
        assert_eq!(refusal(program.chat(model), 404).await, "model_not_found", "{model}");
        assert_eq!(status(program.message(model)).await, 404, "{model}");
        assert_eq!(status(count(program, model)).await, 404, "{model}");
        assert_eq!(
            refusal(program.get(&format!("/v1/models/{model}")), 404).await,
            "model_not_found",
            "{model}"
        );
    }
    let bodies = join_all(["kimi", "nothing"].map(|model| error(all.chat(model)))).await;
    assert_eq!(
        bodies[0].replace("kimi", "nothing"),
        bodies[1],
        "forbidden and unknown are the same answer"
    );
    assert!(provider.received().is_empty());
    assert_eq!(status(all.chat("glm-4.7")).await, 200);
    assert_eq!(status(narrow.message("glm-air")).await, 200);
    assert_eq!(status(count(&narrow, "glm-air")).await, 200);

    for bad in ["kimi", "nothing", "glm*"] {
        let attempt = person
            .post("/api/v1/user/keys")
            .json(&json!({"name": "x", "models": [bad]}));
        assert_eq!(refusal(attempt, 400).await, "invalid_value", "{bad}");
    }
    // A policy that changes takes rights from keys that are there.
    data(admin.put(&path("glm")).json(&json!({"models": ["kimi"]})), 200).await;
    assert_eq!(
        (models(&all).await, models(&narrow).await),
        (vec!["kimi".to_owned()], vec![])
    );
    assert_eq!(status(narrow.chat("glm-air")).await, 404);
    assert_eq!(status(all.chat("claude-4")).await, 200);
}

async fn key_for(person: &Client, models: Value) -> Client {
    let key = person
        .post("/api/v1/user/keys")
        .json(&json!({"name": "narrow", "models": models}));
    person.with(data(key, 201).await["key"].as_str().unwrap())
}

async fn error(request: RequestBuilder) -> String {
    request.send().await.unwrap().json::<Value>().await.unwrap()["error"].to_string()
}

#[tokio::test]
async fn a_shadow_policy_refuses_nothing_but_models() {
    let provider = Provider::always(Reply::json(&anthropic::message("Hello")));
    let clock = Clock::fixed("2026-11-23T12:00:00Z".parse().unwrap());
    let gateway = Gateway::start_at(&clock).await;
    gateway
        .admin()
        .create_model_with("m", &provider, &json!({"protocol": "anthropic"}))
        .await;
    let shadow =
        json!({"mode": "shadow", "available_time_ranges": [{"start": "00:00", "end": "06:00"}], "models": ["m"]});
    gateway.admin().create_policy("night", &shadow).await;
    let program = gateway.admin().create_program_under("night").await;
    assert_eq!(status(program.message("m")).await, 200);
    assert_eq!(status(program.message("other")).await, 404);
    data(
        gateway.admin().put(&path("night")).json(&json!({"mode": "enforce"})),
        200,
    )
    .await;
    assert_eq!(status(program.message("m")).await, 429);
}

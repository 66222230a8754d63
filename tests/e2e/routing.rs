//! Which backend answers, with what it is asked, and how many requests it gets at once.

use domain::clock::Clock;
use domain::models::BackendId;
use futures_util::future::join_all;
use harness::client::{Client, data, message};
use harness::provider::{Provider, Reply, anthropic, openai};
use harness::{Gate, Gateway};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::failures::failure;

fn hello() -> Reply {
    Reply::json(&openai::completion("Hello"))
}

async fn create_model(admin: &Client, model: &Value) {
    data(admin.post("/api/v1/admin/models").json(model), 201).await;
}

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
async fn a_backend_gets_no_more_requests_at_once_than_it_takes() {
    let (provider, gate) = (Provider::start(), Gate::new());
    let gateway = Gateway::start().await;
    gateway
        .admin()
        .create_model_with("m", &provider, &json!({"max_concurrency": 2}))
        .await;
    let program = gateway.program().await;
    for _ in 0..2 {
        provider.will(
            Reply::events()
                .event(&openai::chunk("Hel"))
                .wait(&gate)
                .event(&openai::chunk("lo"))
                .done(),
        );
    }
    let running: Vec<_> = join_all((0..2).map(|_| program.chat_stream("m").send())).await;
    let refused = failure(program.chat("m")).await;
    assert_eq!(
        (refused.status, refused.code(), refused.retry_after.as_deref()),
        (503, "no_backend_available", Some("5"))
    );
    let refused = failure(program.message("m")).await;
    assert_eq!((refused.status, refused.code()), (529, "overloaded_error"));
    gate.open();
    for answer in running {
        assert!(answer.unwrap().text().await.unwrap().ends_with("[DONE]\n\n"));
    }
    provider.will(hello());
    assert_eq!(
        program.chat("m").send().await.unwrap().status(),
        200,
        "the places are free again"
    );
}

#[tokio::test]
async fn places_at_a_backend_are_counted_for_all_processes_together() {
    let gateway = Gateway::start().await;
    gateway
        .admin()
        .create_model_with("m", &Provider::start(), &json!({"id": "b"}))
        .await;
    let stores = [
        gateway.local().store().await.unwrap(),
        gateway.local().store().await.unwrap(),
    ];
    let backend = BackendId::parse("b").unwrap();
    let (past, future) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
    // A process that died has left places behind, whose time is over.
    for _ in 0..3 {
        assert!(stores[0].take_lease(&backend, 3, past).await.unwrap().is_some());
    }
    let tries = stores
        .iter()
        .cycle()
        .take(24)
        .map(|store| store.take_lease(&backend, 7, future));
    let leases: Vec<_> = join_all(tries).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(leases.len(), 7);
    assert!(stores[1].take_lease(&backend, 7, future).await.unwrap().is_none());
    stores[1].give_lease_back(&leases[0]).await.unwrap();
    stores[1].give_lease_back(&leases[0]).await.unwrap();
    assert!(stores[0].take_lease(&backend, 7, future).await.unwrap().is_some());
    assert!(stores[0].take_lease(&backend, 7, future).await.unwrap().is_none());
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
    let (chat, native) = (
        Provider::always(hello()),
        Provider::always(Reply::json(&anthropic::message("Hello"))),
    );
    let gateway = Gateway::start().await;
    let params = json!({"top_k": 5, "temperature": 0.5, "__user_agent__": "us", "__header_x_source__": "gateway"});
    for (id, provider, protocol) in [("chat", &chat, "openai"), ("native", &native, "anthropic")] {
        create_model(gateway.admin(), &json!({"id": id, "name": id, "model_params": params})).await;
        gateway
            .admin()
            .create_backend_with(id, provider, &json!({"protocol": protocol}))
            .await;
    }
    let program = gateway.program().await;
    let mut ask = harness::client::ask("chat");
    ask["temperature"] = json!(1.0);
    assert_eq!(
        program
            .post("/v1/chat/completions")
            .json(&ask)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    for model in ["chat", "native"] {
        let mut ask = message(model);
        ask["temperature"] = json!(1.0);
        let answer = program
            .post("/v1/messages")
            .header("user-agent", "the client")
            .json(&ask)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }
    for received in [chat.received(), native.received()].concat() {
        let body = received.json();
        assert_eq!(
            (&body["top_k"], &body["temperature"]),
            (&json!(5), &json!(1.0)),
            "{body}"
        );
        assert_eq!(
            (received.header("user-agent"), received.header("x-source")),
            ("us", "gateway")
        );
    }
}

#[tokio::test]
async fn p49_a_backend_that_has_not_begun_in_its_own_time_is_left_for_another() {
    let (silent, well) = (
        Provider::always(Reply::silence()),
        Provider::always(openai::stream(&["Hello"])),
    );
    let gateway = Gateway::start().await;
    gateway
        .admin()
        .create_model_with("m", &silent, &json!({"timeout_ms": 50}))
        .await;
    gateway
        .admin()
        .create_backend_with("m", &well, &json!({"weight": 0}))
        .await;
    let answer = gateway.program().await.chat_stream("m").send().await.unwrap();
    assert!(answer.text().await.unwrap().ends_with("[DONE]\n\n"));
    silent.request(0).await.abandoned().await;
}

#[tokio::test]
async fn p51_a_client_that_leaves_ends_the_backends_work_wherever_it_was() {
    let whole = || Reply::json(&openai::completion("Hello"));
    let stages = [
        ("before the head", Reply::silence(), Reply::silence()),
        ("behind the head", whole().cut(0).stall(), Reply::events().stall()),
        (
            "in the answer",
            whole().cut(9).stall(),
            Reply::events().event(&openai::chunk("Hel")).stall(),
        ),
    ];
    for (stage, whole, stream) in stages {
        let provider = Provider::start();
        let gateway = Gateway::start().await.with_model("m", &provider).await;
        let program = gateway.program().await;
        let asks = [
            (program.chat("m"), &whole),
            (program.chat_stream("m"), &stream),
            (program.message("m"), &whole),
            (program.message_stream("m"), &stream),
        ];
        for (number, (request, reply)) in asks.into_iter().enumerate() {
            provider.will(reply.clone());
            // The head of a stream may come; its client does not stay for more.
            let received = tokio::select! {
                biased;
                received = provider.request(number) => received,
                answer = request.send() => { drop(answer.unwrap()); provider.request(number).await }
            };
            received.abandoned().await;
        }
        let shown = data(gateway.admin().get("/api/v1/admin/backends"), 200).await;
        assert_eq!(
            shown[0]["healthy"], true,
            "{stage}: whoever leaves says nothing about the backend"
        );
    }
}

#[tokio::test]
async fn p53_while_all_are_out_one_is_tried_and_clients_are_told_when_to_come_again() {
    let sick = [
        Provider::always(Reply::error(500, &json!({}))),
        Provider::always(Reply::error(500, &json!({}))),
    ];
    let clock = Clock::fixed("2026-11-23T10:00:00Z".parse().unwrap());
    let gateway = Gateway::start_at(&clock).await.with_model("m", &sick[0]).await;
    gateway.admin().create_backend("m", &sick[1]).await;
    let program = gateway.program().await;
    let asked = || sick.iter().map(|provider| provider.received().len()).sum::<usize>();
    while failure(program.chat("m")).await.status != 503 {}
    assert_eq!(asked(), 11, "five failures each, and the one that found nobody well");
    for (request, status, code) in [
        (program.chat("m"), 503, "no_backend_available"),
        (program.message_stream("m"), 529, "overloaded_error"),
    ] {
        let before = asked();
        let refused = failure(request).await;
        assert_eq!(
            (refused.status, refused.code(), refused.retry_after.as_deref()),
            (status, code, Some("5"))
        );
        assert_eq!(asked() - before, 1);
    }
    for provider in &sick {
        provider.will(hello());
    }
    assert_eq!(
        program.chat("m").send().await.unwrap().status(),
        200,
        "the one that is tried may be well again"
    );
}

#[tokio::test]
async fn p53_a_backend_that_fails_five_times_in_a_row_is_left_alone_and_all_are_told() {
    let (sick, well) = (
        Provider::always(Reply::error(500, &json!({}))),
        Provider::always(hello()),
    );
    let gateway = Gateway::start().await;
    gateway
        .admin()
        .create_model_with("m", &sick, &json!({"id": "sick", "weight": 1000}))
        .await;
    gateway
        .admin()
        .create_backend_with("m", &well, &json!({"id": "well"}))
        .await;
    let program = gateway.program().await;
    while sick.received().len() < 5 {
        assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
    }
    for _ in 0..20 {
        assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
    }
    assert_eq!(sick.received().len(), 5);
    let shown = data(gateway.admin().get("/api/v1/admin/backends"), 200).await;
    let healthy: Vec<_> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|backend| (&backend["id"], &backend["healthy"]))
        .collect();
    assert_eq!(
        healthy,
        [(&json!("sick"), &json!(false)), (&json!("well"), &json!(true))]
    );
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

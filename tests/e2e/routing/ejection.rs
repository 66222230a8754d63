//! Backends that time out or fail are passed over.

use domain::clock::Clock;
use harness::Gateway;
use harness::client::{data, pick};
use harness::provider::{Provider, Reply, openai};
use serde_json::json;

use crate::failures::failure;

use super::hello;

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
async fn p53_b6_5_while_all_are_out_one_is_tried_and_clients_are_told_when_to_come_again() {
    let sick = [
        Provider::always(Reply::error(500, &json!({}))),
        Provider::always(Reply::error(500, &json!({}))),
    ];
    let clock = Clock::fixed("2026-11-23T10:00:00Z".parse().unwrap());
    let gateway = Gateway::start_at(&clock).await.with_model("m", &sick[0]).await;
    gateway.admin().create_backend("m", &sick[1]).await;
    let program = gateway.program().await;
    let asked = || sick.iter().map(|provider| provider.received().len()).sum::<usize>();
    while failure(program.chat("m")).await.retry_after.is_none() {}
    assert_eq!(asked(), 10, "five failures each");
    for (request, status, code) in [
        (program.chat("m"), 502, "upstream_error"),
        (program.message_stream("m"), 502, "api_error"),
    ] {
        let before = asked();
        let failed = failure(request).await;
        assert_eq!(
            (failed.status, failed.code(), failed.retry_after.as_deref()),
            (status, code, Some("30")),
            "the backend's own error, and when it is asked again"
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
    let sick = Provider::always(Reply::error(500, &json!({})));
    let well = Provider::always(hello());
    let gateway = Gateway::start().await;
    let (admin, heavy) = (gateway.admin(), json!({"id": "sick", "weight": 1000}));
    admin.create_model_with("m", &sick, &heavy).await;
    admin.create_backend_with("m", &well, &json!({"id": "well"})).await;
    let program = gateway.program().await;
    let mut conversations = 0..;
    while sick.received().len() < 5 {
        let conversation = conversations.next().unwrap().to_string();
        let request = program.chat("m").header("session-id", conversation);
        assert_eq!(request.send().await.unwrap().status(), 200);
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
    let turns = &shown[0]["health"]["turns"];
    assert_eq!(
        pick(&turns[0], ["state", "reason"]),
        json!(["ejected", "status"]),
        "G7: {turns}"
    );
    assert_eq!(turns[0]["at"], shown[0]["health"]["since"]);
}

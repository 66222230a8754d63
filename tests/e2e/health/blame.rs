//! One prompt takes nobody out, and what only the operator can mend is told to the operator (B6.3 to B6.5, HA14, OP).

use harness::Gateway;
use harness::client::{Client, data};
use harness::provider::{Provider, Reply, openai};
use serde_json::{Value, json};

use crate::failures::failure;

/// Says what `words` in the last message tell it to say, and else hello.
fn obedient(words: &'static [(&'static str, u16, &'static str)]) -> Provider {
    Provider::answering(move |request| {
        if request.method == "GET" {
            return Reply::json(&json!({"data": []}));
        }
        let asked = request.json().to_string();
        match words.iter().find(|(word, ..)| asked.contains(word)) {
            Some((_, status, message)) => Reply::error(*status, &json!({"error": {"message": message}})),
            None => Reply::json(&openai::completion("Hello")),
        }
    })
}

async fn say(program: &Client, words: &str) -> u16 {
    let ask = json!({"model": "m", "messages": [{"role": "user", "content": words}]});
    let request = program.post("/v1/chat/completions").json(&ask);
    request.send().await.unwrap().status().as_u16()
}

async fn shown(gateway: &Gateway) -> Value {
    data(gateway.admin().get("/api/v1/admin/backends"), 200).await
}

#[tokio::test]
async fn b6_3_h1_a_prompt_that_moderation_refuses_is_its_senders_matter_alone() {
    let provider = obedient(&[("FLAGGED", 403, "your input was flagged by moderation")]);
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let (flagged, innocent) = (gateway.program().await, gateway.program().await);
    for _ in 0..6 {
        assert_eq!(say(&flagged, "FLAGGED").await, 403);
    }
    let ask = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "FLAGGED"}]});
    let refused = failure(flagged.post("/v1/messages").json(&ask)).await;
    assert_eq!((refused.status, refused.code()), (403, "permission_error"));
    assert!(
        refused.body.to_string().contains("flagged by moderation"),
        "{}",
        refused.body
    );
    assert_eq!(say(&innocent, "Hello").await, 200);
    assert_eq!(shown(&gateway).await[0]["health"]["state"], "available");
}

#[tokio::test]
async fn b6_4_h2_who_is_out_of_credit_is_passed_over_and_marked_for_the_operator() {
    for broke in [
        Reply::error(402, &json!({"error": {"message": "Insufficient Balance of acme-1"}})),
        Reply::json(&json!({"error": {"message": "Insufficient Balance of acme-1", "code": "insufficient_quota"}})),
    ] {
        let (broke, well) = (
            Provider::always(broke),
            Provider::always(Reply::json(&openai::completion("Hello"))),
        );
        let gateway = Gateway::start().await;
        gateway
            .admin()
            .create_model_with("m", &broke, &json!({"id": "broke", "weight": 1000}))
            .await;
        gateway
            .admin()
            .create_backend_with("m", &well, &json!({"id": "well", "weight": 0}))
            .await;
        let program = gateway.program().await;
        for _ in 0..20 {
            assert_eq!(say(&program, "Hello").await, 200);
        }
        assert_eq!(broke.completions().len(), 2, "two requests show it");
        let shown = shown(&gateway).await;
        let health = &shown[0]["health"];
        assert_eq!(
            (&health["state"], &health["reason"]),
            (&json!("ejected"), &json!("billing"))
        );
        assert!(health["since"].is_string() && health["until"].is_string(), "{health}");
        assert!(
            health["last_error"]["message"].as_str().unwrap().contains("acme-1"),
            "{health}"
        );
    }
}

#[tokio::test]
async fn b6_4_the_client_is_told_of_its_model_and_never_of_the_internal_name_or_the_account() {
    for (status, message) in [
        (402, "account acme-1 has no credit"),
        (404, "The model `acme-internal` does not exist"),
    ] {
        let provider = Provider::always(Reply::error(status, &json!({"error": {"message": message}})));
        let gateway = Gateway::start().await.with_model("m", &provider).await;
        let program = gateway.program().await;
        for request in [
            program.chat("m"),
            program.message("m"),
            program.chat_stream("m"),
            program.message_stream("m"),
        ] {
            let failed = failure(request).await;
            let told = failed.body.to_string();
            assert!(
                failed.status == 502 && told.contains("the model `m`") && !told.contains("acme"),
                "{told}"
            );
        }
    }
}

#[tokio::test]
async fn b6_3_an_unclear_refusal_is_the_clients_if_another_backend_refuses_too_and_else_the_backends() {
    let refusal = || Provider::always(Reply::error(403, &json!({"error": {"message": "no"}})));
    for other_refuses in [true, false] {
        let (first, other) = (
            refusal(),
            if other_refuses {
                refusal()
            } else {
                Provider::always(Reply::json(&openai::completion("Hello")))
            },
        );
        let gateway = Gateway::start().await;
        gateway
            .admin()
            .create_model_with("m", &first, &json!({"weight": 1000}))
            .await;
        gateway
            .admin()
            .create_backend_with("m", &other, &json!({"weight": 0}))
            .await;
        let program = gateway.program().await;
        for _ in 0..3 {
            assert_eq!(say(&program, "Hello").await, if other_refuses { 403 } else { 200 });
        }
        let shown = shown(&gateway).await;
        assert_eq!(shown[0]["healthy"], other_refuses, "{shown}");
        assert_eq!(shown[1]["healthy"], true, "{shown}");
        assert_eq!(first.completions().len(), if other_refuses { 3 } else { 2 });
    }
}

#[tokio::test]
async fn ha14_one_caller_takes_no_backend_out_for_the_others() {
    let provider = obedient(&[("BREAK", 500, "engine died")]);
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let breaking = gateway
        .admin()
        .create_person("breaking@example.com", json!({}))
        .await
        .create_key()
        .await;
    let program = gateway.program().await;
    assert_eq!(say(&program, "Hello").await, 200);
    for _ in 0..20 {
        assert_eq!(say(&breaking, "BREAK").await, 502);
    }
    let shown = shown(&gateway).await;
    assert_eq!(shown[0]["health"]["state"], "available", "{shown}");
    assert_eq!(say(&program, "Hello").await, 200);
}

#[tokio::test]
async fn op_h5_a_failed_check_does_not_outrank_requests_that_succeed() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    provider.will(Reply::json(&openai::completion("Hello")));
    assert_eq!(say(&program, "Hello").await, 200);
    let id = shown(&gateway).await[0]["id"].as_str().unwrap().to_owned();
    for (reply, finding) in [
        (Reply::error(500, &json!({})), json!("status")),
        (Reply::raw("").reset(), json!("connect")),
        (
            Reply::json(&json!({"data": [{"id": "another"}]})),
            json!("model_missing"),
        ),
    ] {
        provider.will(reply);
        let checked = data(
            gateway.admin().post(&format!("/api/v1/admin/backends/{id}/health")),
            200,
        )
        .await;
        assert_eq!(
            (&checked["healthy"], &checked["error"]),
            (&json!(true), &finding),
            "{checked}"
        );
    }
    let shown = shown(&gateway).await;
    assert_eq!(shown[0]["health"]["finding"], "model_missing", "{shown}");
}

#[tokio::test]
async fn op_h7_another_key_ends_the_exile_of_the_one_before() {
    let provider = Provider::start();
    let gateway = Gateway::start().await;
    gateway
        .admin()
        .create_model_with("m", &provider, &json!({"id": "b", "api_key": "revoked"}))
        .await;
    let program = gateway.program().await;
    for _ in 0..2 {
        provider.will(Reply::error(401, &json!({"error": {"message": "invalid key"}})));
        assert_eq!(say(&program, "Hello").await, 502);
    }
    let health = shown(&gateway).await[0]["health"].take();
    assert_eq!(
        (&health["state"], &health["reason"]),
        (&json!("ejected"), &json!("credentials"))
    );
    let put = gateway
        .admin()
        .put("/api/v1/admin/backends/b")
        .json(&json!({"api_key": "replaced"}));
    let changed = data(put, 200).await;
    assert_eq!(
        (&changed["healthy"], &changed["health"]["state"]),
        (&json!(true), &json!("available"))
    );
    provider.will(Reply::json(&openai::completion("Hello")));
    assert_eq!(say(&program, "Hello").await, 200);
}

#[tokio::test]
async fn h10_a_key_with_more_around_it_is_refused() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    for key in ["", " x ", "x\n", "Bearer x", "a b"] {
        let backend = json!({"name": "b", "base_url": provider.base_url(), "model_name": "x", "api_key": key});
        let created = failure(gateway.admin().post("/api/v1/admin/models/m/backends").json(&backend)).await;
        assert_eq!(
            (created.status, &created.body["error"]["field"]),
            (400, &json!("api_key")),
            "{key:?}"
        );
    }
}

//! Requests: what the backend receives, and what is refused before one is called.

use harness::Gateway;
use harness::client::{BACKEND_KEY, ask};
use harness::provider::{Provider, Reply, openai};
use serde_json::json;

use crate::failures::failure;

#[tokio::test]
async fn a_completion_passes_as_it_is() {
    let spaced = "{ \"id\": \"x\",  \"choices\": [], \"new_field\": 1.0000000000000000001 }";
    let provider = Provider::always(Reply::new(200, "application/json", spaced));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let answer = gateway.program().await.chat("m").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert!(answer.headers().contains_key("x-request-id"));
    assert_eq!(answer.headers()["content-length"], spaced.len().to_string());
    assert_eq!(answer.text().await.unwrap(), spaced);
}

#[tokio::test]
async fn only_the_models_name_differs_in_what_the_backend_gets() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let body = r#"{"top_k":1.50, "model" : "m","messages":[{"role":"user","content":"\u00e4"}] }"#;
    gateway
        .program()
        .await
        .post("/v1/chat/completions")
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .unwrap();
    let received = provider.request(0).await;
    assert_eq!(
        (received.method.as_str(), received.path.as_str()),
        ("POST", "/v1/chat/completions")
    );
    assert_eq!(received.body, body.replace("\"m\"", "\"provider-model\""));
}

#[tokio::test]
async fn p38_the_backend_sees_its_own_credential_and_nothing_of_the_clients() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    program
        .chat("m")
        .header("cookie", "a=b")
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-own", "1")
        .send()
        .await
        .unwrap();
    let received = provider.request(0).await;
    assert_eq!(received.header("authorization"), format!("Bearer {BACKEND_KEY}"));
    let known = [
        "accept",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "user-agent",
        "x-request-id",
    ];
    let unknown = received.headers.keys().find(|name| !known.contains(&name.as_str()));
    assert_eq!(unknown, None);
    assert!(!format!("{received:?}").contains(program.credential()));
}

#[tokio::test]
async fn p38_the_backend_works_in_the_clients_trace() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    gateway
        .program()
        .await
        .chat("m")
        .header("traceparent", parent)
        .header("tracestate", "a=1")
        .send()
        .await
        .unwrap();
    let received = provider.request(0).await;
    assert_eq!(
        (received.header("traceparent"), received.header("tracestate")),
        (parent, "a=1")
    );
}

#[tokio::test]
async fn what_is_no_chat_request_never_reaches_a_backend() {
    let provider = Provider::start();
    let limits = proxy::Limits::with_max_body(1000);
    let gateway = Gateway::start_with(|options| local::Options { limits, ..options })
        .await
        .with_model("m", &provider)
        .await;
    let program = gateway.program().await;
    let long = json!({"model": "m", "messages": [{"role": "user", "content": "x".repeat(1000)}]}).to_string();
    let cases = [
        ("not JSON", "{\"model\": \"m\"", 400, "invalid_json", None),
        ("nothing", "", 400, "invalid_json", None),
        (
            "trailing bytes",
            r#"{"model":"m","messages":[{}]} x"#,
            400,
            "invalid_json",
            None,
        ),
        ("no model", r#"{"messages":[{}]}"#, 400, "invalid_value", Some("model")),
        (
            "two models",
            r#"{"model":"m","model":"n","messages":[{}]}"#,
            400,
            "invalid_value",
            Some("model"),
        ),
        (
            "a model that is no text",
            r#"{"model":7,"messages":[{}]}"#,
            400,
            "invalid_value",
            Some("model"),
        ),
        (
            "no messages",
            r#"{"model":"m"}"#,
            400,
            "invalid_value",
            Some("messages"),
        ),
        (
            "n out of range",
            r#"{"model":"m","messages":[{}],"n":9}"#,
            400,
            "invalid_value",
            Some("n"),
        ),
        (
            "stream is no boolean",
            r#"{"model":"m","messages":[{}],"stream":"yes"}"#,
            400,
            "invalid_value",
            Some("stream"),
        ),
        (
            "an unknown model",
            r#"{"model":"M","messages":[{}]}"#,
            404,
            "model_not_found",
            Some("model"),
        ),
        ("a body too large", &long, 413, "request_too_large", None),
    ];
    for (what, body, status, code, param) in cases {
        let request = program
            .post("/v1/chat/completions")
            .header("content-type", "application/json")
            .body(body.to_owned());
        let failed = failure(request).await;
        assert_eq!(
            (failed.status, failed.code(), failed.body["error"]["param"].as_str()),
            (status, code, param),
            "{what}"
        );
    }
    let compressed = program.chat("m").header("content-encoding", "gzip");
    assert_eq!(failure(compressed).await.status, 415);
    let text = program
        .post("/v1/chat/completions")
        .header("content-type", "text/plain")
        .body(ask("m").to_string());
    assert_eq!(failure(text).await.code(), "unsupported_media_type");
    assert!(provider.received().is_empty());
}

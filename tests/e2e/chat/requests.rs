//! Requests: what the backend receives, and what is refused before one is called.

use harness::Gateway;
use harness::client::{BACKEND_KEY, ask};
use harness::provider::{Provider, Reply, openai};
use serde_json::{Value, json};

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
        "accept-encoding",
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

/// A gateway that takes bodies of 1000 bytes.
async fn small_gateway(provider: &Provider) -> Gateway {
    let limits = proxy::Limits::with_max_body(1000);
    let gateway = Gateway::start_with(|options| local::Options { limits, ..options });
    gateway.await.with_model("m", provider).await
}

#[tokio::test]
async fn what_is_no_chat_request_never_reaches_a_backend() {
    let provider = Provider::start();
    let gateway = small_gateway(&provider).await;
    let program = gateway.program().await;
    let (json, value) = ((400, "invalid_json"), (400, "invalid_value"));
    for (body, (status, code), param) in [
        (r#"{"model": "m""#, json, ""),
        ("", json, ""),
        (r#"{"model":"m","messages":[{}]} x"#, json, ""),
        (r#"{"messages":[{}]}"#, value, "model"),
        (r#"{"model":"m","model":"n","messages":[{}]}"#, value, "model"),
        (r#"{"model":7,"messages":[{}]}"#, value, "model"),
        (r#"{"model":"m"}"#, value, "messages"),
        (r#"{"model":"m","messages":[{}],"n":9}"#, value, "n"),
        (r#"{"model":"m","messages":[{}],"stream":"yes"}"#, value, "stream"),
        (r#"{"model":"M","messages":[{}]}"#, (404, "model_not_found"), "model"),
    ] {
        let request = program
            .post("/v1/chat/completions")
            .header("content-type", "application/json");
        let failed = failure(request.body(body)).await;
        assert_eq!((failed.status, failed.code()), (status, code), "{body}");
        let found = failed.body["error"]["param"].as_str();
        assert_eq!(found.unwrap_or_default(), param, "{body}");
    }
    assert!(provider.received().is_empty());
}

#[tokio::test]
async fn a_body_that_is_too_large_or_of_another_type_never_reaches_a_backend() {
    let provider = Provider::start();
    let gateway = small_gateway(&provider).await;
    let program = gateway.program().await;
    let long = json!({"model": "m", "messages": [{"role": "user", "content": "x".repeat(1000)}]});
    let failed = failure(program.post("/v1/chat/completions").json(&long)).await;
    assert_eq!((failed.status, failed.code()), (413, "request_too_large"));
    assert_eq!(failed.body["error"]["param"], Value::Null);
    let compressed = program.chat("m").header("content-encoding", "gzip");
    assert_eq!(failure(compressed).await.status, 415);
    let text = program
        .post("/v1/chat/completions")
        .header("content-type", "text/plain")
        .body(ask("m").to_string());
    assert_eq!(failure(text).await.code(), "unsupported_media_type");
    assert!(provider.received().is_empty());
}

#[tokio::test]
async fn ha10_ha11_the_backend_gets_neither_more_work_nor_another_route_and_the_client_is_told() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let body =
        r#"{"models":["x"],"n_predict":7,"model":"m","messages":[{"role":"user","content":"a"}],"provider":{"a":1}}"#;
    let request = gateway.program().await.post("/v1/chat/completions");
    let answer = request.header("content-type", "application/json").body(body).send();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.headers()["x-translation-warnings"],
        "dropped=models,n_predict,provider"
    );
    assert_eq!(
        provider.request(0).await.body,
        r#"{"max_tokens":7,"model":"provider-model","messages":[{"role":"user","content":"a"}]}"#
    );
}

#[tokio::test]
async fn ha18_an_unknown_models_name_is_not_repeated_at_length() {
    let gateway = Gateway::start().await;
    let failed = failure(gateway.program().await.chat(&"x".repeat(100_000))).await;
    assert_eq!((failed.status, failed.code()), (404, "model_not_found"));
    assert!(failed.body.to_string().len() < 1000);
}

#[tokio::test]
async fn ha20_a_wrong_path_or_query_is_an_error_in_the_routes_dialect() {
    let gateway = Gateway::start().await;
    let program = gateway.program().await;
    for (path, status) in [("/v1/models?limit=many", 400), ("/v1/models/%FF", 404)] {
        let failed = failure(program.get(path)).await;
        assert_eq!(failed.status, status, "{path}");
        assert!(failed.body["error"]["message"].is_string(), "{path}");
    }
}

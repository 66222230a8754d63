//! Claude in Vertex AI: Messages in Google's envelope.

use harness::Gateway;
use harness::client::{Client, data, message, status};
use harness::provider::{Provider, Reply, anthropic};
use serde_json::{Value, json};

use super::refused;

const LOCATION: &str = "/v1/projects/p/locations/global";
const MODELS: &str = "/v1/projects/p/locations/global/publishers/anthropic/models";

async fn gateway(vertex: &Provider) -> Gateway {
    let gateway = Gateway::start().await;
    let entry = json!({
        "base_url": format!("{}{LOCATION}", vertex.base_url()), "protocol": "anthropic_vertex",
        "preset": "vertex_claude", "model_name": "claude-opus-5@20261101",
    });
    gateway.admin().create_model_with("m", vertex, &entry).await;
    gateway
}

/// The request that Vertex got for a streamed question.
async fn streamed(program: &Client, vertex: &Provider, path: &str) -> (String, Value) {
    vertex.will(anthropic::stream(&["Hel", "lo"]));
    let request = if path == "/v1/messages" {
        let mut body = message("m");
        body["stream"] = json!(true);
        program.post(path).header("anthropic-beta", "a").json(&body)
    } else {
        program.post(path).json(&json!({
            "model": "m", "stream": true, "messages": [{"role": "user", "content": "Hi"}],
        }))
    };
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let body = response.text().await.unwrap();
    assert!(body.contains("Hel") && body.contains("lo"), "{body}");
    let asked = vertex.received().pop().unwrap();
    assert_eq!(asked.header("anthropic-version"), "");
    (asked.path.clone(), asked.json())
}

#[tokio::test]
async fn messages_are_asked_for_in_googles_envelope() {
    let vertex = Provider::start();
    let gateway = gateway(&vertex).await;
    let program = gateway.program().await;
    vertex.will(Reply::json(&anthropic::message("Hello")));
    let asked = data_of(program.post("/v1/messages").json(&message("m"))).await;
    assert_eq!(asked["model"], "m");
    let asked = vertex.received().pop().unwrap();
    assert_eq!(asked.path, format!("{MODELS}/claude-opus-5@20261101:rawPredict"));
    let mut expected = message("m");
    expected.as_object_mut().unwrap().remove("model");
    expected["anthropic_version"] = json!("vertex-2023-10-16");
    assert_eq!(asked.json(), expected);
}

async fn data_of(request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

#[tokio::test]
async fn streams_of_both_dialects_have_their_own_method() {
    let vertex = Provider::start();
    let gateway = gateway(&vertex).await;
    let program = gateway.program().await;
    for path in ["/v1/messages", "/v1/chat/completions"] {
        let (asked, body) = streamed(&program, &vertex, path).await;
        assert_eq!(asked, format!("{MODELS}/claude-opus-5@20261101:streamRawPredict"));
        assert_eq!(
            (&body["stream"], &body["model"]),
            (&json!(true), &Value::Null),
            "{body}"
        );
        assert_eq!(body["anthropic_version"], "vertex-2023-10-16");
    }
    assert_eq!(vertex.received()[0].header("anthropic-beta"), "a");
}

#[tokio::test]
async fn tokens_are_counted_at_a_model_of_that_name() {
    let vertex = Provider::start();
    let gateway = gateway(&vertex).await;
    vertex.will(Reply::json(&json!({"input_tokens": 7})));
    let count = gateway
        .program()
        .await
        .post("/v1/messages/count_tokens")
        .json(&message("m"));
    assert_eq!(data_of(count).await["input_tokens"], 7);
    let asked = vertex.received().pop().unwrap();
    assert_eq!(asked.path, format!("{MODELS}/count-tokens:rawPredict"));
    assert_eq!(asked.json()["model"], "claude-opus-5@20261101");
    assert_eq!(asked.json()["anthropic_version"], "vertex-2023-10-16");
}

#[tokio::test]
async fn a_trial_asks_in_the_same_envelope() {
    let vertex = Provider::start();
    let gateway = gateway(&vertex).await;
    let backends = data(gateway.admin().get("/api/v1/admin/backends"), 200).await;
    vertex.will(Reply::json(&json!({"data": []})));
    vertex.will(Reply::json(&anthropic::message("Hello")));
    let trial = gateway
        .admin()
        .post("/api/v1/admin/backends/test")
        .json(&json!({"id": backends[0]["id"]}));
    assert_eq!(data(trial, 200).await["passed"], true);
    let asked = vertex.received().pop().unwrap();
    assert_eq!(asked.path, format!("{MODELS}/claude-opus-5@20261101:rawPredict"));
    assert_eq!(
        (&asked.json()["model"], &asked.json()["anthropic_version"]),
        (&Value::Null, &json!("vertex-2023-10-16"))
    );
}

#[tokio::test]
async fn an_error_of_google_is_read_in_its_list() {
    let vertex = Provider::start();
    let gateway = gateway(&vertex).await;
    let refusal = json!([{"error": {"code": 400, "message": "max_tokens: too large", "status": "INVALID_ARGUMENT"}}]);
    vertex.will(Reply::error(400, &refusal));
    let response = gateway
        .program()
        .await
        .post("/v1/messages")
        .json(&message("m"))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 400);
    let body = response.text().await.unwrap();
    assert!(body.contains("max_tokens: too large"), "{body}");
}

#[tokio::test]
async fn an_address_in_vertex_ends_in_its_location() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    admin
        .create("/api/v1/admin/models", &json!({"id": "m", "name": "m"}))
        .await;
    let entry = |path: &str| {
        let base_url = format!("https://aiplatform.googleapis.com{path}");
        json!({"name": "b", "base_url": base_url, "model_name": "n", "protocol": "anthropic_vertex"})
    };
    let backends = "/api/v1/admin/models/m/backends";
    for wrong in [
        "",
        "/v1",
        "/v1/projects/p/locations/",
        "/v1/projects/p/locations/global/endpoints/openapi",
    ] {
        let found = refused(admin.post(backends).json(&entry(wrong))).await;
        assert_eq!(found, ("invalid_base_url".to_owned(), "base_url".to_owned()), "{wrong}");
    }
    assert_eq!(status(admin.post(backends).json(&entry(LOCATION))).await, 201);
}

//! What an error looks like to clients, whatever refuses them.

use harness::Gateway;
use harness::client::data;
use harness::provider::{Provider, Reply, openai};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

/// An answer that is an error.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Failure {
    /// The code of an `OpenAI` or a management error, the type of an Anthropic one.
    pub(crate) fn code(&self) -> &str {
        let name = if self.body["type"] == "error" { "type" } else { "code" };
        self.body["error"][name].as_str().unwrap_or_default()
    }
}

/// Sends a request and returns the error that it gets. Panics if the response is none, is not JSON or has no request
/// id.
pub(crate) async fn failure(request: RequestBuilder) -> Failure {
    failure_of(request.send().await.unwrap()).await
}

/// A response as an error, on the same terms as [`failure`].
pub(crate) async fn failure_of(response: Response) -> Failure {
    let status = response.status().as_u16();
    let header = |name: &str| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let (retry_after, content_type, request_id) =
        (header("retry-after"), header("content-type"), header("x-request-id"));
    let text = response.text().await.unwrap();
    assert!(status >= 400, "{status} {text}");
    assert_eq!(content_type.as_deref(), Some("application/json"), "{text}");
    assert!(request_id.is_some(), "{text}");
    Failure {
        status,
        retry_after,
        body: serde_json::from_str(&text).unwrap(),
    }
}

#[tokio::test]
async fn p19_a_key_for_one_model_does_not_open_another() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start()
        .await
        .with_model("mine", &provider)
        .await
        .with_model("other", &provider)
        .await;
    let created = gateway
        .admin()
        .post("/api/v1/user/keys")
        .json(&json!({"name": "narrow", "models": ["mine"]}));
    let program = gateway
        .anybody()
        .with(data(created, 201).await["key"].as_str().unwrap());
    assert_eq!(program.chat("mine").send().await.unwrap().status(), 200);
    let forbidden = failure(program.chat("other")).await;
    let unknown = failure(program.chat("unknown")).await;
    assert_eq!(
        forbidden.body.to_string().replace("other", "unknown"),
        unknown.body.to_string()
    );
    assert_eq!(failure(program.get("/v1/models/other")).await.code(), "model_not_found");
    let models: Value = program.get("/v1/models").send().await.unwrap().json().await.unwrap();
    assert_eq!(models["data"].as_array().unwrap().len(), 1);
    assert_eq!(models["data"][0]["id"], "mine");
}

#[tokio::test]
async fn p28_management_refuses_what_it_does_not_know_and_names_the_field() {
    const KEYS: &str = "/api/v1/user/keys";
    const MODELS: &str = "/api/v1/admin/models";
    const BACKENDS: &str = "/api/v1/admin/models/m/backends";
    let gateway = Gateway::start().await.with_model("m", &Provider::start()).await;
    let backend = |field: &str, value: Value| {
        let mut backend = json!({"name": "b", "base_url": "http://127.0.0.1:1", "model_name": "x"});
        backend[field] = value;
        backend
    };
    let key = |member: &str, value: Value| json!({"name": "a", member: value});
    for (path, body, field) in [
        (KEYS, key("nmae", json!("b")), "nmae"),
        (KEYS, key("name", json!("a\u{202E}b")), "name"),
        (KEYS, key("models", json!(["unknown"])), "models"),
        (KEYS, key("expires_at", json!("2020-01-01T00:00:00Z")), "expires_at"),
        (KEYS, key("expires_at", json!("soon")), "expires_at"),
        (MODELS, json!({"id": "a b", "name": "a"}), "id"),
        (MODELS, json!({"id": "a", "name": 7}), "name"),
        (
            BACKENDS,
            backend("base_url", json!("http://169.254.169.254/")),
            "base_url",
        ),
        (BACKENDS, backend("weight", json!(1001)), "weight"),
        (BACKENDS, backend("headers", json!({"Host": "x"})), "headers"),
    ] {
        let failed = failure(gateway.admin().post(path).json(&body)).await;
        let is_address = field == "base_url";
        assert_eq!(
            failed.code(),
            if is_address {
                "invalid_base_url"
            } else {
                "invalid_value"
            },
            "{path} {body}"
        );
        assert_eq!(failed.status, 400, "{path} {body}: {}", failed.body);
        assert_eq!(failed.body["error"]["field"], field, "{path} {body}: {}", failed.body);
    }
}

#[tokio::test]
async fn p28_a_body_that_is_incomplete_or_too_large_is_refused() {
    let gateway = Gateway::start().await;
    let incomplete = gateway.post("/api/v1/auth/login").json(&json!({"email": "a@b.c"}));
    let failed = failure(incomplete).await;
    assert_eq!(
        (failed.status, failed.code()),
        (400, "invalid_value"),
        "{}",
        failed.body
    );
    let large = json!({"name": "x".repeat(70_000)});
    let failed = failure(gateway.admin().post("/api/v1/user/keys").json(&large)).await;
    assert_eq!((failed.status, failed.code()), (413, "request_too_large"));
}

#[tokio::test]
async fn p24_what_is_not_there_is_told_in_the_shape_of_its_neighbours() {
    let gateway = Gateway::start().await;
    let anybody = gateway.anybody();
    for (path, pointer) in [
        ("/v1/unknown", "/error/type"),
        ("/api/v1/unknown", "/error/request_id"),
        ("/v1/messages/x", "/request_id"),
    ] {
        let failed = failure(anybody.get(path)).await;
        assert_eq!(failed.status, 404, "{path}");
        assert!(failed.body.pointer(pointer).is_some(), "{path}: {}", failed.body);
    }
    let failed = failure(anybody.delete("/v1/models")).await;
    assert_eq!((failed.status, failed.code()), (405, "method_not_allowed"));
}

//! What bodies look like: objects are objects, at every depth, and messages about them are short.

use harness::Gateway;
use harness::client::{ask, data, refusal};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

#[tokio::test]
async fn ha17_an_array_in_the_place_of_an_object_is_refused_everywhere() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let text =
        |request: RequestBuilder, body: &str| request.header("content-type", "application/json").body(body.to_owned());
    for (request, body) in [
        (
            gateway.post("/api/v1/auth/login"),
            r#"["a@example.com", "some password"]"#,
        ),
        (
            gateway.post("/api/v1/auth/register"),
            r#"["a@example.com", "some password", "A"]"#,
        ),
        (admin.put("/api/v1/user/profile"), r#"["A", null]"#),
        (admin.post("/api/v1/user/keys"), r#"["a key", null, null]"#),
        (admin.put("/api/v1/admin/settings"), "[true]"),
        (admin.post("/api/v1/admin/policies"), r#"{"name": "p", "hours": ["x"]}"#),
        (
            admin.post("/api/v1/admin/models"),
            r#"{"id": "m", "name": "m", "model_params": {"extra": {"a": 1, "a": 2}}}"#,
        ),
        (
            admin.post("/api/v1/admin/models"),
            r#"{"id": "m", "name": "m", "model_params": {"top_p": 1, "top_p": 0}}"#,
        ),
    ] {
        assert_eq!(refusal(text(request, body), 400).await, "invalid_value", "{body}");
    }
}

#[tokio::test]
async fn ha18_errors_repeat_the_beginning_of_long_names_only() {
    let gateway = Gateway::start().await;
    let program = gateway.program().await;
    let name = "m".repeat(10_000);
    let answer = program
        .post("/v1/chat/completions")
        .json(&ask(&name))
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_client_error());
    assert!(answer.text().await.unwrap().len() < 1000);
    let unknown = gateway.admin().put("/api/v1/admin/settings").json(&json!({&name: 1}));
    let answer: Value = unknown.send().await.unwrap().json().await.unwrap();
    assert!(answer.to_string().len() < 1000, "{answer}");
}

#[tokio::test]
async fn ha2_a_backends_key_is_one_word() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    data(
        admin
            .post("/api/v1/admin/models")
            .json(&json!({"id": "m", "name": "m"})),
        201,
    )
    .await;
    let backend = |key: Value| {
        let body = json!({"name": "b", "base_url": "https://api.example.com", "model_name": "m", "api_key": key});
        admin.post("/api/v1/admin/models/m/backends").json(&body)
    };
    for wrong in [
        "",
        " ",
        "Bearer sk-123",
        " sk-123",
        "sk-123 ",
        "sk-\n123",
        "sk-123\r\n",
        "sk-\u{0}",
        "sk-schlüssel",
        "sk 123",
    ] {
        let response = backend(json!(wrong)).send().await.unwrap();
        assert_eq!(response.status(), 400, "{wrong:?}");
        let body = response.text().await.unwrap();
        assert!(
            body.contains("api_key") && (wrong.len() < 5 || !body.contains(wrong.trim())),
            "{body}"
        );
    }
    data(backend(json!("sk-123")), 201).await;
}

//! The settings, and what they change.

use harness::Gateway;
use harness::client::{data, refusal};
use reqwest::{Method, Response};
use serde_json::{Value, json};

const SETTINGS: &str = "/api/v1/admin/settings";
const PAGE: &str = "https://console.example.com";
const ALLOWED_ORIGIN: &str = "access-control-allow-origin";

#[tokio::test]
async fn settings_change_field_by_field() {
    let gateway = Gateway::start().await;
    let untouched = data(gateway.admin().get(SETTINGS), 200).await;
    assert_eq!(
        (
            &untouched["registration_enabled"],
            &untouched["default_model"],
            &untouched["version"]
        ),
        (&json!(true), &Value::Null, &json!(0))
    );
    let change = |body: Value| gateway.admin().put(SETTINGS).json(&body);
    let changed = data(change(json!({"log_retention_days": 7})), 200).await;
    assert_eq!(
        (
            &changed["log_retention_days"],
            &changed["registration_enabled"],
            &changed["version"]
        ),
        (&json!(7), &json!(true), &json!(1))
    );
    assert_eq!(data(gateway.admin().get(SETTINGS), 200).await, changed);
    assert_eq!(
        refusal(change(json!({"log_retention_days": 8, "version": 0})), 409).await,
        "version_conflict"
    );
    for bad in [
        json!({"log_retention_days": 0}),
        json!({"log_retention_days": "7"}),
        json!({"default_model": "nothing"}),
        json!({"cors_origins": ["*"]}),
        json!({"password_policy": "none"}),
        json!({"colour": "blue"}),
    ] {
        assert_eq!(refusal(change(bad.clone()), 400).await, "invalid_value", "{bad}");
    }
}

/// What a browser asks before a page of `origin` may sign in.
async fn preflight(gateway: &Gateway, origin: &str) -> Response {
    let request = gateway.anybody().request(Method::OPTIONS, "/api/v1/auth/login");
    let request = request
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    request.send().await.unwrap()
}

#[tokio::test]
async fn p31_no_page_may_call_from_a_browser_by_default() {
    let gateway = Gateway::start().await;
    let before = preflight(&gateway, PAGE).await;
    assert_eq!(before.status(), 405);
    assert!(!before.headers().contains_key(ALLOWED_ORIGIN));
}

#[tokio::test]
async fn p31_only_pages_of_the_settings_may_call_from_a_browser() {
    let gateway = Gateway::start().await;
    gateway.admin().change(SETTINGS, &json!({"cors_origins": [PAGE]})).await;
    let allowed = preflight(&gateway, PAGE).await;
    assert_eq!(allowed.status(), 204);
    assert_eq!(allowed.headers()[ALLOWED_ORIGIN], PAGE);
    assert!(!allowed.headers().contains_key("access-control-allow-credentials"));
    for other in [
        "https://console.example.com.evil.example",
        "https://evil.example",
        "http://console.example.com",
        "null",
    ] {
        let answered = preflight(&gateway, other).await;
        assert!(!answered.headers().contains_key(ALLOWED_ORIGIN), "{other}");
    }
    let profile = gateway.anybody().get("/api/v1/user/profile").header("origin", PAGE);
    let answered = profile.send().await.unwrap();
    assert_eq!(answered.status(), 401);
    assert_eq!(answered.headers()[ALLOWED_ORIGIN], PAGE);
    assert_eq!(answered.headers()["vary"], "origin");
}

//! The settings, and what they change.

use harness::Gateway;
use harness::client::{data, refusal};
use reqwest::Method;
use serde_json::{Value, json};

const SETTINGS: &str = "/api/v1/admin/settings";
const PAGE: &str = "https://console.example.com";

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

#[tokio::test]
async fn p31_only_pages_of_the_settings_may_call_from_a_browser() {
    let gateway = Gateway::start().await;
    let preflight = |origin: &str| {
        let request = gateway
            .anybody()
            .request(Method::OPTIONS, "/api/v1/auth/login")
            .header("origin", origin);
        request
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
            .send()
    };
    let before = preflight(PAGE).await.unwrap();
    assert_eq!(before.status(), 405);
    assert!(
        !before.headers().contains_key("access-control-allow-origin"),
        "off by default"
    );

    data(
        gateway.admin().put(SETTINGS).json(&json!({"cors_origins": [PAGE]})),
        200,
    )
    .await;
    let allowed = preflight(PAGE).await.unwrap();
    assert_eq!(allowed.status(), 204);
    assert_eq!(allowed.headers()["access-control-allow-origin"], PAGE);
    assert!(!allowed.headers().contains_key("access-control-allow-credentials"));
    for other in [
        "https://console.example.com.evil.example",
        "https://evil.example",
        "http://console.example.com",
        "null",
    ] {
        assert!(
            !preflight(other)
                .await
                .unwrap()
                .headers()
                .contains_key("access-control-allow-origin"),
            "{other}"
        );
    }
    let answer = gateway
        .anybody()
        .get("/api/v1/user/profile")
        .header("origin", PAGE)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            answer.status().as_u16(),
            &answer.headers()["access-control-allow-origin"]
        ),
        (401, &PAGE.parse().unwrap())
    );
    assert_eq!(answer.headers()["vary"], "origin");
}

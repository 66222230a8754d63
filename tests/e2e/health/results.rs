//! The result of a check, which names a coarse reason and nothing of the backend.

use std::time::Duration;

use domain::models::BackendId;
use domain::models::health::FailureClass;
use harness::client::{BACKEND_KEY, data, pick};
use harness::provider::{Provider, Reply};
use harness::tls::TlsBackend;
use health::App;
use serde_json::json;
use service::outbound::{Authorities, Outbound};
use service::resources::Resources;
use service::secrets::{MemorySecrets, Secrets};

use super::{check, gateway};

#[tokio::test]
async fn p37_a_check_tells_a_coarse_reason_and_never_what_the_backend_said_or_where_it_is() {
    let canary = |status| Reply::error(status, &json!({"error": "canary"})).header("x-canary", "canary");
    let provider = Provider::start();
    let gateway = gateway(json!({"base_url": provider.base_url(), "api_key": BACKEND_KEY})).await;
    for (reply, expected) in [
        (canary(200), json!([true, 200, null])),
        (canary(401), json!([true, 401, "credentials"])),
        (canary(503), json!([false, 503, "status"])),
        (
            Reply::redirect("http://127.0.0.1:1/canary"),
            json!([true, 307, "status"]),
        ),
        (Reply::raw("canary\r\n\r\n").close(), json!([false, null, "connect"])),
        (Reply::raw("").reset(), json!([false, null, "connect"])),
    ] {
        provider.will(reply);
        let found = check(gateway.admin()).await;
        assert_eq!(pick(&found, ["healthy", "status", "error"]), expected, "{found}");
        let known = ["healthy", "latency_ms", "status", "error", "last_check_at"];
        let mut members = found.as_object().unwrap().keys();
        assert!(members.all(|member| known.contains(&member.as_str())), "{found}");
        assert!(
            found["latency_ms"].is_u64() && found["last_check_at"].is_string(),
            "{found}"
        );
        let text = found.to_string();
        assert!(!text.contains("canary") && !text.contains("127.0.0.1"), "{text}");
    }
}

#[tokio::test]
async fn p37_a_backend_without_a_connection_has_a_reason_too() {
    let mut gone = Provider::start();
    gone.kill();
    let tls = TlsBackend::start(&["http/1.1"], &json!({}));
    for (base_url, reason) in [
        (gone.base_url(), "connect"),
        (tls.base_url(), "tls"),
        ("http://name.invalid".to_owned(), "dns"),
    ] {
        let gateway = gateway(json!({"base_url": base_url})).await;
        let found = check(gateway.admin()).await;
        assert_eq!(
            (&found["healthy"], &found["error"]),
            (&json!(false), &json!(reason)),
            "{found}"
        );
    }
}

#[tokio::test]
async fn p37_silence_a_forbidden_address_and_a_missing_key_are_reasons() {
    let provider = Provider::always(Reply::silence());
    let gateway = gateway(json!({"base_url": provider.base_url()})).await;
    let id = BackendId::parse("b").unwrap();
    let found = async |networks: &str| {
        let outbound = Outbound::new(networks.parse().unwrap(), &Authorities::default()).unwrap();
        let app = App::new(
            Resources::new(
                gateway.local().store().await.unwrap(),
                Secrets::Memory(MemorySecrets::default()),
            ),
            outbound,
        );
        health::check_one(&app.with_timeout(Duration::from_millis(50)), &id)
            .await
            .unwrap()
            .unwrap()
            .error
    };
    assert_eq!(found("127.0.0.0/8").await, Some(FailureClass::Timeout));
    assert_eq!(found("").await, Some(FailureClass::ForbiddenAddress));
    let keyed = gateway
        .admin()
        .put("/api/v1/admin/backends/b")
        .json(&json!({"api_key": BACKEND_KEY}));
    data(keyed, 200).await;
    assert_eq!(found("127.0.0.0/8").await, Some(FailureClass::Secret));
    assert_eq!(provider.received().len(), 1);
}

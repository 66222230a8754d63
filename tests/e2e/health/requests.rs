//! The requests that a check sends, and who may start one.

use harness::ADMIN_EMAIL;
use harness::client::{BACKEND_KEY, data, refusal};
use harness::provider::{Provider, Received, Reply};
use serde_json::{Value, json};

use super::{check, gateway, well};

#[tokio::test]
async fn a_backend_is_asked_for_its_models_or_at_health_or_where_the_operator_says() {
    let provider = Provider::start();
    let error = |status| Reply::error(status, &json!({}));
    let both = ["/v1/models", "/health"].as_slice();
    for (health_path, replies, healthy, paths) in [
        (Value::Null, vec![well()], true, ["/v1/models"].as_slice()),
        (Value::Null, vec![error(404), well()], true, both),
        (Value::Null, vec![error(405), error(503)], false, both),
        (Value::Null, vec![error(404), error(404)], true, both),
        (json!("/ready"), vec![well()], true, ["/ready"].as_slice()),
        (json!("/ready"), vec![error(404)], true, ["/ready"].as_slice()),
    ] {
        let before = provider.received().len();
        for reply in replies {
            provider.will(reply);
        }
        let gateway = gateway(json!({"base_url": provider.base_url(), "health_path": health_path})).await;
        assert_eq!(check(gateway.admin()).await["healthy"], healthy, "{paths:?}");
        let asked = &provider.received()[before..];
        let asked_paths: Vec<_> = asked.iter().map(|request| request.path.as_str()).collect();
        assert_eq!(asked_paths, paths);
        let is_free = |request: &Received| request.method == "GET" && request.body.is_empty();
        assert!(asked.iter().all(is_free), "nothing that costs");
    }
}

#[tokio::test]
async fn a_check_shows_each_protocol_its_key_and_the_configured_headers() {
    let provider = Provider::always(well());
    let headers = json!({"x-organization": "us"});
    for (protocol, key, version) in [
        ("openai", "authorization", ""),
        ("responses", "authorization", ""),
        ("anthropic", "x-api-key", "2023-06-01"),
    ] {
        let members =
            json!({"base_url": provider.base_url(), "protocol": protocol, "api_key": BACKEND_KEY, "headers": headers});
        check(gateway(members).await.admin()).await;
        let asked = provider.received().pop().unwrap();
        assert!(asked.header(key).ends_with(BACKEND_KEY), "{asked:?}");
        assert_eq!(
            (asked.header("anthropic-version"), asked.header("x-organization")),
            (version, "us")
        );
        assert_eq!(asked.headers.get("authorization").is_some(), protocol != "anthropic");
    }
}

#[tokio::test]
async fn p60_a_check_by_hand_is_for_administrators_and_leaves_an_entry() {
    let provider = Provider::always(well());
    let gateway = gateway(json!({"base_url": provider.base_url()})).await;
    let admin = gateway.admin();
    for role in ["user", "manager"] {
        let fields = json!({"role": role, "department": "d"});
        let person = admin.create_person(&format!("{role}@example.com"), fields).await;
        assert_eq!(
            refusal(person.post("/api/v1/admin/backends/b/health"), 403).await,
            "forbidden"
        );
    }
    assert_eq!(
        refusal(admin.post("/api/v1/admin/backends/none/health"), 404).await,
        "not_found"
    );
    assert!(provider.received().is_empty());
    check(admin).await;
    let entries = data(admin.get("/api/v1/admin/audit?action=backend.check"), 200).await;
    assert_eq!(entries.as_array().unwrap().len(), 1, "{entries}");
    assert_eq!(entries[0]["target"], "b");
    let me = admin.profile().await;
    assert_eq!((&entries[0]["actor"], &me["email"]), (&me["id"], &json!(ADMIN_EMAIL)));
}

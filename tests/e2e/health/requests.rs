//! The requests that a check sends, and who may start one.

use harness::ADMIN_EMAIL;
use harness::client::{BACKEND_KEY, data, refusal};
use harness::provider::{Provider, Reply};
use serde_json::json;

use super::{check, gateway, well};

#[tokio::test]
async fn a_backend_is_asked_for_its_models_or_at_health_or_where_the_operator_says() {
    let provider = Provider::start();
    let not_there = || Reply::error(404, &json!({}));
    for (members, replies, healthy, paths) in [
        (json!({}), vec![well()], true, vec!["/v1/models"]),
        (
            json!({}),
            vec![not_there(), well()],
            true,
            vec!["/v1/models", "/health"],
        ),
        (
            json!({}),
            vec![Reply::error(405, &json!({})), Reply::error(503, &json!({}))],
            false,
            vec!["/v1/models", "/health"],
        ),
        (
            json!({}),
            vec![not_there(), not_there()],
            true,
            vec!["/v1/models", "/health"],
        ),
        (json!({"health_path": "/ready"}), vec![well()], true, vec!["/ready"]),
        (
            json!({"health_path": "/ready"}),
            vec![not_there()],
            false,
            vec!["/ready"],
        ),
    ] {
        let before = provider.received().len();
        for reply in replies {
            provider.will(reply);
        }
        let mut members = members;
        members["base_url"] = provider.base_url().into();
        let gateway = gateway(members).await;
        assert_eq!(check(gateway.admin()).await["healthy"], healthy, "{paths:?}");
        let asked = &provider.received()[before..];
        assert_eq!(
            asked.iter().map(|request| request.path.as_str()).collect::<Vec<_>>(),
            paths
        );
        assert!(
            asked
                .iter()
                .all(|request| request.method == "GET" && request.body.is_empty()),
            "nothing that costs"
        );
    }
}

#[tokio::test]
async fn a_check_shows_each_protocol_its_key_and_the_configured_headers() {
    let provider = Provider::always(well());
    let headers = json!({"x-organization": "us"});
    for (protocol, key, version) in [
        ("openai", "authorization", ""),
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
        assert_eq!(asked.headers.get("authorization").is_some(), protocol == "openai");
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

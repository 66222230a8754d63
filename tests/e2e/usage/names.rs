//! The names beside ids, and the words by which people and keys are found.

use harness::Gateway;
use harness::client::{Client, data};
use harness::provider::{Provider, Reply, openai};
use serde_json::{Value, json};

use super::answer;

/// A gateway where one request of a person has been served; the key's object.
async fn served(provider: &Provider) -> (Gateway, Client, Value) {
    let gateway = Gateway::start().await;
    gateway
        .admin()
        .create_model_with("m", provider, &json!({"id": "b", "name": "Rack 7"}))
        .await;
    let person = gateway
        .admin()
        .create_person("ann@example.com", json!({"name": "Ann", "department": "sales"}))
        .await;
    let key = data(person.post("/api/v1/user/keys").json(&json!({"name": "laptop"})), 201).await;
    let program = person.with(key["key"].as_str().unwrap());
    chat(&program).await;
    gateway.local().write_usage().await;
    (gateway, person, key)
}

async fn chat(program: &Client) {
    assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
}

fn provider() -> Provider {
    Provider::always(Reply::json(&openai::completion("Hi")))
}

#[tokio::test]
async fn g6_ids_of_a_page_have_names() {
    let provider = provider();
    let (gateway, person, key) = served(&provider).await;
    let user = person.id().await;
    let key_id = key["id"].as_str().unwrap();
    let ann = json!({"name": "Ann", "email": "ann@example.com"});
    let laptop = json!({"name": "laptop", "prefix": key["key_prefix"]});
    let log = answer(gateway.admin(), "/api/v1/admin/logs", 200).await;
    assert_eq!(
        log["names"],
        json!({&user: ann, key_id: laptop, "b": {"name": "Rack 7"}})
    );
    for (by, names) in [
        ("user", json!({&user: ann})),
        ("key", json!({key_id: laptop})),
        ("backend,day", json!({"b": {"name": "Rack 7"}})),
        ("model", json!({})),
    ] {
        let report = answer(gateway.admin(), &format!("/api/v1/admin/usage?group_by={by}"), 200).await;
        assert_eq!(report["names"], names, "{by}");
    }
    let own = answer(&person, "/api/v1/user/logs", 200).await;
    assert_eq!(
        own["names"],
        json!({&user: ann, key_id: laptop}),
        "the backend is nobody's business"
    );
    let audit = answer(
        gateway.admin(),
        &format!("/api/v1/admin/audit?target={user}&action=user.create"),
        200,
    )
    .await;
    let admin = gateway.admin().profile().await;
    let of_admin = json!({"name": admin["name"], "email": admin["email"]});
    assert_eq!(
        audit["names"],
        json!({&user: ann, admin["id"].as_str().unwrap(): of_admin})
    );
}

#[tokio::test]
async fn g6_the_audit_trail_names_those_whose_limits_were_changed() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let person = admin.create_person("ann@example.com", json!({"name": "Ann"})).await;
    let user = person.profile().await["id"].as_str().unwrap().to_owned();
    let reset = json!({"limits": ["token_quota_daily"]});
    let path = format!("/api/v1/admin/users/{user}/quota/reset");
    data(admin.post(&path).json(&reset), 200).await;
    let audit = answer(admin, "/api/v1/admin/audit?action=quota.reset", 200).await;
    assert_eq!(
        audit["names"][&user],
        json!({"name": "Ann", "email": "ann@example.com"})
    );
}

#[tokio::test]
async fn op6_people_are_found_by_their_addresses_and_keys_by_their_beginnings() {
    let provider = provider();
    let (gateway, person, key) = served(&provider).await;
    let prefix = key["key_prefix"].as_str().unwrap();
    let admin = gateway.admin();
    let count = async |path: &str| answer(admin, path, 200).await["data"].as_array().unwrap().len();
    for list in ["usage", "logs"] {
        for (filter, found) in [
            ("user=ann@example.com".to_owned(), 1),
            ("user=ANN@example.com".to_owned(), 1),
            ("user=bob@example.com".to_owned(), 0),
            (format!("key={prefix}"), 1),
            (format!("key={}", &prefix[..6]), 1),
            ("key=sk-other".to_owned(), 0),
        ] {
            assert_eq!(
                count(&format!("/api/v1/admin/{list}?{filter}")).await,
                found,
                "{list}?{filter}"
            );
        }
        let wrong = answer(admin, &format!("/api/v1/admin/{list}?user=@"), 400).await;
        assert_eq!(wrong["error"]["field"], "user");
    }
    assert!(count("/api/v1/admin/audit?actor=Ann@example.com").await > 0);
    assert!(count("/api/v1/admin/audit?target=ann@example.com&from=2026-01-01").await > 0);
    assert_eq!(count("/api/v1/admin/audit?actor=bob@example.com").await, 0);

    let id = person.id().await;
    delete(admin, &id).await;
    let entry = answer(admin, "/api/v1/admin/logs?user=ann@example.com", 200).await["data"][0].take();
    assert_eq!(
        (&entry["user_name"], &entry["user_email"]),
        (&json!("Ann"), &json!("ann@example.com")),
        "as they were"
    );
}

async fn delete(admin: &Client, id: &str) {
    let deleted = admin.delete(&format!("/api/v1/admin/users/{id}")).send().await.unwrap();
    assert_eq!(deleted.status(), 200);
}

#[tokio::test]
async fn p39_a_manager_learns_nothing_of_addresses_of_others() {
    let provider = provider();
    let (gateway, _, _) = served(&provider).await;
    let manager = gateway
        .admin()
        .create_person("max@example.com", json!({"role": "manager", "department": "legal"}))
        .await;
    for list in ["usage", "logs"] {
        for address in ["ann@example.com", "nobody@example.com"] {
            let found = answer(&manager, &format!("/api/v1/admin/{list}?user={address}"), 200).await;
            assert_eq!(
                (&found["data"], &found["names"]),
                (&json!([]), &json!({})),
                "{list} {address}"
            );
        }
    }
}

//! Changing and deleting a user.

use futures_util::future::join_all;
use harness::client::{PASSWORD, data, pick, refusal, status};
use harness::{ADMIN_EMAIL, Gateway};
use serde_json::{Value, json};

use super::{create, path};

#[tokio::test]
async fn p56_keys_die_with_their_owner_and_stay_dead_when_the_address_returns() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let account = path(&person.profile().await);
    let program = person.create_key().await;
    let listed = data(person.get("/api/v1/user/keys"), 200).await;
    assert_eq!(program.get("/v1/models").send().await.unwrap().status(), 200);
    assert_eq!(gateway.admin().delete(&account).send().await.unwrap().status(), 200);
    assert_eq!(program.get("/v1/models").send().await.unwrap().status(), 401);
    assert_eq!(refusal(gateway.admin().delete(&account), 404).await, "not_found");
    assert_eq!(
        refusal(gateway.admin().put(&account).json(&json!({"name": "x"})), 404).await,
        "not_found"
    );

    let returned = gateway.admin().create_person("a@example.com", json!({})).await;
    assert_eq!(data(returned.get("/api/v1/user/keys"), 200).await, json!([]));
    assert_eq!(program.get("/v1/models").send().await.unwrap().status(), 401);
    assert_eq!(
        refusal(person.get("/api/v1/user/profile"), 401).await,
        "unauthorized",
        "old tokens neither"
    );
    let old = format!("/api/v1/user/keys/{}", listed[0]["id"].as_str().unwrap());
    assert_eq!(refusal(returned.delete(&old), 404).await, "not_found");
}

#[tokio::test]
async fn p55_a_change_names_only_what_it_changes_and_may_name_the_version() {
    let gateway = Gateway::start().await;
    let user = create(gateway.admin(), "a@example.com", json!({"department": "sales"})).await;
    let change = |body: Value| gateway.admin().put(&path(&user)).json(&body);
    let changed = data(change(json!({"name": "B", "version": 1})), 200).await;
    assert_eq!(
        pick(&changed, ["name", "department", "version"]),
        json!(["B", "sales", 2])
    );
    let stale = change(json!({"name": "C", "version": 1}));
    assert_eq!(refusal(stale, 409).await, "version_conflict");
    let changed = data(change(json!({"department": null})), 200).await;
    assert_eq!(changed["department"], Value::Null);
    for bad in [
        json!({"role": "king"}),
        json!({"status": "gone"}),
        json!({"quota_policy": "gold"}),
        json!({"email": "x"}),
        json!({"session": 1}),
    ] {
        assert_eq!(refusal(change(bad.clone()), 400).await, "invalid_value", "{bad}");
    }
}

#[tokio::test]
async fn p55_changes_at_the_same_moment_succeed_or_conflict() {
    let gateway = Gateway::start().await;
    let user = create(gateway.admin(), "a@example.com", json!({})).await;
    let change = |number| {
        gateway
            .admin()
            .put(&path(&user))
            .json(&json!({"name": format!("N{number}")}))
    };
    let statuses = join_all((0..8).map(|number| status(change(number)))).await;
    assert!(statuses.contains(&200), "{statuses:?}");
    assert!(
        statuses.iter().all(|status| [200, 409].contains(status)),
        "{statuses:?}"
    );
}

#[tokio::test]
async fn p54_an_address_moves_with_its_account() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("old@example.com", json!({})).await;
    let account = path(&person.profile().await);
    assert_eq!(
        refusal(gateway.admin().put(&account).json(&json!({"email": ADMIN_EMAIL})), 409).await,
        "conflict"
    );
    data(
        gateway.admin().put(&account).json(&json!({"email": "New@example.com"})),
        200,
    )
    .await;
    gateway
        .anybody()
        .signed_in("new@example.com", PASSWORD)
        .await
        .profile()
        .await;
    let old = gateway
        .post("/api/v1/auth/login")
        .json(&json!({"email": "old@example.com", "password": PASSWORD}));
    assert_eq!(refusal(old, 401).await, "invalid_credentials");
    create(gateway.admin(), "old@example.com", json!({})).await;
}

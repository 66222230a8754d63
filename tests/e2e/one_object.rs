//! Objects read one by one, as their lists show them.

use harness::Gateway;
use harness::client::{data, refusal};
use harness::provider::Provider;
use serde_json::{Value, json};

#[tokio::test]
async fn g10_one_object_is_shown_as_in_its_list() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("glm", &provider).await;
    let admin = gateway.admin();
    admin.create_policy("team", &json!({"rate_limit": 3})).await;
    admin
        .create_person("a@example.com", json!({"quota_policy": "team"}))
        .await;
    for (list, key) in [
        ("users", "id"),
        ("models", "id"),
        ("backends", "id"),
        ("policies", "name"),
    ] {
        let list = format!("/api/v1/admin/{list}");
        let objects = data(admin.get(&list), 200).await;
        for object in objects.as_array().unwrap() {
            let path = format!("{list}/{}", object[key].as_str().unwrap());
            assert_eq!(data(admin.get(&path), 200).await, *object, "{path}");
        }
        assert_eq!(refusal(admin.get(&format!("{list}/nothing")), 404).await, "not_found");
    }
}

#[tokio::test]
async fn g10_managers_read_the_accounts_of_their_department() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let manager = admin
        .create_person("m@example.com", json!({"role": "manager", "department": "sales"}))
        .await;
    for (department, status) in [("sales", 200), ("law", 404)] {
        let email = format!("{department}@example.com");
        let person = admin.create_person(&email, json!({"department": department})).await;
        let path = person.account_path().await;
        assert_eq!(
            harness::client::status(manager.get(&path)).await,
            status,
            "{department}"
        );
    }
}

#[tokio::test]
async fn g15_a_policy_says_how_many_users_are_under_it() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let policy = json!({"name": "team"});
    assert_eq!(admin.create("/api/v1/admin/policies", &policy).await["users"], 0);
    for email in ["a@example.com", "b@example.com"] {
        admin.create_person(email, json!({"quota_policy": "team"})).await;
    }
    let changed = admin
        .change("/api/v1/admin/policies/team", &json!({"rate_limit": 3}))
        .await;
    assert_eq!(changed["users"], 2);
    let listed = data(admin.get("/api/v1/admin/policies"), 200).await;
    let users: Vec<(&Value, &Value)> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|policy| (&policy["name"], &policy["users"]))
        .collect();
    assert_eq!(users, [(&json!("default"), &Value::Null), (&json!("team"), &json!(2))]);
}

#[tokio::test]
async fn g16_a_login_page_learns_the_version_and_the_rules_for_passwords() {
    let gateway = Gateway::start().await;
    let options = || gateway.anybody().get("/api/v1/auth/options");
    let before = data(options(), 200).await;
    assert_eq!(before["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        (&before["password_policy"], &before["api_url"]),
        (&json!("basic"), &Value::Null)
    );
    let strict = json!({"password_policy": "strict"});
    gateway.admin().change("/api/v1/admin/settings", &strict).await;
    assert_eq!(data(options(), 200).await["password_policy"], "strict");
}

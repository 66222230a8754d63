//! Sessions: what ends them, how they are refreshed, and the profile of who is signed in.

use harness::Gateway;
use harness::client::{PASSWORD, data, refusal};
use serde_json::json;

use super::login;

#[tokio::test]
async fn p8_logging_out_ends_all_sessions() {
    let gateway = Gateway::start().await;
    let first = gateway.admin().create_person("a@example.com", json!({})).await;
    let second = gateway.anybody().signed_in("a@example.com", PASSWORD).await;
    assert_eq!(first.post("/api/v1/auth/logout").send().await.unwrap().status(), 200);
    for ended in [first, second] {
        assert_eq!(refusal(ended.get("/api/v1/user/profile"), 401).await, "unauthorized");
    }
    gateway
        .anybody()
        .signed_in("a@example.com", PASSWORD)
        .await
        .profile()
        .await;
}

#[tokio::test]
async fn p8_a_password_change_needs_the_old_one_and_ends_other_sessions() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let change = |old: &str, new: &str| {
        person
            .put("/api/v1/user/password")
            .json(&json!({"old_password": old, "new_password": new}))
    };
    assert_eq!(
        refusal(change("wrong password", "another password"), 401).await,
        "invalid_credentials"
    );
    assert_eq!(refusal(change(PASSWORD, "short"), 400).await, "weak_password");
    assert_eq!(refusal(change(PASSWORD, "A@example.com"), 400).await, "weak_password");
    let opened = data(change(PASSWORD, "another password"), 200).await;
    assert_eq!(refusal(person.get("/api/v1/user/profile"), 401).await, "unauthorized");
    person.with(opened["token"].as_str().unwrap()).profile().await;
    gateway
        .anybody()
        .signed_in("a@example.com", "another password")
        .await
        .profile()
        .await;
    let old = gateway
        .post("/api/v1/auth/login")
        .json(&login("a@example.com", PASSWORD));
    assert_eq!(refusal(old, 401).await, "invalid_credentials");
}

#[tokio::test]
async fn p8_the_record_decides_about_status_and_role() {
    let gateway = Gateway::start().await;
    let person = gateway
        .admin()
        .create_person("a@example.com", json!({"role": "admin"}))
        .await;
    let path = person.account_path().await;
    data(person.get("/api/v1/admin/users"), 200).await;
    data(gateway.admin().put(&path).json(&json!({"role": "user"})), 200).await;
    assert_eq!(refusal(person.get("/api/v1/user/profile"), 401).await, "unauthorized");
    let person = gateway.anybody().signed_in("a@example.com", PASSWORD).await;
    assert_eq!(refusal(person.get("/api/v1/admin/users"), 403).await, "forbidden");
    data(gateway.admin().put(&path).json(&json!({"role": "manager"})), 200).await;
    data(person.get("/api/v1/admin/users"), 200).await;
    assert_eq!(gateway.admin().delete(&path).send().await.unwrap().status(), 200);
    assert_eq!(refusal(person.get("/api/v1/user/profile"), 401).await, "unauthorized");
}

#[tokio::test]
async fn p7_a_session_is_refreshed_while_it_lasts() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let opened = data(person.post("/api/v1/auth/refresh"), 200).await;
    assert_eq!(opened["user"]["email"], "a@example.com");
    person.with(opened["token"].as_str().unwrap()).profile().await;
    assert_eq!(
        refusal(person.with("not.a.token").post("/api/v1/auth/refresh"), 401).await,
        "unauthorized"
    );
}

#[tokio::test]
async fn a_profile_shows_the_account_and_lets_its_owner_rename_it() {
    let gateway = Gateway::start().await;
    let person = gateway
        .admin()
        .create_person("a@example.com", json!({"department": "research"}))
        .await;
    let profile = person.profile().await;
    assert_eq!(
        (&profile["email"], &profile["department"], &profile["quota_policy"]),
        (&json!("a@example.com"), &json!("research"), &json!("default"))
    );
    let renamed = person
        .put("/api/v1/user/profile")
        .header("if-match", format!("\"{}\"", profile["version"]))
        .json(&json!({"name": "New Name"}));
    assert_eq!(data(renamed, 200).await["name"], "New Name");
    let stale = person
        .put("/api/v1/user/profile")
        .json(&json!({"name": "Newer", "version": profile["version"]}));
    assert_eq!(refusal(stale, 409).await, "version_conflict");
    for field in ["role", "email", "status", "department", "quota_policy"] {
        let attempt = person.put("/api/v1/user/profile").json(&json!({field: "admin"}));
        assert_eq!(refusal(attempt, 400).await, "invalid_value", "{field}");
    }
}

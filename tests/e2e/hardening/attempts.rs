//! Attempts to come in: all count, and refusals that nobody throttles leave no trace (promise 64).

use futures_util::future::join_all;
use harness::Gateway;
use harness::client::{PASSWORD, data, status};
use serde_json::{Value, json};

async fn entries(gateway: &Gateway, action: &str, result: &str) -> usize {
    let path = format!("/api/v1/admin/audit?action={action}&result={result}&limit=200");
    let entries: Value = data(gateway.admin().get(&path), 200).await;
    entries.as_array().unwrap().len()
}

#[tokio::test]
async fn p64_ha7_every_attempt_counts_whatever_is_wrong_with_it() {
    let gateway = Gateway::start().await;
    let pending = json!({"email": "pending@example.com", "password": PASSWORD, "name": "P", "status": "pending"});
    data(gateway.admin().post("/api/v1/admin/users").json(&pending), 201).await;
    for (email, password, code) in [
        ("long@example.com", "x".repeat(200), "invalid_credentials"),
        ("pending@example.com", PASSWORD.to_owned(), "pending_approval"),
    ] {
        let attempts = (0..30).map(|_| {
            let login = gateway
                .post("/api/v1/auth/login")
                .json(&json!({"email": email, "password": password}));
            status(login)
        });
        let statuses = join_all(attempts).await;
        let let_through = statuses.iter().filter(|status| **status != 429).count();
        assert!(let_through <= 10, "{email}: {statuses:?}");
        assert!(entries(&gateway, "session.create", code).await <= 10, "{email}");
    }
}

#[tokio::test]
async fn ha7_registrations_are_throttled_by_address_and_sessions_go_on() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let mut statuses = Vec::new();
    for number in 0..110 {
        // Too short for an account, so that nothing is hashed.
        let body = json!({"email": format!("n{number}@example.com"), "password": "short", "name": "N"});
        statuses.push(status(gateway.post("/api/v1/auth/register").json(&body)).await);
    }
    assert_eq!(
        statuses.iter().filter(|status| **status == 400).count(),
        100,
        "{statuses:?}"
    );
    assert_eq!(statuses.last(), Some(&429));
    // Logins have limits of their own, and who is in is not throttled at all.
    gateway
        .anybody()
        .signed_in("a@example.com", PASSWORD)
        .await
        .profile()
        .await;
    for _ in 0..20 {
        let wrong = json!({"email": "a@example.com", "password": "wrong password"});
        status(gateway.post("/api/v1/auth/login").json(&wrong)).await;
    }
    data(person.post("/api/v1/auth/refresh"), 200).await;
    assert_eq!(status(person.post("/api/v1/auth/logout")).await, 200);
}

//! Registration: it gives an account nothing until an administrator approves it.

use futures_util::future::join_all;
use harness::client::{data, refusal};
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD, Gateway};
use serde_json::{Value, json};

use super::{id_of, login, register, registration};

#[tokio::test]
async fn p5_who_registers_waits_for_approval() {
    let gateway = Gateway::start().await;
    let answer = register(&gateway, "new@example.com").await;
    assert_eq!(answer.status(), 201);
    assert_eq!(
        answer.json::<Value>().await.unwrap(),
        json!({"message": "注册成功,请等待管理员审核"})
    );
    let attempt = || {
        gateway
            .post("/api/v1/auth/login")
            .json(&login("new@example.com", "password123"))
    };
    assert_eq!(refusal(attempt(), 403).await, "pending_approval");

    let path = format!("/api/v1/admin/users/{}", id_of(&gateway, "new@example.com").await);
    let approved = data(gateway.admin().put(&path).json(&json!({"status": "active"})), 200).await;
    assert_eq!(
        (approved["role"].as_str(), approved["status"].as_str()),
        (Some("user"), Some("active"))
    );
    let opened = data(attempt(), 200).await;
    assert_eq!(opened["user"]["name"], "张三");
    assert!(opened["token"].is_string() && opened["expires_at"].is_string());

    data(gateway.admin().put(&path).json(&json!({"status": "disabled"})), 200).await;
    assert_eq!(refusal(attempt(), 403).await, "account_disabled");
    let wrong = gateway
        .post("/api/v1/auth/login")
        .json(&login("new@example.com", "password124"));
    assert_eq!(refusal(wrong, 401).await, "invalid_credentials");
}

#[tokio::test]
async fn p5_the_servers_fields_are_not_read_from_strangers() {
    let gateway = Gateway::start().await;
    for field in [
        "role",
        "status",
        "department",
        "quota_policy",
        "id",
        "session",
        "password_hash",
    ] {
        let mut body = registration("new@example.com");
        body[field] = "admin".into();
        assert_eq!(
            refusal(gateway.post("/api/v1/auth/register").json(&body), 400).await,
            "invalid_value",
            "{field}"
        );
    }
}

#[tokio::test]
async fn p5_registration_can_be_switched_off() {
    let gateway = Gateway::start().await;
    let off = gateway
        .admin()
        .put("/api/v1/admin/settings")
        .json(&json!({"registration_enabled": false}));
    data(off, 200).await;
    let attempt = gateway
        .post("/api/v1/auth/register")
        .json(&registration("new@example.com"));
    assert_eq!(refusal(attempt, 403).await, "registration_disabled");
    let options = data(gateway.anybody().get("/api/v1/auth/options"), 200).await;
    assert_eq!(
        (&options["registration_enabled"], &options["sso"]),
        (
            &json!(false),
            &json!({"enabled": false, "provider": null, "login_url": null})
        )
    );
}

#[tokio::test]
async fn messages_are_in_the_readers_language() {
    let gateway = Gateway::start().await;
    let request = gateway
        .post("/api/v1/auth/register")
        .header("accept-language", "en-US,en;q=0.9")
        .json(&registration("new@example.com"));
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        answer["message"],
        "Registered. Please wait for an administrator's approval."
    );
}

#[tokio::test]
async fn p3_registration_does_not_tell_who_is_there() {
    let gateway = Gateway::start().await;
    let before = data(gateway.admin().get("/api/v1/admin/users"), 200).await;
    let answer = register(&gateway, " Admin@EXAMPLE.com").await;
    assert_eq!(answer.status(), 201);
    assert_eq!(
        answer.json::<Value>().await.unwrap(),
        json!({"message": "注册成功,请等待管理员审核"})
    );
    assert_eq!(data(gateway.admin().get("/api/v1/admin/users"), 200).await, before);
    data(
        gateway
            .post("/api/v1/auth/login")
            .json(&login(ADMIN_EMAIL, ADMIN_PASSWORD)),
        200,
    )
    .await;
}

#[tokio::test]
async fn p54_of_sixteen_parallel_registrations_of_one_address_one_counts() {
    let gateway = Gateway::start().await;
    let answers = join_all((0..16).map(|_| register(&gateway, "same@example.com"))).await;
    assert!(
        answers
            .iter()
            .all(|answer| [201, 503].contains(&answer.status().as_u16()))
    );
    let found = gateway.admin().get("/api/v1/admin/users?q=same@example.com");
    assert_eq!(data(found, 200).await.as_array().unwrap().len(), 1);

    let body = json!({"email": "made@example.com", "name": "Made", "role": "user"});
    let answers = join_all((0..16).map(|_| gateway.admin().post("/api/v1/admin/users").json(&body).send())).await;
    let mut statuses: Vec<u16> = answers
        .into_iter()
        .map(|answer| answer.unwrap().status().as_u16())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
}

#[tokio::test]
async fn p1_weak_passwords_are_refused_wherever_one_is_set() {
    let gateway = Gateway::start().await;
    for weak in ["1234567", "new@example.com", &"x".repeat(129)] {
        let mut body = registration("new@example.com");
        body["password"] = weak.into();
        assert_eq!(
            refusal(gateway.post("/api/v1/auth/register").json(&body), 400).await,
            "weak_password"
        );
        body["role"] = "user".into();
        assert_eq!(
            refusal(gateway.admin().post("/api/v1/admin/users").json(&body), 400).await,
            "weak_password"
        );
    }
    let strict = gateway
        .admin()
        .put("/api/v1/admin/settings")
        .json(&json!({"password_policy": "strict"}));
    data(strict, 200).await;
    let attempt = gateway
        .post("/api/v1/auth/register")
        .json(&registration("new@example.com"));
    assert_eq!(
        refusal(attempt, 400).await,
        "weak_password",
        "the settings' policy goes over the deployed one"
    );
}

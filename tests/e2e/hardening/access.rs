//! Who asks: one credential, from a page that had to ask first, and rights before existence.

use harness::Gateway;
use harness::client::{data, refusal, status};
use serde_json::json;

#[tokio::test]
async fn ha8_two_keys_in_one_request_are_refused() {
    let gateway = Gateway::start().await;
    let (one, other) = (gateway.program().await, gateway.program().await);
    let models = |keys: &[&str]| {
        let request = gateway.anybody().get("/v1/models");
        status(
            keys.iter()
                .fold(request, |request, key| request.header("x-api-key", *key)),
        )
    };
    assert_eq!(models(&[one.credential()]).await, 200);
    assert_eq!(models(&[one.credential(), other.credential()]).await, 401);
    assert_eq!(models(&[one.credential(), "sk-nothing"]).await, 401);
    assert_eq!(
        status(one.get("/v1/models").header("x-api-key", other.credential())).await,
        401
    );
    let profile = gateway.admin().get("/api/v1/user/profile");
    assert_eq!(status(profile.header("x-api-key", one.credential())).await, 401);
}

#[tokio::test]
async fn p65_ha22_a_body_says_that_it_is_json() {
    let gateway = Gateway::start().await;
    let login = r#"{"email": "a@example.com", "password": "some password"}"#;
    for kind in [
        None,
        Some("text/plain"),
        Some("text/plain; x=application/json"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data"),
        Some("text/csv"),
        Some(""),
    ] {
        let request = gateway.post("/api/v1/auth/login").body(login);
        let request = match kind {
            Some(kind) => request.header("content-type", kind),
            None => request,
        };
        assert_eq!(refusal(request, 415).await, "unsupported_media_type", "{kind:?}");
    }
    // Where no body is expected, none of these is accepted either.
    let logout = gateway
        .admin()
        .post("/api/v1/auth/logout")
        .header("content-type", "text/plain");
    assert_eq!(refusal(logout.body("x"), 415).await, "unsupported_media_type");
    let import = gateway
        .admin()
        .post("/api/v1/admin/users/import")
        .body("email,name\na@example.com,A\n");
    assert_eq!(refusal(import, 415).await, "unsupported_media_type");
    assert_eq!(status(gateway.admin().post("/api/v1/auth/refresh")).await, 200);
}

#[tokio::test]
async fn p67_ha19_managers_learn_nothing_of_policies() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    admin.create_policy("gold", &json!({})).await;
    let manager = admin
        .create_person("m@example.com", json!({"role": "manager", "department": "sales"}))
        .await;
    let person = admin
        .create_person("a@example.com", json!({"department": "sales"}))
        .await;
    let path = person.account_path().await;
    for change in [
        json!({"quota_policy": "gold"}),
        json!({"quota_policy": "silver"}),
        json!({"password": "short"}),
        json!({"password": "a long enough password"}),
        json!({"email": "m@example.com"}),
        json!({"role": "admin"}),
    ] {
        assert_eq!(
            refusal(manager.put(&path).json(&change), 403).await,
            "forbidden",
            "{change}"
        );
    }
    data(manager.put(&path).json(&json!({"status": "disabled"})), 200).await;
}

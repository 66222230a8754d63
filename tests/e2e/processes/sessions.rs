//! What time does: sessions, keys and counts of wrong passwords end, and first starts at the same moment agree.

use auth::bootstrap::{self, FirstAdmin};
use domain::access::password::PasswordPolicy;
use domain::access::session::SigningKeys;
use domain::models::Email;
use harness::dynamo::Dynamo;
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD};
use serde_json::{Value, json};
use service::resources::Resources;
use service::store::Store;

use super::installation::{Installation, PASSWORD, call};

#[tokio::test]
async fn p8_a_new_session_is_good_at_once_where_the_old_account_is_remembered() {
    let installation = Installation::start().await;
    let (_, old, ..) = installation.person("a@example.com").await;
    assert_eq!(installation.own_keys(&old).await, 200);
    assert_eq!(
        call(&installation.auth, "POST /api/v1/auth/logout", &old, Value::Null)
            .await
            .0,
        200
    );
    let new = installation.token("a@example.com", PASSWORD).await;
    assert_eq!(installation.own_keys(&new).await, 200);
    assert_eq!(
        installation.own_keys(&old).await,
        401,
        "the account was read again for the new one"
    );
}

#[tokio::test]
async fn p7_a_session_ends_after_hours_and_for_good_after_30_days() {
    let installation = Installation::start().await;
    let mut token = installation.admin_token().await;
    installation.pass(8 * 3600 + 30);
    assert_eq!(installation.own_keys(&token).await, 401);
    token = installation.admin_token().await;
    for _ in 0..30 * 24 / 6 - 1 {
        installation.pass(6 * 3600);
        let (status, body) = call(&installation.auth, "POST /api/v1/auth/refresh", &token, Value::Null).await;
        assert_eq!(status, 200, "{body}");
        token = body["data"]["token"].as_str().unwrap().to_owned();
    }
    installation.pass(6 * 3600);
    assert_eq!(
        call(&installation.auth, "POST /api/v1/auth/refresh", &token, Value::Null)
            .await
            .0,
        401
    );
}

#[tokio::test]
async fn p8_removing_a_signing_key_ends_its_tokens_and_without_any_nobody_is_believed() {
    let installation = Installation::start().await;
    let token = installation.admin_token().await;
    assert_eq!(installation.own_keys(&token).await, 200);
    installation
        .secrets
        .put("jwt", &SigningKeys::generate(installation.clock.now()).into())
        .await
        .unwrap();
    installation.pass(4 * 60);
    assert_eq!(installation.own_keys(&token).await, 401);
    installation.secrets.delete("jwt").await.unwrap();
    installation.pass(4 * 60);
    let (status, body) = installation.login(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (503, &json!("dependency_unavailable"))
    );
}

#[tokio::test]
async fn p18_an_expiry_is_compared_with_the_clock_at_use() {
    let installation = Installation::start().await;
    let token = installation.admin_token().await;
    let body = json!({"name": "short", "expires_at": "2026-11-23T08:01:00Z"});
    let (_, key) = call(&installation.keys, "POST /api/v1/user/keys", &token, body).await;
    let key = key["data"]["key"].as_str().unwrap();
    assert_eq!(installation.models(key).await, 200);
    installation.pass(59);
    assert_eq!(installation.models(key).await, 200);
    installation.pass(1);
    assert_eq!(installation.models(key).await, 401);
}

#[tokio::test]
async fn p4_room_for_guesses_comes_back_after_fifteen_minutes() {
    let installation = Installation::start().await;
    for _ in 0..10 {
        assert_eq!(installation.login(ADMIN_EMAIL, "wrong").await.0, 401);
    }
    assert_eq!(installation.login(ADMIN_EMAIL, ADMIN_PASSWORD).await.0, 429);
    installation.pass(14 * 60);
    assert_eq!(installation.login(ADMIN_EMAIL, ADMIN_PASSWORD).await.0, 429);
    installation.pass(2 * 60);
    assert_eq!(installation.login(ADMIN_EMAIL, ADMIN_PASSWORD).await.0, 200);
}

#[tokio::test]
async fn p6_of_many_first_starts_one_makes_the_administrator() {
    let installation = Installation::start().await;
    let dynamo = Dynamo::start("new-").await;
    let start = |number: u32| {
        let store = Store::new(dynamo.client().clone(), "new-", installation.clock.clone());
        let resources = Resources::new(store, installation.secrets.clone());
        let email = Email::parse(&format!("admin{number}@example.com")).unwrap();
        async move {
            bootstrap::run(&resources, FirstAdmin { email, password: None }, PasswordPolicy::Strict)
                .await
                .unwrap()
        }
    };
    let started = futures_util::future::join_all((0..8).map(start)).await;
    let made = |outcome: &&bootstrap::Bootstrap| {
        matches!(
            outcome,
            bootstrap::Bootstrap::Created {
                generated_password: Some(_)
            }
        )
    };
    assert_eq!(started.iter().filter(made).count(), 1, "{started:?}");
}

//! What one process changes acts in all of them within the promised time.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use aws_sdk_dynamodb::types::AttributeValue;
use harness::dynamo::Dynamo;
use serde_json::{Value, json};

use super::installation::{Installation, PASSWORD, PREFIX, call};

#[tokio::test]
async fn p20_disabling_a_user_ends_sessions_and_keys_in_every_process_within_the_promised_time() {
    let installation = Installation::start().await;
    let (id, token, _, key) = installation.person("a@example.com").await;
    assert_eq!(
        (installation.models(&key).await, installation.own_keys(&token).await),
        (200, 200)
    );
    let route = format!("PUT /api/v1/admin/users/{id}");
    let (status, _) = call(
        &installation.admin,
        &route,
        &installation.admin_token().await,
        json!({"status": "disabled"}),
    )
    .await;
    assert_eq!(status, 200);
    installation.pass(30);
    assert_eq!(
        (installation.models(&key).await, installation.own_keys(&token).await),
        (401, 401)
    );
    assert_eq!(installation.login("a@example.com", PASSWORD).await.0, 403);
}

#[tokio::test]
async fn p20_a_deleted_key_ends_in_every_process_within_30_seconds() {
    let installation = Installation::start().await;
    let (_, token, id, key) = installation.person("a@example.com").await;
    assert_eq!(installation.models(&key).await, 200);
    assert_eq!(
        call(
            &installation.keys,
            &format!("DELETE /api/v1/user/keys/{id}"),
            &token,
            Value::Null
        )
        .await
        .0,
        200
    );
    installation.pass(30);
    assert_eq!(installation.models(&key).await, 401);
}

#[tokio::test]
async fn p47_a_changed_policy_acts_in_every_process_within_30_seconds() {
    let installation = Installation::start().await;
    let admin = installation.admin_token().await;
    let (.., key) = installation.person("a@example.com").await;
    assert_eq!(
        call(
            &installation.admin,
            "POST /api/v1/admin/models",
            &admin,
            json!({"id": "m", "name": "M"})
        )
        .await
        .0,
        201
    );
    let backend = json!({"name": "b", "base_url": "https://backend.example.com/v1", "model_name": "m"});
    assert_eq!(
        call(
            &installation.admin,
            "POST /api/v1/admin/models/m/backends",
            &admin,
            backend
        )
        .await
        .0,
        201
    );
    let model = || call(&installation.proxy, "GET /v1/models/m", &key, Value::Null);
    assert_eq!(model().await.0, 200);
    let change = call(
        &installation.admin,
        "PUT /api/v1/admin/policies/default",
        &admin,
        json!({"models": ["other"]}),
    )
    .await;
    assert_eq!(change.0, 200, "{}", change.1);
    installation.pass(30);
    assert_eq!(model().await.0, 404);
}

#[tokio::test]
async fn p47_a_user_whose_policy_is_missing_is_refused() {
    let installation = Installation::start().await;
    let admin = installation.admin_token().await;
    let (id, token, _, key) = installation.person("a@example.com").await;
    assert_eq!(
        call(
            &installation.admin,
            "POST /api/v1/admin/policies",
            &admin,
            json!({"name": "team"})
        )
        .await
        .0,
        201
    );
    let route = format!("PUT /api/v1/admin/users/{id}");
    assert_eq!(
        call(&installation.admin, &route, &admin, json!({"quota_policy": "team"}))
            .await
            .0,
        200
    );
    // No route can do this: somebody has been at the tables.
    let client = installation.dynamo.client();
    let deletion = client.delete_item().table_name(format!("{PREFIX}policies"));
    deletion
        .key("pk", AttributeValue::S("policies".into()))
        .key("sk", AttributeValue::S("policy#team".into()))
        .send()
        .await
        .unwrap();
    installation.pass(30);
    let chat = harness::client::ask("m");
    for (function, route, credential, body) in [
        (&installation.proxy, "GET /v1/models", &key, Value::Null),
        (&installation.proxy, "POST /v1/chat/completions", &key, chat),
        (&installation.keys, "GET /api/v1/user/quota", &token, Value::Null),
    ] {
        let (status, body) = call(function, route, credential, body).await;
        assert_eq!((status, &body["error"]["code"]), (403, &json!("no_policy")), "{route}");
    }
}

#[tokio::test]
async fn p56_a_deletion_cut_short_anywhere_is_finished_by_the_next() {
    let installation = Installation::start().await;
    let admin = installation.admin_token().await;
    for polls in 1.. {
        let (id, _, _, key) = installation.person("a@example.com").await;
        let route = format!("DELETE /api/v1/admin/users/{id}");
        let cut_short = polled(polls, call(&installation.admin, &route, &admin, Value::Null))
            .await
            .is_none();
        let again = call(&installation.admin, &route, &admin, Value::Null).await.0;
        assert!(
            if cut_short {
                [200, 404].contains(&again)
            } else {
                again == 404
            },
            "{again} after {polls} polls"
        );
        installation.pass(30);
        assert_eq!(installation.models(&key).await, 401);
        assert_eq!(items(&installation.dynamo, "api-keys").await, 0, "after {polls} polls");
        assert_eq!(
            items(&installation.dynamo, "users").await,
            3,
            "the administrator, the address, the count; after {polls} polls"
        );
        if !cut_short {
            return;
        }
    }
}

/// What a future gives that is dropped after so many polls, as by a process that dies there.
async fn polled<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| match (left, future.as_mut().poll(context)) {
        (_, Poll::Ready(done)) => Poll::Ready(Some(done)),
        (0 | 1, Poll::Pending) => Poll::Ready(None),
        (_, Poll::Pending) => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

async fn items(dynamo: &Dynamo, table: &str) -> i32 {
    dynamo
        .client()
        .scan()
        .table_name(format!("{PREFIX}{table}"))
        .send()
        .await
        .unwrap()
        .count()
}

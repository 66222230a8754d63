//! The users of a policy, and what they see of it.

use domain::clock::Clock;
use futures_util::future::join;
use harness::Gateway;
use harness::client::{Client, data, refusal, status};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{USERS, list, path};

/// A new account under this policy.
fn account(admin: &Client, email: &str, policy: &str) -> RequestBuilder {
    admin
        .post(USERS)
        .json(&json!({"email": email, "name": "A Person", "role": "user", "quota_policy": policy}))
}

fn user_path(user: &Value) -> String {
    format!("{USERS}/{}", user["id"].as_str().unwrap())
}

#[tokio::test]
async fn p47_a_policy_with_users_stays_and_an_unknown_one_is_given_to_nobody() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    admin.create_policy("team", &json!({})).await;
    admin.create_policy("night", &json!({})).await;
    let one = data(account(admin, "one@example.com", "team"), 201).await;
    let two = data(account(admin, "two@example.com", "team"), 201).await;
    assert_eq!(refusal(admin.delete(&path("team")), 409).await, "policy_in_use");
    let give = |user: &Value, policy: Value| admin.put(&user_path(user)).json(&json!({"quota_policy": policy}));

    assert_eq!(
        refusal(account(admin, "three@example.com", "day"), 400).await,
        "invalid_value"
    );
    assert_eq!(refusal(give(&one, json!("day")), 400).await, "invalid_value");
    let import = admin
        .post(&format!("{USERS}/import"))
        .header("content-type", "text/csv");
    let import = import.body("email,name,quota_policy\nfour@example.com,Four,day\nfive@example.com,Five,night\n");
    let report = data(import, 200).await;
    assert_eq!(
        (&report["created"], &report["lines"][0]["field"]),
        (&json!(1), &json!("quota_policy"))
    );
    assert_eq!(refusal(admin.delete(&path("night")), 409).await, "policy_in_use");

    // Counted also when other things of the account change.
    data(
        admin
            .put(&user_path(&one))
            .json(&json!({"name": "Renamed", "quota_policy": "team"})),
        200,
    )
    .await;
    let moved = data(give(&one, Value::Null), 200).await;
    assert_eq!(moved["quota_policy"], "default");
    assert_eq!(refusal(admin.delete(&path("team")), 409).await, "policy_in_use");
    assert_eq!(status(admin.delete(&user_path(&two))).await, 200);
    assert_eq!(status(admin.delete(&path("team"))).await, 200);
    assert_eq!(refusal(give(&one, json!("team")), 400).await, "invalid_value");
}

#[tokio::test]
async fn p47_a_policy_does_not_go_while_somebody_is_put_under_it() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    for round in 0..20 {
        let policy = format!("p{round}");
        admin.create_policy(&policy, &json!({})).await;
        let email = format!("{policy}@example.com");
        let (joined, deleted) = join(
            status(account(admin, &email, &policy)),
            status(admin.delete(&path(&policy))),
        )
        .await;
        let exists = list(admin).await.iter().any(|found| found["name"] == policy.as_str());
        match (joined, deleted) {
            (201, 409) => assert!(exists),
            (400, 200) => assert!(!exists),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn p39_a_person_sees_the_own_policy_and_what_is_left_of_it() {
    let clock = Clock::fixed("2026-11-23T20:00:00Z".parse().unwrap());
    let gateway = Gateway::start_at(&clock).await;
    let team = json!({"rate_limit": 60, "token_quota_daily": 1000, "cost_quota_monthly": 12.5, "max_concurrency": 3,
        "timezone": "Asia/Shanghai", "available_time_ranges": [{"start": "08:00", "end": "20:00"}]});
    gateway.admin().create_policy("team", &team).await;
    let person = gateway
        .admin()
        .create_person("somebody@example.com", json!({"quota_policy": "team"}))
        .await;
    let quota = data(person.get("/api/v1/user/quota"), 200).await;
    assert_eq!(
        (&quota["policy"]["name"], &quota["opens_at"]),
        (&json!("team"), &json!("2026-11-24T00:00:00Z"))
    );
    let limit = |name: &str, limit: Value, resets_at: Value| {
        let used = if limit.is_f64() { json!(0.0) } else { json!(0) };
        json!({"name": name, "limit": limit, "used": used, "remaining": limit, "resets_at": resets_at})
    };
    let expected = json!([
        limit("rate_limit", json!(60), Value::Null),
        limit("token_quota_daily", json!(1000), json!("2026-11-24T16:00:00Z")),
        limit("cost_quota_monthly", json!(12.5), json!("2026-11-30T16:00:00Z")),
        limit("max_concurrency", json!(3), Value::Null),
    ]);
    assert_eq!(quota["limits"], expected, "nothing of others, and nothing used yet");
    let unlimited = data(gateway.admin().get("/api/v1/user/quota"), 200).await;
    assert_eq!(
        (
            &unlimited["policy"]["name"],
            &unlimited["opens_at"],
            &unlimited["limits"]
        ),
        (&json!("default"), &Value::Null, &json!([]))
    );
}

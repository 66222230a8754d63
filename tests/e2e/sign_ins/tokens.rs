//! What an access token opens, and for how long.

use std::time::Duration;

use domain::clock::Clock;
use harness::Gateway;
use harness::client::status;
use harness::provider::{Provider, Reply, openai};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{refresh, sign_in};

#[tokio::test]
async fn p99_t1_t2_a_token_opens_v1_in_the_headers_of_keys_and_nothing_else() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let (_, program) = sign_in(&gateway, &person).await;
    assert_eq!(status(program.get("/v1/models")).await, 200);
    let by_key = gateway.anybody().get("/v1/models");
    assert_eq!(status(by_key.header("x-api-key", program.credential())).await, 200);
    for path in ["/api/v1/user/profile", "/api/v1/user/sign-ins", "/api/v1/admin/users"] {
        assert_eq!(status(program.get(path)).await, 401, "{path}");
    }
}

#[tokio::test]
async fn p99_t1_whoever_shows_a_dead_token_is_told_to_get_another_one() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let (_, program) = sign_in(&gateway, &person).await;
    let mut typo = program.credential().to_owned();
    typo.pop();
    for dead in [
        typo.as_str(),
        &domain::access::access_token::MintedToken::generate().secret,
    ] {
        for (path, dialect) in [
            ("/v1/messages", "authentication_error"),
            ("/v1/responses", "invalid_request_error"),
        ] {
            let answer = gateway
                .anybody()
                .with(dead)
                .post(path)
                .json(&json!({}))
                .send()
                .await
                .unwrap();
            let headers = answer.headers().clone();
            assert_eq!(answer.status(), 401);
            assert_eq!(headers["x-should-retry"], "false");
            assert_eq!(headers["www-authenticate"], "Bearer error=\"invalid_token\"");
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["error"]["type"], dialect);
        }
    }
    let no_token = gateway
        .anybody()
        .with("sk-nothing")
        .get("/v1/models")
        .send()
        .await
        .unwrap();
    assert!(!no_token.headers().contains_key("www-authenticate"));
}

#[tokio::test]
async fn p102_t4_a_token_ends_in_time_and_no_later_than_its_sign_in() {
    let start: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
    let clock = Clock::fixed(start);
    let gateway = Gateway::start_at(&clock).await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let (signed, first) = sign_in(&gateway, &person).await;
    let store = gateway.local().store().await.unwrap();
    let short = refresh(&store, &signed, start + Duration::from_mins(10)).await;
    let long = refresh(&store, &signed, start + Duration::from_hours(100)).await;
    let (short, long) = (first.with(&short.secret), first.with(&long.secret));
    let open = async || {
        let mut open = Vec::new();
        for program in [&first, &short, &long] {
            open.push(status(program.get("/v1/models")).await);
        }
        open
    };
    assert_eq!(open().await, [200, 200, 200]);
    clock.advance(Duration::from_mins(10));
    assert_eq!(open().await, [200, 401, 200]);
    clock.advance(Duration::from_mins(50));
    assert_eq!(open().await, [401, 401, 401]);
}

#[tokio::test]
async fn p104_t13_sign_ins_and_keys_of_a_person_share_the_limits_and_usage_tells_the_sign_in() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    gateway
        .admin()
        .create_policy("two", &json!({"request_quota_daily": 2}))
        .await;
    let person = gateway
        .admin()
        .create_person("a@example.com", json!({"quota_policy": "two"}))
        .await;
    let (signed, program) = sign_in(&gateway, &person).await;
    let key = person.create_key().await;
    for caller in [&program, &key] {
        provider.will(Reply::json(&openai::completion("Hello")));
        assert_eq!(status(caller.chat("m")).await, 200);
    }
    for caller in [&program, &key] {
        assert_eq!(status(caller.chat("m")).await, 429);
    }
    gateway.local().write_usage().await;
    let log: Value = person
        .get("/api/v1/user/logs")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(log["names"][signed.id.as_str()]["name"], "codex");
    let keys: Vec<_> = log["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["key"].clone())
        .collect();
    assert!(keys.contains(&json!(signed.id.as_str())), "{keys:?}");
}

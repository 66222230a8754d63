//! The hours in which a policy can be used.

use std::time::Duration;

use domain::clock::Clock;
use harness::Gateway;
use harness::client::{data, refusal, status};
use harness::provider::{Provider, Reply, openai};
use reqwest::Response;
use serde_json::{Value, json};

use super::models;

/// What an answer says of another try: `Retry-After` and `x-should-retry`.
fn advice(answer: &Response) -> (Option<&str>, Option<&str>) {
    let header = |name| answer.headers().get(name).map(|value| value.to_str().unwrap());
    (header("retry-after"), header("x-should-retry"))
}

#[tokio::test]
async fn p47_rs10_hours_are_kept_by_the_clock_of_the_policys_zone() {
    let provider = Provider::start();
    let clock = Clock::fixed("2026-11-23T00:00:00Z".parse().unwrap());
    let gateway = Gateway::start_at(&clock).await.with_model("m", &provider).await;
    let night = json!({"available_time_ranges": [{"start": "22:00", "end": "06:00"}], "timezone": "Asia/Shanghai"});
    gateway.admin().create_policy("night", &night).await;
    let program = gateway.admin().create_program_under("night").await;

    // It is 8:00 in Shanghai.
    let refused = program.chat("m").send().await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), advice(&refused)),
        (429, (Some("50400"), Some("false")))
    );
    let body: Value = refused.json().await.unwrap();
    let message = "the policy `night` can be used 22:00-06:00 (Asia/Shanghai); it opens at 2026-11-23T14:00:00Z";
    assert_eq!(
        body["error"],
        json!({"message": message, "type": "usage_limit_reached", "param": null, "code": "outside_available_hours"})
    );
    let refused = program.message("m").send().await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), advice(&refused)),
        (429, (Some("50400"), Some("false")))
    );
    let body: Value = refused.json().await.unwrap();
    assert_eq!(body["error"], json!({"type": "rate_limit_error", "message": message}));
    assert_eq!(models(&program).await, ["m"], "what may be used is told at any hour");

    clock.advance(Duration::from_secs(50_400 - 20));
    assert_eq!(
        advice(&program.chat("m").send().await.unwrap()),
        (Some("20"), None),
        "an SDK waits that long"
    );
    clock.advance(Duration::from_secs(20));
    provider.will(Reply::json(&openai::completion("Hello")));
    assert_eq!(status(program.chat("m")).await, 200);
    clock.advance(Duration::from_hours(8));
    assert_eq!(refusal(program.chat("m"), 429).await, "outside_available_hours");
}

#[tokio::test]
async fn g20_hours_of_some_days_are_told_kept_and_given_back() {
    let provider = Provider::start();
    // A Friday, 20:00 in Shanghai.
    let clock = Clock::fixed("2026-11-27T12:00:00Z".parse().unwrap());
    let gateway = Gateway::start_at(&clock).await.with_model("m", &provider).await;
    let ranges = json!([
        {"start": "09:00", "end": "18:00", "days": ["mon", "tue", "wed", "thu", "fri"]},
        {"start": "22:00", "end": "02:00", "days": ["fri"]},
    ]);
    let office = json!({"available_time_ranges": ranges, "timezone": "Asia/Shanghai"});
    gateway.admin().create_policy("office", &office).await;
    let policy = data(gateway.admin().get("/api/v1/admin/policies/office"), 200).await;
    assert_eq!(policy["available_time_ranges"], ranges);
    let program = gateway.admin().create_program_under("office").await;

    let refused: Value = program.chat("m").send().await.unwrap().json().await.unwrap();
    assert_eq!(
        refused["error"]["message"],
        "the policy `office` can be used mon/tue/wed/thu/fri 09:00-18:00, fri 22:00-02:00 (Asia/Shanghai); \
         it opens at 2026-11-27T14:00:00Z"
    );
    // Saturday, 1:00: still of the Friday.
    clock.advance(Duration::from_hours(5));
    provider.will(Reply::json(&openai::completion("Hello")));
    assert_eq!(status(program.chat("m")).await, 200);
    clock.advance(Duration::from_hours(2));
    let refused = program.chat("m").send().await.unwrap();
    assert_eq!(
        advice(&refused),
        (Some("194400"), Some("false")),
        "54 hours from Saturday 3:00 to Monday 9:00"
    );
}

//! What clients are told of their policy's limits: headers, refusals, and the person's own overview.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::clock::Clock;
use harness::Gateway;
use harness::client::{self, Client, data, refusal};
use harness::provider::{Provider, Reply, openai};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

/// A gateway with the model `m`, and a person under a policy. What is in it runs as long as it is kept.
struct Scene {
    clock: Clock,
    _provider: Provider,
    _gateway: Gateway,
    person: Client,
}

/// It is 2026-11-23T10:00:00Z.
async fn person_under(policy: Value) -> Scene {
    let clock = Clock::fixed("2026-11-23T10:00:00Z".parse().unwrap());
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start_at(&clock).await.with_model("m", &provider).await;
    gateway.admin().create_policy("team", &policy).await;
    let person = gateway
        .admin()
        .create_person("somebody@example.com", json!({"quota_policy": "team"}))
        .await;
    Scene {
        clock,
        _provider: provider,
        _gateway: gateway,
        person,
    }
}

/// The headers of the answer that tell of limits.
fn told(answer: &Response) -> BTreeMap<String, String> {
    let about_limits = |name: &str| name.contains("ratelimit") || ["retry-after", "x-should-retry"].contains(&name);
    let headers = answer.headers().iter().filter(|(name, _)| about_limits(name.as_str()));
    headers
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect()
}

fn expected(headers: &[(&str, &str)]) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

async fn send(request: RequestBuilder, status: u16) -> Response {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), status);
    answer
}

async fn message(refused: Response) -> String {
    refused.json::<Value>().await.unwrap()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn p47_each_answer_tells_what_is_left_in_its_dialect() {
    let Scene { person, .. } = &person_under(json!({"rate_limit": 3, "rate_limit_window": 120})).await;
    let program = person.create_key().await;
    let chat = send(program.chat("m"), 200).await;
    assert_eq!(
        told(&chat),
        expected(&[
            ("x-ratelimit-limit-requests", "3"),
            ("x-ratelimit-remaining-requests", "2"),
            ("x-ratelimit-reset-requests", "2m2s"),
        ])
    );
    let answer = send(program.message("m"), 200).await;
    assert_eq!(
        told(&answer),
        expected(&[
            ("anthropic-ratelimit-requests-limit", "3"),
            ("anthropic-ratelimit-requests-remaining", "1"),
            ("anthropic-ratelimit-requests-reset", "2026-11-23T10:02:02Z"),
        ])
    );
}

#[tokio::test]
async fn p47_a_full_rate_tells_when_there_is_room_and_keeps_it() {
    let Scene { person, clock, .. } = &person_under(json!({"rate_limit": 2, "rate_limit_window": 120})).await;
    let program = person.create_key().await;
    send(program.chat("m"), 200).await;
    send(program.message("m"), 200).await;
    let refused = send(program.chat("m"), 429).await;
    let wait = told(&refused)["retry-after"].clone();
    assert_eq!(
        told(&refused),
        expected(&[
            ("retry-after", "122"),
            ("x-should-retry", "false"),
            ("x-ratelimit-limit-requests", "2"),
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "2m2s"),
        ])
    );
    assert_eq!(
        message(refused).await,
        "the policy `team` allows 2 requests in any 120 seconds (`rate_limit`): 2 requests are used; \
         there is room again at 2026-11-23T10:02:02Z"
    );
    clock.advance(Duration::from_secs(wait.parse::<u64>().unwrap() - 1));
    assert_eq!(refusal(program.chat("m"), 429).await, "rate_limit_exceeded");
    clock.advance(Duration::from_secs(1));
    send(program.chat("m"), 200).await;
}

#[tokio::test]
async fn p47_a_used_up_day_ends_with_the_day_of_the_policys_zone() {
    let Scene { person, clock, .. } =
        &person_under(json!({"request_quota_daily": 1, "timezone": "Asia/Kathmandu"})).await;
    let program = person.create_key().await;
    send(program.message("m"), 200).await;
    // It is 15:45 in Kathmandu.
    let refused = send(program.message("m"), 429).await;
    assert_eq!(told(&refused)["retry-after"], (8 * 3600 + 15 * 60).to_string());
    assert_eq!(
        refused.json::<Value>().await.unwrap()["error"]["type"],
        "rate_limit_error"
    );
    assert_eq!(refusal(program.chat("m"), 429).await, "insufficient_quota");
    clock.advance(Duration::from_mins(8 * 60 + 15));
    send(program.message("m"), 200).await;
}

#[tokio::test]
async fn p39_the_own_quota_tells_what_is_used() {
    let Scene { person, .. } = &person_under(json!({"rate_limit": 60, "token_quota_daily": 100_000})).await;
    let program = person.create_key().await;
    send(program.message("m"), 200).await;
    let quota = data(person.get("/api/v1/user/quota"), 200).await;
    // The provider tells 3 and 2 tokens.
    assert_eq!(
        quota["limits"],
        json!([
            {"name": "rate_limit", "limit": 60, "used": 1, "remaining": 59, "resets_at": "2026-11-23T10:01:01Z"},
            {"name": "token_quota_daily", "limit": 100_000, "used": 5, "remaining": 99_995, "resets_at": "2026-11-24T00:00:00Z"},
        ])
    );
}

#[tokio::test]
async fn a_shadow_policy_counts_and_tells_nobody() {
    let Scene { person, .. } = &person_under(json!({"mode": "shadow", "rate_limit": 1})).await;
    let program = person.create_key().await;
    for _ in 0..3 {
        assert_eq!(told(&send(program.chat("m"), 200).await), expected(&[]));
    }
    let quota = data(person.get("/api/v1/user/quota"), 200).await;
    assert_eq!(
        (&quota["limits"][0]["used"], &quota["limits"][0]["remaining"]),
        (&json!(3), &json!(0))
    );
}

#[tokio::test]
async fn p47_errors_of_a_backend_too_tell_what_is_left() {
    let provider = Provider::always(Reply::error(500, &json!({"error": "broken"})));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    gateway
        .admin()
        .create_policy("small", &json!({"request_quota_daily": 5}))
        .await;
    let program = gateway.admin().create_program_under("small").await;
    let answer = program.chat("m").send().await.unwrap();
    assert_eq!(answer.status(), 502);
    assert_eq!(answer.headers()["x-ratelimit-limit-requests"], "5");
}

#[tokio::test]
async fn p43_what_is_reserved_is_what_the_prompt_is_and_what_the_backend_is_told() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let most = json!({"max_output_tokens": 100});
    data(gateway.admin().put("/api/v1/admin/models/m").json(&most), 200).await;
    gateway
        .admin()
        .create_policy("small", &json!({"token_quota_daily": 5000}))
        .await;
    let program = gateway.admin().create_program_under("small").await;

    let picture =
        json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A".repeat(100_000)}});
    let mut ask = client::message("m");
    ask["max_tokens"] = 32_000.into();
    ask["messages"][0]["content"] = json!([picture]);
    assert_eq!(
        program.post("/v1/messages").json(&ask).send().await.unwrap().status(),
        200
    );
    assert_eq!(provider.request(0).await.json()["max_tokens"], 100);

    let mut ask = client::ask("m");
    ask["messages"][0]["content"] = format!("data:text/plain;base64,{}", "not a picture ".repeat(4000)).into();
    assert_eq!(
        refusal(program.post("/v1/chat/completions").json(&ask), 429).await,
        "insufficient_quota"
    );
}

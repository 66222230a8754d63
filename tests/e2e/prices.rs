//! Lists of prices, from the model's entry to the record, its row of sums and the meter.

use std::time::Duration;

use domain::clock::Clock;
use harness::Gateway;
use harness::client::{data, status};
use harness::provider::{Provider, Reply, openai};
use serde_json::{Value, json};

/// An answer with this usage, served in this tier.
fn answer(usage: &Value, tier: &str) -> Reply {
    let mut completion = openai::completion("Hi");
    completion["usage"] = usage.clone();
    completion["service_tier"] = tier.into();
    Reply::json(&completion)
}

#[tokio::test]
async fn p83_b8_a_record_is_priced_by_the_entry_in_force_and_names_it() {
    let clock = Clock::fixed("2026-11-27T10:00:00Z".parse().unwrap());
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = Gateway::start_at(&clock).await.with_model("m", &provider).await;
    let admin = gateway.admin();
    let prices = json!([
        {"from": "2026-11-01T00:00:00Z", "input": 1, "output": 10},
        {"from": "2026-11-27T11:00:00Z", "input": 100, "output": 1000, "request": 0.5},
    ]);
    admin.change("/api/v1/admin/models/m", &json!({"prices": prices})).await;
    let shown = data(admin.get("/api/v1/user/models"), 200).await;
    assert_eq!(shown[0]["prices"][1]["request"], 0.5, "{shown}");
    admin.create_policy("team", &json!({"rate_limit": 100})).await;
    let person = admin
        .create_person("a@example.com", json!({"quota_policy": "team"}))
        .await;
    let program = person.create_key().await;
    // The provider tells 3 and 2 tokens.
    for (cost, from) in [(0.000_023, "2026-11-01T00:00:00Z"), (0.5023, "2026-11-27T11:00:00Z")] {
        assert_eq!(status(program.chat("m")).await, 200);
        let logs = data(person.get("/api/v1/user/logs"), 200).await;
        assert_eq!(
            (&logs[0]["cost_usd"], &logs[0]["price"]),
            (&json!(cost), &json!(from)),
            "{logs}"
        );
        clock.advance(Duration::from_hours(1));
    }
}

/// A usage of all parts that can be told.
fn usage_of_parts(input: u64) -> Value {
    json!({
        "prompt_tokens": input, "completion_tokens": 100, "total_tokens": input + 100,
        "prompt_tokens_details": {"cached_tokens": 500, "cache_write_tokens": 300, "audio_tokens": 50},
        "completion_tokens_details": {"reasoning_tokens": 40, "audio_tokens": 10}
    })
}

#[tokio::test]
async fn p83_b8_record_row_and_meter_have_the_same_cost_of_every_part() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let admin = gateway.admin();
    let prices = json!([{
        "from": "2026-01-01T00:00:00Z", "input": 2, "cached_input": 0.2, "cache_write_5m": 2.5, "cache_write_1h": 4,
        "output": 10, "audio_input": 20, "audio_output": 50, "above_input_tokens": {"5000": {"input": 4}},
        "tiers": {"priority": {"input": 6, "output": 30, "above_input_tokens": {"5000": {"input": 12}}}}
    }]);
    admin.change("/api/v1/admin/models/m", &json!({"prices": prices})).await;
    admin.create_policy("team", &json!({"cost_quota_monthly": 100})).await;
    let person = admin
        .create_person("a@example.com", json!({"quota_policy": "team"}))
        .await;
    let program = person.create_key().await;
    let fixed = 500 * 2 / 10 + 300 * 4 + 50 * 20 + 10 * 50;
    let mut sum = 0;
    for (input, tier, cost) in [
        (1000, "default", 150 * 2 + 90 * 10),
        (6000, "default", 5150 * 4 + 90 * 10),
        (1000, "priority", 150 * 6 + 90 * 30),
        (6000, "priority", 5150 * 12 + 90 * 30),
    ] {
        provider.will(answer(&usage_of_parts(input), tier));
        assert_eq!(status(program.chat("m")).await, 200);
        let logs = data(person.get("/api/v1/user/logs"), 200).await;
        let expected = f64::from(cost + fixed) / 1e6;
        assert_eq!(logs[0]["cost_usd"], json!(expected), "{input} {tier}: {logs}");
        sum += cost + fixed;
    }
    let sum = json!(f64::from(sum) / 1e6);
    let report = data(person.get("/api/v1/user/usage?group_by=model"), 200).await;
    assert_eq!(report[0]["cost_usd"], sum, "{report}");
    let quota = data(person.get("/api/v1/user/quota"), 200).await;
    assert_eq!(quota["limits"][0]["used"], sum, "{quota}");
}

#[tokio::test]
async fn b12_answers_warn_and_refusals_name_level_limit_and_reset() {
    let clock = Clock::fixed("2026-11-27T10:00:00Z".parse().unwrap());
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = Gateway::start_at(&clock).await.with_model("m", &provider).await;
    let admin = gateway.admin();
    // The provider tells 3 and 2 tokens; 100 more are reserved for the answer.
    admin
        .change(
            "/api/v1/admin/models/m",
            &json!({"input_price": 0, "output_price": 1000, "max_output_tokens": 100}),
        )
        .await;
    admin.create_policy("team", &json!({"cost_quota_monthly": 0.101})).await;
    let program = admin.create_program_under("team").await;
    let told = |answer: &reqwest::Response, name: &str| {
        answer
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    let answer = program.chat("m").send().await.unwrap();
    assert_eq!(
        told(&answer, "x-budget-warning").as_deref(),
        Some("user cost/month 99%")
    );
    assert_eq!(told(&answer, "x-budget-remaining-usd").as_deref(), Some("0.001"));
    answer.bytes().await.unwrap();
    for request in [program.chat("m"), program.message("m")] {
        let refused = request.send().await.unwrap();
        assert_eq!(refused.status(), 429);
        let error = refused.json::<Value>().await.unwrap()["error"].take();
        let named = [&error["level"], &error["limit"], &error["resets_at"]];
        assert_eq!(named, ["user", "cost/month", "2026-12-01T00:00:00Z"], "{error}");
    }
}

#[tokio::test]
async fn b8_prices_are_written_in_one_way_and_a_list_that_has_not_begun_is_none() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let admin = gateway.admin();
    let put = |change: Value| admin.put("/api/v1/admin/models/m").json(&change);
    let later = json!([{"from": "2100-01-01T00:00:00Z", "input": 1, "output": 1}]);
    assert_eq!(status(put(json!({"prices": later, "input_price": 1}))).await, 400);
    assert_eq!(status(put(json!({"input_price": 1, "output_price": 1}))).await, 200);
    let refused: Value = put(json!({"prices": later}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(refused["error"]["field"], "prices", "{refused}");
    let switched = json!({"prices": later, "input_price": null, "output_price": null});
    assert_eq!(status(put(switched)).await, 200);
    let unordered = json!([{"from": "2026-02-01T00:00:00Z"}, {"from": "2026-01-01T00:00:00Z"}]);
    assert_eq!(status(put(json!({"prices": unordered}))).await, 400);
    admin.create_policy("team", &json!({"cost_quota_monthly": 1})).await;
    let program = admin.create_program_under("team").await;
    assert_eq!(status(program.chat("m")).await, 403);
    let catalogue = data(admin.get("/api/v1/admin/price-catalogue"), 200).await;
    let mut prices = catalogue[0]["prices"].clone();
    prices["from"] = json!("2026-01-01T00:00:00Z");
    assert_eq!(
        status(put(json!({"prices": [prices]}))).await,
        200,
        "it can be taken over as it is"
    );
    assert_eq!(status(program.chat("m")).await, 200);
}

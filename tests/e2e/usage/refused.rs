//! Refused requests and their reasons: in sums, in the log, and by policies that only try.

use domain::clock::Clock;
use harness::Gateway;
use harness::client::{Client, data, pick, status};
use harness::provider::{Provider, Reply, openai};
use serde_json::{Value, json};

use super::answer;

const SHADOW: &str = "/api/v1/admin/policies/trial/shadow";

/// A gateway at noon, with a model, and a program of a person under the policy `trial`.
async fn under(provider: &Provider, policy: Value) -> (Gateway, Client, Client) {
    let clock = Clock::fixed("2026-03-10T12:00:00Z".parse().unwrap());
    let gateway = Gateway::start_at(&clock).await.with_model("m", provider).await;
    gateway.admin().create_policy("trial", &policy).await;
    let members = json!({"quota_policy": "trial", "department": "sales"});
    let person = gateway.admin().create_person("ann@example.com", members).await;
    let program = person.create_key().await;
    (gateway, person, program)
}

#[tokio::test]
async fn g13_refused_requests_are_summed_by_reason_and_are_no_requests() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let (gateway, person, program) = under(&provider, json!({"request_quota_daily": 1})).await;
    assert_eq!(status(program.chat("m")).await, 200);
    for _ in 0..12 {
        assert_eq!(status(program.chat("m")).await, 429);
    }
    assert_eq!(status(program.chat("unknown")).await, 404);
    assert_eq!(
        status(
            program
                .post("/v1/chat/completions")
                .header("content-type", "application/json")
                .body("{")
        )
        .await,
        400
    );
    gateway.local().write_usage().await;
    let report = answer(gateway.admin(), "/api/v1/admin/usage?group_by=day,user", 200).await;
    let of_ann = &report["data"][0];
    assert_eq!(pick(of_ann, ["day", "requests", "errors"]), json!(["2026-03-10", 1, 0]));
    assert_eq!(
        of_ann["refused"],
        json!({"insufficient_quota": 12, "model_not_found": 1, "invalid_request": 1})
    );
    let own = answer(&person, "/api/v1/user/usage?group_by=model", 200).await;
    assert_eq!(pick(&own["data"][0], ["model", "requests"]), json!([null, 0]));
    assert_eq!(own["data"][1]["refused"], json!({"insufficient_quota": 12}));
}

#[tokio::test]
async fn g13_every_route_counts_whom_it_refuses_and_bodies_that_are_not_read_count_too() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let (gateway, _, program) = under(&provider, json!({})).await;
    for path in [
        "/v1/messages/count_tokens",
        "/v1/responses",
        "/v1/responses/input_tokens",
        "/v1/responses/compact",
    ] {
        let typed = |kind: &str| program.post(path).header("content-type", kind).body("{");
        assert_eq!(status(typed("application/json")).await, 400, "{path}");
        assert_eq!(status(typed("application/xml")).await, 415, "{path}");
    }
    gateway.local().write_usage().await;
    let report = answer(gateway.admin(), "/api/v1/admin/usage?group_by=day,user", 200).await;
    assert_eq!(
        report["data"][0]["refused"],
        json!({"invalid_request": 4, "other": 4}),
        "{report}"
    );
}

#[tokio::test]
async fn g13_an_entry_tells_what_stood_in_its_way() {
    let failing = Provider::always(Reply::error(500, &json!({"error": {"message": "broken"}})));
    let (gateway, _, program) = under(&failing, json!({})).await;
    let admin = gateway.admin();
    let alias = json!({"aliases": ["gpt-*"]});
    data(admin.put("/api/v1/admin/models/m").json(&alias), 200).await;
    assert_eq!(status(program.chat("gpt-x")).await, 502);
    let serving = Provider::always(Reply::json(&openai::completion("Hi")));
    admin
        .create_backend_with("m", &serving, &json!({"id": "good", "weight": 0}))
        .await;
    assert_eq!(status(program.chat("gpt-x")).await, 200);
    gateway.local().write_usage().await;
    let entry = async |status: u16| {
        let path = format!("/api/v1/admin/logs?status={status}");
        answer(admin, &path, 200).await["data"][0].take()
    };
    let (served, failed) = (&entry(200).await, &entry(502).await);
    let told = ["asked_model", "model", "policy", "user_email", "code"];
    assert_eq!(
        pick(failed, told),
        json!(["gpt-x", "m", "trial", "ann@example.com", "upstream_error"])
    );
    assert_eq!(
        pick(served, told),
        json!(["gpt-x", "m", "trial", "ann@example.com", null])
    );
    let calls = |entry: &Value| -> Vec<Value> {
        entry["attempts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|call| call["result"].clone())
            .collect()
    };
    assert_eq!(
        (calls(failed), calls(served)),
        (vec![json!("status")], vec![json!("status"), json!("ok")])
    );
    assert_eq!(served["attempts"][1]["backend"], "good");
    assert!(served["attempts"][0]["ms"].is_u64());
}

/// The findings, one a page.
async fn found_in_pages(admin: &Client) -> Value {
    let (mut found, mut path) = (Vec::new(), format!("{SHADOW}?limit=1"));
    loop {
        let page = answer(admin, &path, 200).await;
        found.extend(page["data"].as_array().unwrap().clone());
        assert!(found.len() < 3);
        let Some(cursor) = page["next_cursor"].as_str() else {
            return found.into();
        };
        path = format!("{SHADOW}?limit=1&cursor={cursor}");
    }
}

#[tokio::test]
async fn g14_a_policy_in_shadow_mode_tells_whom_it_would_have_refused() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let shadow = json!({
        "mode": "shadow", "request_quota_daily": 1, "available_time_ranges": [{"start": "00:00", "end": "06:00"}]
    });
    let (gateway, person, program) = under(&provider, shadow).await;
    for _ in 0..3 {
        assert_eq!(status(program.chat("m")).await, 200);
    }
    gateway.local().write_usage().await;
    let id = person.profile().await["id"].clone();
    let found = answer(gateway.admin(), SHADOW, 200).await;
    let of = |limit: &str, requests: u64| {
        json!({
            "limit": limit, "requests": requests, "people_count": 1, "last_at": "2026-03-10T12:00:00Z",
            "people": [{"user": id, "name": "Somebody", "requests": requests}]
        })
    };
    let mut findings = found["data"].clone();
    for finding in findings.as_array_mut().unwrap() {
        finding["people"][0]["name"] = "Somebody".into();
    }
    assert_eq!(
        findings,
        json!([of("available_time_ranges", 3), of("request_quota_daily", 2)])
    );
    assert_eq!(found_in_pages(gateway.admin()).await, found["data"]);
    assert_eq!(
        answer(gateway.admin(), &format!("{SHADOW}?to=2026-03-09"), 200).await["data"],
        json!([])
    );
    let refused = answer(gateway.admin(), &format!("{SHADOW}?from=2026-03-10T00:00:00Z"), 400).await;
    assert_eq!(refused["error"]["field"], "from");
    answer(gateway.admin(), "/api/v1/admin/policies/other/shadow", 404).await;
    answer(&person, SHADOW, 403).await;
}

#[tokio::test]
async fn op9_a_policy_in_shadow_mode_tells_of_models_without_a_price() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let shadow = json!({"mode": "shadow", "cost_quota_monthly": 5});
    let (gateway, _, program) = under(&provider, shadow).await;
    let told = async |expected: Value| {
        assert_eq!(status(program.chat("m")).await, 200);
        gateway.local().write_usage().await;
        let found = answer(gateway.admin(), SHADOW, 200).await;
        assert_eq!(pick(&found["data"][0], ["limit", "requests"]), expected);
    };
    told(json!(["unpriced_models", 1])).await;
    let free = json!({"unpriced_models": "free"});
    gateway.admin().change("/api/v1/admin/settings", &free).await;
    told(json!(["unpriced_models", 1])).await;
}

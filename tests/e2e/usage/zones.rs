//! Reports of days of a time zone, of hours, and by two groups at once.

use harness::client::Client;
use serde_json::{Value, json};

use super::{all, answer, books, enter};

/// Requests around midnight of Beijing, the second of March.
fn around_midnight() -> Vec<Value> {
    let at = [
        ("2026-03-01T15:59:59Z", "glm"),
        ("2026-03-01T16:00:00Z", "glm"),
        ("2026-03-01T23:00:00Z", "kimi"),
        ("2026-03-02T15:59:59Z", "glm"),
        ("2026-03-02T16:00:00Z", "glm"),
    ];
    at.into_iter()
        .map(|(at, model)| json!({"user": "u", "at": at, "model": model}))
        .collect()
}

/// The groups of a report with the requests of each.
async fn groups(client: &Client, query: &str, by: &[&str]) -> Value {
    let path = format!("/api/v1/admin/usage?group_by={}&{query}", by.join(","));
    let report = answer(client, &path, 200).await;
    let row = |row: &Value| {
        let mut values: Vec<_> = by.iter().map(|by| row[by].clone()).collect();
        values.push(row["requests"].clone());
        Value::from(values)
    };
    report["data"].as_array().unwrap().iter().map(row).collect()
}

#[tokio::test]
async fn g4_days_are_those_of_the_zone_that_is_asked_for() {
    let gateway = books().await;
    enter(&gateway, around_midnight()).await;
    let days = "from=2026-03-01&to=2026-03-03&timezone=Asia/Shanghai";
    assert_eq!(
        groups(gateway.admin(), days, &["day"]).await,
        json!([["2026-03-01", 1], ["2026-03-02", 3], ["2026-03-03", 1]])
    );
    assert_eq!(
        groups(gateway.admin(), days, &["day", "model"]).await,
        json!([
            ["2026-03-01", "glm", 1],
            ["2026-03-02", "glm", 2],
            ["2026-03-02", "kimi", 1],
            ["2026-03-03", "glm", 1]
        ])
    );
    assert_eq!(
        groups(
            gateway.admin(),
            "from=2026-03-02&to=2026-03-02&timezone=Asia/Shanghai",
            &["model", "hour"]
        )
        .await,
        json!([
            ["glm", "2026-03-01T16:00:00Z", 1],
            ["glm", "2026-03-02T15:00:00Z", 1],
            ["kimi", "2026-03-01T23:00:00Z", 1]
        ])
    );
    let pages = format!("/api/v1/admin/usage?group_by=hour,model&{days}&");
    assert_eq!(all(gateway.admin(), &pages, "hour").await.len(), 5);
}

#[tokio::test]
async fn op8_a_report_of_a_beijing_day_is_of_that_day_or_refused() {
    let gateway = books().await;
    enter(&gateway, around_midnight()).await;
    for to in [
        "2026-03-02T23:59:59%2B08:00",
        "2026-03-03T00:00:00%2B08:00",
        "2026-03-02T16:00:00Z",
    ] {
        let times = format!("from=2026-03-02T00:00:00%2B08:00&to={to}");
        assert_eq!(
            groups(gateway.admin(), &times, &["user"]).await,
            json!([["u", 3]]),
            "{to}"
        );
    }
    for (query, field) in [
        ("from=2026-03-02T00:30:00Z", "from"),
        ("from=2026-03-02&to=2026-03-02T12:30:00Z", "to"),
        ("from=2026-03-02&timezone=Asia/Kolkata", "timezone"),
        (
            "from=2026-03-02T00:00:00Z&to=2026-03-03T00:00:00Z&timezone=Asia/Kolkata&group_by=day",
            "timezone",
        ),
        ("timezone=Mars/Olympus", "timezone"),
        ("group_by=hour&from=2026-02-20", "from"),
        ("group_by=day,day", "group_by"),
        ("group_by=day,model,key", "group_by"),
    ] {
        for path in ["/api/v1/admin/usage", "/api/v1/user/usage"] {
            let refused = answer(gateway.admin(), &format!("{path}?{query}"), 400).await;
            assert_eq!(refused["error"]["field"], field, "{path}?{query}");
        }
    }
    let hours_in_india = "from=2026-03-02T00:00:00Z&to=2026-03-02T16:00:00Z&timezone=Asia/Kolkata";
    assert_eq!(
        groups(gateway.admin(), hours_in_india, &["user"]).await,
        json!([["u", 1]])
    );
}

#[tokio::test]
async fn op8_a_log_of_days_of_a_zone_is_of_them() {
    let gateway = books().await;
    enter(&gateway, around_midnight()).await;
    let path = "/api/v1/admin/logs?from=2026-03-02&to=2026-03-02&timezone=Asia/Shanghai";
    assert_eq!(
        answer(gateway.admin(), path, 200).await["data"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn g5_sums_tell_how_fast_the_answers_were() {
    let gateway = books().await;
    let timed = |first_byte_ms: u64, streamed: bool| {
        json!({
            "user": "u", "at": "2026-03-01T10:00:00Z", "first_byte_ms": first_byte_ms, "duration_ms": first_byte_ms + 100,
            "streamed": streamed
        })
    };
    enter(&gateway, (0..19).map(|_| timed(300, true)).chain([timed(1500, false)])).await;
    let path = "/api/v1/admin/usage?from=2026-03-01&to=2026-03-01";
    let row = answer(gateway.admin(), path, 200).await["data"][0].take();
    // Evenly spread between 200 and 500, the tenth of nineteen; tokens of the streams alone, 5 in each 100 ms.
    assert_eq!(row["first_byte_ms"], json!({"p50": 350, "p95": 492}));
    assert_eq!(row["output_tokens_per_s"], 50.0);
}

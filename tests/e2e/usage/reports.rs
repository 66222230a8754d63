//! Sums by day, model, key, person, department and backend.

use serde_json::{Value, json};

use super::{all, answer, books, enter};

const DAYS: &str = "from=2026-03-01&to=2026-03-31&";

/// What two people of sales and one without a department used on two days.
fn march() -> Vec<Value> {
    let of = |user: &str, at: &str, more: Value| {
        let mut members = json!({"user": user, "at": at});
        members
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        members
    };
    vec![
        of("ann", "2026-03-01T00:00:00Z", json!({"department": "sales"})),
        of(
            "ann",
            "2026-03-01T23:59:59Z",
            json!({"department": "sales", "model": "kimi", "key": "k2"}),
        ),
        of(
            "bob",
            "2026-03-02T00:00:00Z",
            json!({"department": "sales", "backend": "b2", "estimated": true}),
        ),
        of(
            "cyn",
            "2026-03-02T12:00:00Z",
            json!({"status": 502, "outcome": "failed", "backend": null}),
        ),
        of("ann", "2026-04-01T00:00:00Z", json!({"department": "sales"})),
    ]
}

async fn groups(client: &harness::client::Client, query: &str, by: &str) -> Value {
    let list = answer(client, &format!("/api/v1/admin/usage?{DAYS}group_by={by}&{query}"), 200).await;
    let pairs = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| json!([row[by], row["requests"]]));
    pairs.collect()
}

#[tokio::test]
async fn administrators_add_up_by_what_they_like() {
    let gateway = books().await;
    enter(&gateway, march()).await;
    let admin = gateway.admin();
    assert_eq!(
        groups(admin, "", "user").await,
        json!([["ann", 2], ["bob", 1], ["cyn", 1]])
    );
    assert_eq!(groups(admin, "", "department").await, json!([[null, 1], ["sales", 3]]));
    assert_eq!(groups(admin, "", "model").await, json!([["glm", 3], ["kimi", 1]]));
    assert_eq!(
        groups(admin, "", "backend").await,
        json!([[null, 1], ["b", 2], ["b2", 1]])
    );
    assert_eq!(
        groups(admin, "", "day").await,
        json!([["2026-03-01", 2], ["2026-03-02", 2]])
    );
    assert_eq!(
        groups(admin, "user=ann", "model").await,
        json!([["glm", 1], ["kimi", 1]])
    );
    assert_eq!(
        groups(admin, "department=sales&model=glm", "user").await,
        json!([["ann", 1], ["bob", 1]])
    );
    assert_eq!(groups(admin, "user=cyn&department=sales", "user").await, json!([]));
    let rows = answer(admin, &format!("/api/v1/admin/usage?{DAYS}group_by=day"), 200).await;
    let second = json!({
        "day": "2026-03-02", "requests": 2, "errors": 1, "estimated": 1, "input_tokens": 20, "cached_input_tokens": 8,
        "cached_input_share": 0.4, "cache_write_tokens": 6, "cache_write_1h_tokens": 2, "output_tokens": 10, "reasoning_tokens": 4, "cost_usd": 0.000_014,
        "first_byte_ms": null, "output_tokens_per_s": null, "refused": {}
    });
    assert_eq!(rows["data"][1], second);
    assert_eq!(
        all(admin, &format!("/api/v1/admin/usage?{DAYS}group_by=user&"), "user").await,
        ["ann", "bob", "cyn"]
    );
}

#[tokio::test]
async fn p39_people_read_their_own_sums_and_managers_their_departments() {
    let gateway = books().await;
    let person = gateway
        .admin()
        .create_person("ann@example.com", json!({"department": "sales"}))
        .await;
    let manager = gateway
        .admin()
        .create_person("max@example.com", json!({"role": "manager", "department": "sales"}))
        .await;
    let homeless = gateway
        .admin()
        .create_person("moe@example.com", json!({"role": "manager"}))
        .await;
    enter(&gateway, march()).await;
    let own = person.profile().await["id"].clone();
    enter(
        &gateway,
        [json!({"user": own, "at": "2026-03-05T00:00:00Z", "department": "sales", "key": "own"})],
    )
    .await;
    for (by, group) in [("day", "2026-03-05"), ("model", "glm"), ("key", "own")] {
        let report = answer(&person, &format!("/api/v1/user/usage?{DAYS}group_by={by}"), 200).await;
        assert_eq!(
            (&report["data"][0][by], report["data"].as_array().unwrap().len()),
            (&json!(group), 1)
        );
    }
    assert_eq!(
        groups(&manager, "", "user").await,
        json!([[own, 1], ["ann", 2], ["bob", 1]])
    );
    for query in ["user=cyn", "department=other", "user=cyn&department=sales"] {
        assert_eq!(groups(&manager, query, "user").await, json!([]), "{query}");
    }
    answer(&homeless, "/api/v1/admin/usage", 403).await;
    answer(&homeless, "/api/v1/admin/logs", 403).await;
    answer(&person, "/api/v1/user/usage?group_by=backend", 400).await;
    answer(&person, "/api/v1/user/usage?user=ann", 400).await;
}

#[tokio::test]
async fn p28_a_wrong_period_names_its_field() {
    let gateway = books().await;
    for (query, field) in [
        ("from=x", "from"),
        ("to=2026-02-30", "to"),
        ("from=2026-03-02&to=2026-03-01", "from"),
    ] {
        for path in [
            "/api/v1/user/usage",
            "/api/v1/user/logs",
            "/api/v1/admin/usage",
            "/api/v1/admin/logs",
        ] {
            let refused = answer(gateway.admin(), &format!("{path}?{query}"), 400).await;
            assert_eq!(refused["error"]["field"], field, "{path}?{query}");
        }
    }
    answer(
        gateway.admin(),
        "/api/v1/admin/usage?from=2026-01-01&to=2026-04-03",
        400,
    )
    .await;
    answer(gateway.admin(), "/api/v1/user/usage?from=2026-01-01&to=2026-12-31", 200).await;
    answer(gateway.admin(), "/api/v1/user/usage?from=2025-12-30&to=2026-12-31", 400).await;
}

#[tokio::test]
async fn a_spreadsheet_gets_csv_without_formulas() {
    let gateway = books().await;
    enter(
        &gateway,
        [json!({"user": "u", "at": "2026-03-05T00:00:00Z", "department": "=HYPERLINK(\"x\")"})],
    )
    .await;
    let path = format!("/api/v1/admin/usage?{DAYS}group_by=department");
    let response = gateway
        .admin()
        .get(&path)
        .header("accept", "text/csv")
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
    assert_eq!(
        response.headers()["content-disposition"],
        "attachment; filename=\"usage.csv\""
    );
    let expected = "department,requests,errors,estimated,input_tokens,cached_input_tokens,cached_input_share,cache_write_tokens,cache_write_1h_tokens,\
        output_tokens,reasoning_tokens,cost_usd,first_byte_ms.p50,first_byte_ms.p95,output_tokens_per_s,refused.rate_limit_exceeded,\
        refused.insufficient_quota,refused.concurrency_limit_exceeded,refused.outside_available_hours,refused.model_not_found,\
        refused.model_not_supported,refused.no_policy,refused.context_length_exceeded,refused.invalid_request,refused.other\n\
        \"'=HYPERLINK(\"\"x\"\")\",1,0,0,10,4,0.4,3,1,5,2,0.000007,,,,,,,,,,,,,\n";
    assert_eq!(response.text().await.unwrap(), expected);
}

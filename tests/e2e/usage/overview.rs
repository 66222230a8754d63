//! The overview, which administrators and managers see first.

use domain::clock::Clock;
use harness::Gateway;
use harness::client::{Client, data, pick, status};
use harness::provider::{Provider, Reply, openai};
use serde_json::{Value, json};

use super::{answer, enter};

const OVERVIEW: &str = "/api/v1/admin/overview?from=2026-03-10&to=2026-03-10";

async fn overview(client: &Client, more: &str) -> Value {
    answer(client, &format!("{OVERVIEW}{more}"), 200).await["data"].take()
}

/// The kinds, with what they are about.
fn attention(overview: &Value) -> Vec<Value> {
    let each = overview["attention"].as_array().unwrap().iter();
    each.map(|each| json!([each["kind"], each["target"]["id"], each["count"], each["reason"]]))
        .collect()
}

/// Three requests of today, one of yesterday and one of the day before.
async fn enter_three_days(gateway: &Gateway) {
    let of = |user: &str, at: &str, department: &str| json!({"user": user, "at": at, "department": department});
    let records = [
        of("ann", "2026-03-10T01:00:00Z", "sales"),
        of("ann", "2026-03-10T11:00:00Z", "sales"),
        of("bob", "2026-03-10T11:00:00Z", "legal"),
        of("ann", "2026-03-09T11:00:00Z", "sales"),
        of("ann", "2026-03-08T11:00:00Z", "sales"),
    ];
    enter(gateway, records).await;
}

#[tokio::test]
async fn g3_the_overview_compares_and_counts() {
    let gateway = Gateway::start_at(&Clock::fixed("2026-03-10T12:00:00Z".parse().unwrap())).await;
    let admin = gateway.admin();
    let manager = admin
        .create_person("max@example.com", json!({"role": "manager", "department": "sales"}))
        .await;
    let homeless = admin.create_person("moe@example.com", json!({"role": "manager"})).await;
    let pending =
        json!({"email": "new@example.com", "name": "New", "role": "user", "status": "pending", "department": "sales"});
    data(admin.post("/api/v1/admin/users").json(&pending), 201).await;
    enter_three_days(&gateway).await;
    let all = overview(admin, "").await;
    assert_eq!(
        (&all["now"]["requests"], &all["before"]["requests"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(pick(&all["people"], ["active", "all", "pending"]), json!([2, 4, 1]));
    assert_eq!(
        attention(&all),
        [
            json!(["no_model", null, null, null]),
            json!(["approvals", null, 1, null])
        ]
    );
    let sales = overview(admin, "&department=sales").await;
    assert_eq!(pick(&sales["people"], ["active", "all", "pending"]), json!([1, 2, 1]));
    let own = overview(&manager, "").await;
    assert_eq!(
        (&own["now"]["requests"], &own["before"]["requests"]),
        (&json!(2), &json!(1))
    );
    assert_eq!(pick(&own["people"], ["active", "all", "pending"]), json!([1, 1, 1]));
    assert_eq!(
        attention(&own),
        [json!(["approvals", null, 1, null])],
        "models are not a manager's"
    );
    assert_eq!(status(manager.get(&format!("{OVERVIEW}&department=legal"))).await, 403);
    assert_eq!(status(homeless.get(OVERVIEW)).await, 403);
}

#[tokio::test]
async fn g3_limits_that_are_near_and_trials_and_backends_want_attention() {
    let gateway = Gateway::start_at(&Clock::fixed("2026-03-10T12:00:00Z".parse().unwrap())).await;
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let admin = gateway.admin();
    admin.create_model_with("m", &provider, &json!({"id": "good"})).await;
    admin.create_policy("small", &json!({"request_quota_daily": 5})).await;
    admin
        .create_policy("trial", &json!({"mode": "shadow", "request_quota_daily": 1}))
        .await;
    let person = admin
        .create_person("ann@example.com", json!({"quota_policy": "small"}))
        .await;
    let trier = admin
        .create_person("bob@example.com", json!({"quota_policy": "trial"}))
        .await;
    let (program, trying) = (person.create_key().await, trier.create_key().await);
    for _ in 0..4 {
        assert_eq!(status(program.chat("m")).await, 200);
        assert_eq!(status(trying.chat("m")).await, 200);
    }
    let broken = Provider::always(Reply::error(401, &json!({"error": {"message": "bad key"}})));
    admin.create_model_with("other", &broken, &json!({"id": "bad"})).await;
    for _ in 0..2 {
        assert_eq!(status(trying.chat("other")).await, 502);
    }
    gateway.local().write_usage().await;
    let user = person.profile().await["id"].clone();
    let overview = overview(admin, "").await;
    assert_eq!(
        attention(&overview),
        [
            json!(["backend_out", "bad", null, "credentials"]),
            json!(["limit_near", user, 80, "request_quota_daily"]),
            json!(["shadow", "trial", 5, null]),
        ]
    );
}

//! Creating, changing and deleting a policy.

use futures_util::future::join_all;
use harness::Gateway;
use harness::client::{data, pick, refusal, status};
use serde_json::{Value, json};

use super::{POLICIES, list, path, provider};

#[tokio::test]
async fn a_policy_has_the_fields_that_it_is_made_with() {
    let gateway = Gateway::start().await.with_model("glm-4.7", &provider()).await;
    let admin = gateway.admin();
    let made = admin.create(POLICIES, &team()).await;
    assert_eq!(
        pick(
            &made,
            [
                "rate_limit",
                "rate_limit_window",
                "cost_quota_monthly",
                "token_quota_daily",
                "timezone"
            ]
        ),
        json!([60, 60, 12.5, null, "Asia/Shanghai"])
    );
    assert_eq!(
        pick(&made, ["mode", "version", "models"]),
        json!(["enforce", 1, ["glm*"]])
    );
    let again = admin.post(POLICIES).json(&json!({"name": "team"}));
    assert_eq!(refusal(again, 409).await, "conflict");
    let nameless = admin.post(POLICIES).json(&json!({"rate_limit": 5}));
    assert_eq!(refusal(nameless, 400).await, "invalid_value", "a policy has a name");
}

#[tokio::test]
async fn a_policy_is_changed_field_by_field() {
    let gateway = Gateway::start().await.with_model("glm-4.7", &provider()).await;
    let admin = gateway.admin();
    let made = admin.create(POLICIES, &team()).await;
    let changed = admin
        .change(&path("team"), &json!({"rate_limit": null, "mode": "shadow"}))
        .await;
    assert_eq!(
        pick(&changed, ["rate_limit", "mode", "version"]),
        json!([null, "shadow", 2])
    );
    assert_eq!(
        (&changed["cost_quota_monthly"], &changed["created_at"]),
        (&json!(12.5), &made["created_at"]),
        "what is absent stays"
    );
    let listed = list(admin).await;
    let names: Vec<_> = listed.iter().map(|policy| policy["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["default", "team"]);
    assert_eq!(listed[1], changed);

    let change = |body: Value| admin.put(&path("team")).json(&body);
    for conflict in [
        change(json!({"version": 1})),
        change(json!({})).header("if-match", "\"1\""),
    ] {
        assert_eq!(refusal(conflict, 409).await, "version_conflict");
    }
    for bad in [
        json!({"name": "other"}),
        json!({"rate_limit": -1}),
        json!({"default_model": "nothing"}),
        json!({"models": ["kimi*"]}),
        json!({"rate_limits": 5}),
    ] {
        assert_eq!(refusal(change(bad.clone()), 400).await, "invalid_value", "{bad}");
    }
}

#[tokio::test]
async fn a_policy_is_deleted_and_its_changes_are_in_the_audit_trail() {
    let gateway = Gateway::start().await.with_model("glm-4.7", &provider()).await;
    let admin = gateway.admin();
    admin.create(POLICIES, &team()).await;
    admin
        .change(&path("team"), &json!({"rate_limit": null, "mode": "shadow"}))
        .await;
    assert_eq!(status(admin.delete(&path("team"))).await, 200);
    for gone in [admin.delete(&path("team")), admin.put(&path("team")).json(&json!({}))] {
        assert_eq!(refusal(gone, 404).await, "not_found");
    }
    let trail = data(admin.get("/api/v1/admin/audit"), 200).await;
    let entries = trail.as_array().unwrap().iter();
    let entries: Vec<_> = entries
        .filter(|entry| entry["target"] == "team")
        .map(|entry| (entry["action"].as_str().unwrap(), entry["changed"].clone()))
        .collect();
    assert_eq!(
        entries,
        [
            ("policy.delete", json!([])),
            ("policy.update", json!(["mode", "rate_limit"])),
            ("policy.create", json!([]))
        ]
    );
}

/// A policy with a limit of each kind.
fn team() -> Value {
    json!({"name": "team", "rate_limit": 60, "cost_quota_monthly": 12.5, "token_quota_daily": 0, "timezone": "asia/shanghai",
        "available_time_ranges": [{"start": "22:00", "end": "24:00"}], "models": ["glm*"], "default_model": "glm-4.7"})
}

#[tokio::test]
async fn p47_the_default_policy_always_exists() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let untouched = &list(admin).await[0];
    assert_eq!(
        (&untouched["name"], &untouched["version"], &untouched["rate_limit"]),
        (&json!("default"), &json!(0), &Value::Null)
    );
    assert_eq!(
        refusal(admin.post(POLICIES).json(&json!({"name": "default"})), 409).await,
        "conflict"
    );
    assert_eq!(refusal(admin.delete(&path("default")), 409).await, "policy_in_use");
    let changed = data(admin.put(&path("default")).json(&json!({"rate_limit": 5})), 200).await;
    assert_eq!((&changed["rate_limit"], &changed["version"]), (&json!(5), &json!(1)));
    assert_eq!(list(admin).await, [changed]);
    assert_eq!(refusal(admin.delete(&path("default")), 409).await, "policy_in_use");
}

#[tokio::test]
async fn p54_one_of_many_creations_of_a_policy_succeeds() {
    let gateway = Gateway::start().await;
    let create = || gateway.admin().post(POLICIES).json(&json!({"name": "team"}));
    let mut statuses = join_all((0..16).map(|_| status(create()))).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![201], vec![409; 15]].concat());
}

#[tokio::test]
async fn at_most_100_policies() {
    let gateway = Gateway::start().await;
    // The default one is there already.
    for number in 1..100 {
        gateway.admin().create_policy(&format!("p{number}"), &json!({})).await;
    }
    assert_eq!(
        refusal(gateway.admin().post(POLICIES).json(&json!({"name": "one-more"})), 409).await,
        "conflict"
    );
}

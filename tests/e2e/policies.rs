//! Policies: their administration, who is under them, which models and hours they allow.

use std::time::Duration;

use domain::clock::Clock;
use futures_util::future::{join, join_all};
use harness::Gateway;
use harness::client::{Client, data, refusal};
use harness::provider::{Provider, Reply, anthropic, openai};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

const POLICIES: &str = "/api/v1/admin/policies";
const USERS: &str = "/api/v1/admin/users";

async fn list(admin: &Client) -> Vec<Value> {
    data(admin.get(POLICIES), 200).await.as_array().unwrap().clone()
}

fn path(policy: &str) -> String {
    format!("{POLICIES}/{policy}")
}

fn user_path(user: &Value) -> String {
    format!("{USERS}/{}", user["id"].as_str().unwrap())
}

/// A new account under this policy.
fn account(admin: &Client, email: &str, policy: &str) -> RequestBuilder {
    admin
        .post(USERS)
        .json(&json!({"email": email, "name": "A Person", "role": "user", "quota_policy": policy}))
}

fn provider() -> Provider {
    Provider::always(Reply::json(&openai::completion("Hello")))
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_policy_is_made_changed_field_by_field_and_deleted() {
    let gateway = Gateway::start().await.with_model("glm-4.7", &provider()).await;
    let admin = gateway.admin();
    let made = json!({"name": "team", "rate_limit": 60, "cost_quota_monthly": 12.5, "token_quota_daily": 0, "timezone": "asia/shanghai",
        "available_time_ranges": [{"start": "22:00", "end": "24:00"}], "models": ["glm*"], "default_model": "glm-4.7"});
    let made = data(admin.post(POLICIES).json(&made), 201).await;
    assert_eq!(
        (
            &made["rate_limit"],
            &made["rate_limit_window"],
            &made["cost_quota_monthly"],
            &made["token_quota_daily"],
            &made["timezone"]
        ),
        (
            &json!(60),
            &json!(60),
            &json!(12.5),
            &Value::Null,
            &json!("Asia/Shanghai")
        )
    );
    assert_eq!(
        (&made["mode"], &made["version"], &made["models"]),
        (&json!("enforce"), &json!(1), &json!(["glm*"]))
    );
    assert_eq!(
        refusal(admin.post(POLICIES).json(&json!({"name": "team"})), 409).await,
        "conflict"
    );

    let change = |body: Value| admin.put(&path("team")).json(&body);
    let changed = data(change(json!({"rate_limit": null, "mode": "shadow"})), 200).await;
    assert_eq!(
        (&changed["rate_limit"], &changed["mode"], &changed["version"]),
        (&Value::Null, &json!("shadow"), &json!(2))
    );
    assert_eq!(
        (&changed["cost_quota_monthly"], &changed["created_at"]),
        (&json!(12.5), &made["created_at"]),
        "what is absent stays"
    );
    assert_eq!(
        list(admin)
            .await
            .iter()
            .map(|policy| policy["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>(),
        ["default", "team"]
    );
    assert_eq!(list(admin).await[1], changed);
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
    assert_eq!(
        refusal(admin.post(POLICIES).json(&json!({"rate_limit": 5})), 400).await,
        "invalid_value",
        "a policy has a name"
    );
    assert_eq!(status(admin.delete(&path("team"))).await, 200);
    for gone in [admin.delete(&path("team")), change(json!({}))] {
        assert_eq!(refusal(gone, 404).await, "not_found");
    }

    let trail = data(admin.get("/api/v1/admin/audit"), 200).await;
    let actions = trail
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["target"] == "team");
    let actions: Vec<_> = actions
        .map(|entry| (entry["action"].as_str().unwrap(), entry["changed"].clone()))
        .collect();
    assert_eq!(
        actions,
        [
            ("policy.delete", json!([])),
            ("policy.update", json!(["mode", "rate_limit"])),
            ("policy.create", json!([]))
        ]
    );
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

async fn models(program: &Client) -> Vec<String> {
    let list: Value = program.get("/v1/models").send().await.unwrap().json().await.unwrap();
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn p19_a_model_needs_the_keys_list_and_the_policys() {
    let provider = provider();
    let gateway = Gateway::start()
        .await
        .with_model("glm-4.7", &provider)
        .await
        .with_model("glm-air", &provider)
        .await;
    let admin = gateway.admin();
    admin.create_model("kimi", &provider).await;
    data(
        admin
            .put("/api/v1/admin/models/kimi")
            .json(&json!({"aliases": ["glm-like", "claude-*"]})),
        200,
    )
    .await;
    admin.create_policy("glm", &json!({"models": ["glm*"]})).await;
    let person = admin
        .create_person("somebody@example.com", json!({"quota_policy": "glm"}))
        .await;
    let (all, narrow) = (person.create_key().await, key_for(&person, json!(["glm-air"])).await);
    assert_eq!(models(&all).await, ["glm-4.7", "glm-air"]);
    assert_eq!(models(&narrow).await, ["glm-air"]);

    // Rights are judged by the model, not by the name under which it is asked for; the unknown looks alike.
    let count = |program: &Client, model: &str| {
        let body = json!({"model": model, "messages": [{"role": "user", "content": "Hello"}]});
        program.post("/v1/messages/count_tokens").json(&body)
    };
    for (program, model) in [
        (&all, "kimi"),
        (&all, "glm-like"),
        (&all, "claude-4"),
        (&all, "nothing"),
        (&all, "GLM-air"),
        (&narrow, "glm-4.7"),
    ] {
        assert_eq!(refusal(program.chat(model), 404).await, "model_not_found", "{model}");
        assert_eq!(status(program.message(model)).await, 404, "{model}");
        assert_eq!(status(count(program, model)).await, 404, "{model}");
        assert_eq!(
            refusal(program.get(&format!("/v1/models/{model}")), 404).await,
            "model_not_found",
            "{model}"
        );
    }
    let bodies = join_all(["kimi", "nothing"].map(|model| error(all.chat(model)))).await;
    assert_eq!(
        bodies[0].replace("kimi", "nothing"),
        bodies[1],
        "forbidden and unknown are the same answer"
    );
    assert!(provider.received().is_empty());
    assert_eq!(status(all.chat("glm-4.7")).await, 200);
    assert_eq!(status(narrow.message("glm-air")).await, 200);
    assert_eq!(status(count(&narrow, "glm-air")).await, 200);

    for bad in ["kimi", "nothing", "glm*"] {
        let attempt = person
            .post("/api/v1/user/keys")
            .json(&json!({"name": "x", "models": [bad]}));
        assert_eq!(refusal(attempt, 400).await, "invalid_value", "{bad}");
    }
    // A policy that changes takes rights from keys that are there.
    data(admin.put(&path("glm")).json(&json!({"models": ["kimi"]})), 200).await;
    assert_eq!(
        (models(&all).await, models(&narrow).await),
        (vec!["kimi".to_owned()], vec![])
    );
    assert_eq!(status(narrow.chat("glm-air")).await, 404);
    assert_eq!(status(all.chat("claude-4")).await, 200);
}

async fn key_for(person: &Client, models: Value) -> Client {
    let key = person
        .post("/api/v1/user/keys")
        .json(&json!({"name": "narrow", "models": models}));
    person.with(data(key, 201).await["key"].as_str().unwrap())
}

async fn error(request: RequestBuilder) -> String {
    request.send().await.unwrap().json::<Value>().await.unwrap()["error"].to_string()
}

/// What an answer says of another try: `Retry-After` and `x-should-retry`.
fn advice(answer: &Response) -> (Option<&str>, Option<&str>) {
    let header = |name| answer.headers().get(name).map(|value| value.to_str().unwrap());
    (header("retry-after"), header("x-should-retry"))
}

#[tokio::test]
async fn p47_hours_are_kept_by_the_clock_of_the_policys_zone() {
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
        json!({"message": message, "type": "rate_limit_error", "param": null, "code": "outside_available_hours"})
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
async fn a_shadow_policy_refuses_nothing_but_models() {
    let provider = Provider::always(Reply::json(&anthropic::message("Hello")));
    let clock = Clock::fixed("2026-11-23T12:00:00Z".parse().unwrap());
    let gateway = Gateway::start_at(&clock).await;
    gateway
        .admin()
        .create_model_with("m", &provider, &json!({"protocol": "anthropic"}))
        .await;
    let shadow =
        json!({"mode": "shadow", "available_time_ranges": [{"start": "00:00", "end": "06:00"}], "models": ["m"]});
    gateway.admin().create_policy("night", &shadow).await;
    let program = gateway.admin().create_program_under("night").await;
    assert_eq!(status(program.message("m")).await, 200);
    assert_eq!(status(program.message("other")).await, 404);
    data(
        gateway.admin().put(&path("night")).json(&json!({"mode": "enforce"})),
        200,
    )
    .await;
    assert_eq!(status(program.message("m")).await, 429);
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

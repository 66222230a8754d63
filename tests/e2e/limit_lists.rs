//! Limits as a list, of policies and of keys, as people meet them.

use std::time::Duration;

use domain::clock::Clock;
use harness::Gateway;
use harness::client::{Client, data, status};
use harness::provider::{Provider, Reply, openai};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

/// As long as a process remembers a policy or a key.
const REMEMBERED: Duration = Duration::from_secs(31);

/// A gateway with the models `m` and `opus-1`, and a person under the policy `team` with these limits.
struct Scene {
    clock: Clock,
    _provider: Provider,
    gateway: Gateway,
    person: Client,
}

impl Scene {
    /// It is Friday, 2026-11-27T10:00:00Z.
    async fn under(policy: Value) -> Self {
        let clock = Clock::fixed("2026-11-27T10:00:00Z".parse().unwrap());
        let provider = Provider::always(Reply::json(&openai::completion("Hello")));
        let gateway = Gateway::start_at(&clock).await.with_model("m", &provider).await;
        let gateway = gateway.with_model("opus-1", &provider).await;
        gateway.admin().create_policy("team", &policy).await;
        let team = json!({"quota_policy": "team"});
        let person = gateway.admin().create_person("somebody@example.com", team).await;
        Self {
            clock,
            _provider: provider,
            gateway,
            person,
        }
    }

    fn admin(&self) -> &Client {
        self.gateway.admin()
    }

    /// Changes the policy, and waits until everybody knows.
    async fn change_policy(&self, change: Value) -> Value {
        let changed = self.admin().change("/api/v1/admin/policies/team", &change).await;
        self.clock.advance(REMEMBERED);
        changed
    }

    /// The reset of a limit of the person.
    async fn reset(&self, limit: &str) -> RequestBuilder {
        let path = format!("{}/quota/reset", self.person.account_path().await);
        self.admin().post(&path).json(&json!({"limits": [limit]}))
    }
}

/// The error of a refused request.
async fn refused(program: &Client, model: &str) -> Value {
    let answer = program.chat(model).send().await.unwrap();
    assert_eq!(answer.status(), 429);
    answer.json::<Value>().await.unwrap()["error"].clone()
}

async fn served(program: &Client, model: &str) {
    assert_eq!(status(program.chat(model)).await, 200);
}

#[tokio::test]
async fn p88_b1_a_week_is_full_until_monday() {
    let limits = json!({"limits": [{"what": "requests", "per": "week", "amount": 2}], "timezone": "Asia/Shanghai"});
    let scene = Scene::under(limits).await;
    let program = scene.person.create_key().await;
    served(&program, "m").await;
    let second = program.chat("m").send().await.unwrap();
    assert_eq!(second.headers()["x-budget-warning"], "user requests/week 100%");
    let error = refused(&program, "m").await;
    assert_eq!(
        (&error["code"], &error["level"], &error["limit"], &error["resets_at"]),
        (
            &json!("insufficient_quota"),
            &json!("user"),
            &json!("requests/week"),
            &json!("2026-11-29T16:00:00Z")
        ),
        "{error}"
    );
    let quota = data(scene.person.get("/api/v1/user/quota"), 200).await;
    assert_eq!(
        quota["limits"],
        json!([{"name": "requests/week", "limit": 2, "used": 2, "remaining": 0, "resets_at": "2026-11-29T16:00:00Z"}])
    );
    scene.clock.advance(Duration::from_hours(54));
    served(&program, "m").await;
}

#[tokio::test]
async fn p88_a_new_limit_begins_at_what_was_used_in_its_window() {
    let scene = Scene::under(json!({"rate_limit": 100})).await;
    let program = scene.person.create_key().await;
    for model in ["m", "m", "opus-1"] {
        served(&program, model).await;
    }
    scene
        .change_policy(json!({"limits": [
            {"what": "requests", "per": "week", "amount": 5},
            {"what": "tokens", "per": "total", "amount": 1_000_000},
            {"what": "requests", "per": "total", "amount": 2, "models": ["opus*"]},
        ]}))
        .await;
    served(&program, "opus-1").await;
    let quota = data(scene.person.get("/api/v1/user/quota"), 200).await;
    let limits = quota["limits"].as_array().unwrap();
    let used: Vec<&Value> = limits.iter().map(|limit| &limit["used"]).collect();
    // The provider tells 5 tokens of each request.
    assert_eq!(used, [&json!(4), &json!(4), &json!(20), &json!(2)], "{quota}");
    assert_eq!(refused(&program, "opus-1").await["limit"], "requests/total/opus*");
    served(&program, "m").await;
    assert_eq!(refused(&program, "m").await["limit"], "requests/week");
}

#[tokio::test]
async fn p88_a_new_limit_that_is_full_already_can_be_reset() {
    let scene = Scene::under(json!({"rate_limit": 100})).await;
    let program = scene.person.create_key().await;
    served(&program, "m").await;
    let limits = json!([{"what": "requests", "per": "total", "amount": 1}]);
    scene.change_policy(json!({ "limits": limits })).await;
    assert_eq!(refused(&program, "m").await["limit"], "requests/total");
    data(scene.reset("requests/total").await, 200).await;
    served(&program, "m").await;
    assert_eq!(refused(&program, "m").await["limit"], "requests/total");
}

#[tokio::test]
async fn p88_a_limit_for_some_models_leaves_the_others_alone() {
    let scene = Scene::under(json!({"limits": [
        {"what": "requests", "per": "day", "amount": 1, "models": ["opus*"]},
        {"what": "requests", "per": "3600s", "amount": 3},
    ]}))
    .await;
    let program = scene.person.create_key().await;
    served(&program, "opus-1").await;
    let error = refused(&program, "opus-1").await;
    assert_eq!(error["limit"], "requests/day/opus*");
    assert_eq!(
        error["message"],
        "the policy `team` allows 1 requests a day, by the clock of UTC, of opus* (`requests/day/opus*`): 1 requests are \
         used; there is room again at 2026-11-28T00:00:00Z"
    );
    served(&program, "m").await;
    served(&program, "m").await;
    assert_eq!(refused(&program, "m").await["code"], "rate_limit_exceeded");
}

#[tokio::test]
async fn p88_field_and_list_say_the_same_and_nothing_is_limited_twice() {
    let scene = Scene::under(json!({"request_quota_daily": 2})).await;
    let program = scene.person.create_key().await;
    served(&program, "m").await;
    let policy = || scene.admin().put("/api/v1/admin/policies/team");
    let daily = json!({"what": "requests", "per": "day", "amount": 2});
    let many: Vec<Value> = (1..14)
        .map(|n| json!({"what": "requests", "per": format!("{n}s"), "amount": 1}))
        .collect();
    for (change, field) in [
        (json!({"limits": [daily]}), "limits[0]"),
        (
            json!({"limits": [{"what": "cost", "per": "week", "amount": 1}, {"what": "cost", "per": "week", "amount": 2}]}),
            "limits",
        ),
        (json!({"limits": many}), "limits"),
        (
            json!({"limits": [{"what": "cost", "per": "year", "amount": 1}]}),
            "limits[0]",
        ),
    ] {
        let answer = policy().json(&change).send().await.unwrap();
        assert_eq!(answer.status(), 400);
        let error = answer.json::<Value>().await.unwrap();
        assert!(error.to_string().contains(field), "{error}");
    }
    // In the other spelling it goes on where it was.
    scene
        .change_policy(json!({"request_quota_daily": null, "limits": [daily]}))
        .await;
    served(&program, "m").await;
    let error = refused(&program, "m").await;
    assert_eq!(error["limit"], "requests/day");
    assert!(
        error["message"].as_str().unwrap().contains("(`request_quota_daily`)"),
        "{error}"
    );
}

#[tokio::test]
async fn p88_shadow_mode_counts_and_never_refuses() {
    let limits = json!([{"what": "requests", "per": "week", "amount": 1}]);
    let scene = Scene::under(json!({"mode": "shadow", "limits": limits})).await;
    let program = scene.person.create_key().await;
    served(&program, "m").await;
    served(&program, "m").await;
    scene.change_policy(json!({"mode": "enforce"})).await;
    assert_eq!(refused(&program, "m").await["limit"], "requests/week");
}

#[tokio::test]
async fn p88_limits_of_a_list_are_raised_and_reset_by_their_names() {
    let limits = json!([{"what": "requests", "per": "week", "amount": 1, "models": ["m"]}]);
    let scene = Scene::under(json!({"limits": limits})).await;
    let program = scene.person.create_key().await;
    served(&program, "m").await;
    assert_eq!(refused(&program, "m").await["limit"], "requests/week/m");
    let quota = data(scene.reset("requests/week/m").await, 200).await;
    assert_eq!(quota["limits"][0]["used"], 0, "{quota}");
    assert_eq!(status(scene.reset("requests/week").await).await, 400);
    served(&program, "m").await;
    let top_up = json!({
        "account": scene.person.id().await, "limit": "requests/week/m", "add": 1, "until": "2026-11-28T00:00:00Z",
        "reason": "a deadline"
    });
    scene.admin().create("/api/v1/admin/top-ups", &top_up).await;
    scene.clock.advance(REMEMBERED);
    served(&program, "m").await;
    assert_eq!(refused(&program, "m").await["limit"], "requests/week/m");
}

/// The path and the program of a key with these limits.
async fn key_with(person: &Client, limits: &Value) -> (String, Client) {
    let key = person
        .create("/api/v1/user/keys", &json!({"name": "narrow", "limits": limits}))
        .await;
    assert_eq!(&key["limits"], limits);
    let path = format!("/api/v1/user/keys/{}", key["id"].as_str().unwrap());
    (path, person.with(key["key"].as_str().unwrap()))
}

#[tokio::test]
async fn p89_the_limits_of_a_key_hold_beside_those_of_its_owner() {
    let scene = Scene::under(json!({"request_quota_daily": 3})).await;
    let total = |amount: u64| json!([{"what": "requests", "per": "total", "amount": amount}]);
    let (path, narrow) = key_with(&scene.person, &total(1)).await;
    let wide = scene.person.create_key().await;
    served(&narrow, "m").await;
    let error = refused(&narrow, "m").await;
    assert_eq!(
        (&error["level"], &error["limit"]),
        (&json!("key"), &json!("requests/total"))
    );
    assert_eq!(
        error["message"],
        "the key allows 1 requests in all (`requests/total`): 1 requests are used"
    );
    served(&wide, "m").await;
    let quota = data(scene.person.get("/api/v1/user/quota"), 200).await;
    assert_eq!(
        (
            &quota["keys"][0]["name"],
            &quota["keys"][0]["limits"],
            &quota["keys"][1]
        ),
        (
            &json!("narrow"),
            &json!([{"name": "requests/total", "limit": 1, "used": 1, "remaining": 0, "resets_at": null}]),
            &Value::Null
        ),
        "{quota}"
    );
    scene.person.change(&path, &json!({"limits": total(5)})).await;
    scene.clock.advance(REMEMBERED);
    served(&narrow, "m").await;
    let error = refused(&narrow, "m").await;
    assert_eq!(
        (&error["level"], &error["limit"]),
        (&json!("user"), &json!("requests/day"))
    );
}

#[tokio::test]
async fn p89_a_key_is_limited_where_its_owner_is_not_and_by_administrators_too() {
    let scene = Scene::under(json!({})).await;
    let (path, narrow) = key_with(&scene.person, &json!([])).await;
    let id = path.rsplit_once('/').unwrap().1;
    let of_admin = format!("{}/keys/{id}", scene.person.account_path().await);
    let limits = json!([{"what": "requests", "per": "day", "amount": 1}, {"what": "concurrency", "amount": 1}]);
    let changed = scene.admin().change(&of_admin, &json!({"limits": limits})).await;
    assert_eq!(changed["limits"], limits);
    scene.clock.advance(REMEMBERED);
    served(&narrow, "m").await;
    assert_eq!(refused(&narrow, "m").await["level"], "key");
    let five: Vec<Value> = (1..6)
        .map(|n| json!({"what": "requests", "per": format!("{n}s"), "amount": 1}))
        .collect();
    assert_eq!(
        status(scene.person.put(&path).json(&json!({"limits": five}))).await,
        400
    );
}

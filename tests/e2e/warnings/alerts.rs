//! Alerts: who is told when a limit comes to a percent, and how often (promise 96).

use std::time::Duration;

use domain::clock::Clock;
use harness::client::{Client, data, refusal, status};
use harness::provider::{Provider, Reply, openai};
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD, Gateway};
use serde_json::{Value, json};

/// A gateway with the model `m`, on Friday, 2026-11-27T10:00:00Z.
pub(super) struct Scene {
    pub(super) clock: Clock,
    pub(super) gateway: Gateway,
    _provider: Provider,
}

impl Scene {
    pub(super) async fn start() -> Self {
        let clock = Clock::fixed("2026-11-27T10:00:00Z".parse().unwrap());
        let provider = Provider::always(Reply::json(&openai::completion("Hello")));
        let gateway = Gateway::start_at(&clock).await.with_model("m", &provider).await;
        Self {
            clock,
            gateway,
            _provider: provider,
        }
    }

    pub(super) fn admin(&self) -> &Client {
        self.gateway.admin()
    }

    /// A program under a policy of ten requests a day, with these members.
    pub(super) async fn program(&self, policy: Value) -> Client {
        let mut limits = json!({"request_quota_daily": 10});
        for (name, value) in policy.as_object().unwrap() {
            limits[name] = value.clone();
        }
        self.admin().create_policy("team", &limits).await;
        self.admin().create_program_under("team").await
    }

    /// The alerts, the one that is shown first before the others. Whatever the time is, the administrator is signed in.
    pub(super) async fn alerts(&self) -> Value {
        let admin = self.gateway.anybody().signed_in(ADMIN_EMAIL, ADMIN_PASSWORD).await;
        data(admin.get("/api/v1/admin/alerts"), 200).await
    }

    /// The alerts, oldest first, each as `level limit percent`.
    pub(super) async fn told(&self) -> Vec<String> {
        told(&self.alerts().await)
    }
}

/// The alerts, oldest first, each as `level limit percent`.
pub(crate) fn told(alerts: &Value) -> Vec<String> {
    let mut told: Vec<(String, u64, String)> = Vec::new();
    for alert in alerts.as_array().unwrap() {
        let percent = alert["percent"].as_u64().unwrap();
        let [at, level, limit] = ["at", "level", "limit"].map(|name| alert[name].as_str().unwrap());
        told.push((at.to_owned(), percent, format!("{level} {limit} {percent}")));
    }
    told.sort();
    told.into_iter().map(|(_, _, text)| text).collect()
}

pub(super) async fn ask(program: &Client, times: usize) {
    for _ in 0..times {
        assert_eq!(status(program.chat("m")).await, 200);
    }
}

#[tokio::test]
async fn p96_b7_each_percent_is_told_once_and_never_early() {
    let scene = Scene::start().await;
    let program = scene.program(json!({"notify": {}})).await;
    ask(&program, 4).await;
    assert!(scene.told().await.is_empty());
    ask(&program, 1).await;
    assert_eq!(scene.told().await, ["user requests/day 50"]);
    ask(&program, 5).await;
    assert_eq!(status(program.chat("m")).await, 429);
    let all = [50, 80, 90, 100].map(|percent| format!("user requests/day {percent}"));
    assert_eq!(scene.told().await, all);
    scene.clock.advance(Duration::from_hours(24));
    ask(&program, 5).await;
    assert_eq!(scene.told().await.len(), 5, "another day begins anew");
}

#[tokio::test]
async fn p96_an_alert_tells_whose_limit_it_is_and_how_far_it_is_used() {
    let scene = Scene::start().await;
    let program = scene.program(json!({"notify": {"at": [30]}})).await;
    ask(&program, 3).await;
    let alerts = scene.alerts().await;
    let alert = &alerts[0];
    assert_eq!(
        [
            &alert["percent"],
            &alert["amount"],
            &alert["used"],
            &alert["reserved"],
            &alert["attempts"]
        ],
        [30, 10, 3, 0, 0],
        "{alert}"
    );
    assert_eq!(
        [
            &alert["limit"],
            &alert["level"],
            &alert["policy"],
            &alert["mode"],
            &alert["resets_at"]
        ],
        ["requests/day", "user", "team", "enforce", "2026-11-28T00:00:00Z"],
        "{alert}"
    );
    assert_eq!(alert["user"]["email"], "somebody@team.example.com", "{alert}");
    assert_eq!(
        (&alert["key"], &alert["sent_at"]),
        (&Value::Null, &Value::Null),
        "{alert}"
    );
}

#[tokio::test]
async fn p96_a_limit_that_falls_below_what_is_used_is_told_by_who_refuses() {
    let scene = Scene::start().await;
    let program = scene.program(json!({"notify": {"at": [100]}})).await;
    ask(&program, 5).await;
    let lower = json!({"request_quota_daily": 4});
    scene.admin().change("/api/v1/admin/policies/team", &lower).await;
    assert_eq!(status(program.chat("m")).await, 429);
    assert_eq!(scene.told().await, ["user requests/day 100"]);
}

#[tokio::test]
async fn p96_keys_have_alerts_of_their_own_limits() {
    let scene = Scene::start().await;
    scene
        .admin()
        .create_policy("team", &json!({"notify": {"at": [50]}}))
        .await;
    let team = json!({"quota_policy": "team"});
    let person = scene.admin().create_person("somebody@example.com", team).await;
    let limits = json!([{"what": "requests", "per": "week", "amount": 4}]);
    let key = json!({"name": "laptop", "limits": limits});
    let made = person.create("/api/v1/user/keys", &key).await;
    ask(&person.with(made["key"].as_str().unwrap()), 2).await;
    assert_eq!(scene.told().await, ["key requests/week 50"]);
    let alerts = scene.alerts().await;
    assert_eq!(alerts[0]["key"]["name"], "laptop", "{alerts}");
    assert_eq!(alerts[0]["key"]["id"], made["id"], "{alerts}");
}

#[tokio::test]
async fn p96_of_several_percents_at_once_the_highest_is_told_also_in_shadow_mode() {
    let scene = Scene::start().await;
    let policy = json!({"request_quota_daily": 1, "mode": "shadow", "notify": {}});
    ask(&scene.program(policy).await, 2).await;
    assert_eq!(scene.told().await, ["user requests/day 100"]);
    let alerts = scene.alerts().await;
    assert_eq!(alerts[0]["mode"], "shadow");
}

#[tokio::test]
async fn p96_the_settings_speak_for_policies_that_say_nothing_and_nobody_is_told_unasked() {
    let scene = Scene::start().await;
    let program = scene.program(json!({})).await;
    ask(&program, 5).await;
    assert!(scene.told().await.is_empty());
    let alerts = json!({"alerts": {"at": [70]}});
    scene.admin().change("/api/v1/admin/settings", &alerts).await;
    ask(&program, 2).await;
    assert_eq!(scene.told().await, ["user requests/day 70"]);
}

#[tokio::test]
async fn p96_who_is_told_is_the_administrators_to_say_and_to_see() {
    let scene = Scene::start().await;
    let hook = json!({"notify": {"webhook": "http://127.0.0.1:1/hook?token=t", "at": [95, 80]}});
    scene.admin().create_policy("team", &hook).await;
    let policy = data(scene.admin().get("/api/v1/admin/policies/team"), 200).await;
    let expected = json!({"webhook": "http://127.0.0.1:1/hook?token=t", "at": [80, 95], "format": "json"});
    assert_eq!(policy["notify"], expected);
    let team = json!({"quota_policy": "team"});
    let person = scene.admin().create_person("somebody@example.com", team).await;
    let quota = data(person.get("/api/v1/user/quota"), 200).await;
    assert!(!quota.to_string().contains("hook"), "{quota}");
    let quota = data(person.create_key().await.get("/v1/quota"), 200).await;
    assert!(!quota.to_string().contains("hook"), "{quota}");
    assert_eq!(status(person.get("/api/v1/admin/alerts")).await, 403);
    for wrong in [
        "http://169.254.169.254/",
        "http://93.184.216.34/hook",
        "hook",
        "https://a.example/?a=b#c",
    ] {
        for (path, body) in [
            ("/api/v1/admin/policies/team", json!({"notify": {"webhook": wrong}})),
            ("/api/v1/admin/settings", json!({"alerts": {"webhook": wrong}})),
        ] {
            let code = refusal(scene.admin().put(path).json(&body), 400).await;
            assert_eq!(code, "invalid_base_url", "{wrong}");
        }
    }
    let cleared = json!({"notify": null});
    let policy = scene.admin().change("/api/v1/admin/policies/team", &cleared).await;
    assert_eq!(policy["notify"], Value::Null);
}

#[tokio::test]
async fn p96_the_audit_trail_tells_no_token_of_a_webhook() {
    let scene = Scene::start().await;
    let notify = json!({"webhook": "https://hooks.example/services/T0K3N?key=T0K3N"});
    let alerts = json!({ "alerts": notify });
    data(scene.admin().put("/api/v1/admin/settings").json(&alerts), 200).await;
    scene.program(json!({ "notify": notify })).await;
    let other = json!({"notify": {"webhook": "https://other.example/T0K3N"}});
    data(scene.admin().put("/api/v1/admin/policies/team").json(&other), 200).await;
    let trail = data(scene.admin().get("/api/v1/admin/audit"), 200).await.to_string();
    assert!(
        trail.contains("https://hooks.example") && trail.contains("https://other.example"),
        "{trail}"
    );
    assert!(!trail.contains("T0K3N"), "{trail}");
}

//! A person's limits in the hands of administrators: taken back, and raised for a time.

use std::time::Duration;

use domain::clock::Clock;
use harness::client::{Client, data, pick, refusal, status};
use harness::provider::{Provider, Reply, openai};
use harness::{Gate, Gateway};
use serde_json::{Value, json};

const TOP_UPS: &str = "/api/v1/admin/top-ups";

/// A person under the policy `team` with these limits.
pub(super) async fn person_under(gateway: &Gateway, limits: &Value) -> (Client, String) {
    let admin = gateway.admin();
    admin.create_policy("team", limits).await;
    let member = json!({"quota_policy": "team", "department": "sales"});
    let person = admin.create_person("a@example.com", member).await;
    let path = person.account_path().await;
    (person, path)
}

async fn used(gateway: &Gateway, person: &str) -> Value {
    let quota = data(gateway.admin().get(&format!("{person}/quota")), 200).await;
    let limits = quota["limits"].as_array().unwrap().iter();
    limits.map(|limit| pick(limit, ["name", "used"])).collect()
}

#[tokio::test]
async fn op7_g11_a_limit_is_reset_and_what_is_reserved_stays() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let limits = json!({"request_quota_daily": 2, "rate_limit": 100});
    let (person, path) = person_under(&gateway, &limits).await;
    let program = person.create_key().await;
    provider.will(Reply::json(&openai::completion("Hello")));
    assert_eq!(status(program.chat("m")).await, 200);
    let gate = Gate::new();
    provider.will(Reply::events().event(&openai::chunk("Hel")).wait(&gate).done());
    let mut running = program.chat_stream("m").send().await.unwrap();
    assert!(running.chunk().await.unwrap().is_some());
    assert_eq!(refusal(program.chat("m"), 429).await, "insufficient_quota");

    let reset = json!({"limits": ["request_quota_daily"]});
    let shown = data(gateway.admin().post(&format!("{path}/quota/reset")).json(&reset), 200).await;
    assert_eq!(shown, data(person.get("/api/v1/user/quota"), 200).await);
    assert_eq!(
        used(&gateway, &path).await,
        json!([["rate_limit", 2], ["request_quota_daily", 1]]),
        "the one that runs"
    );
    provider.will(Reply::json(&openai::completion("Hello")));
    assert_eq!(status(program.chat("m")).await, 200);
    assert_eq!(refusal(program.chat("m"), 429).await, "insufficient_quota");
    gate.open();
    while running.chunk().await.unwrap().is_some() {}
    assert_eq!(used(&gateway, &path).await[1], json!(["request_quota_daily", 2]));
    let trail = data(gateway.admin().get("/api/v1/admin/audit?action=quota.reset"), 200).await;
    assert_eq!(trail[0]["values"]["request_quota_daily"]["old"], 2, "{trail}");
}

#[tokio::test]
async fn op7_g11_resets_and_requests_at_once_lose_nothing() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let (person, path) = person_under(&gateway, &json!({"request_quota_daily": 1000, "max_concurrency": 50})).await;
    let program = person.create_key().await;
    let requests = futures_util::future::join_all((0..24).map(|_| status(program.chat("m"))));
    let resets = futures_util::future::join_all((0..4).map(|_| {
        let reset = json!({"limits": ["request_quota_daily"]});
        status(gateway.admin().post(&format!("{path}/quota/reset")).json(&reset))
    }));
    let (requests, resets) = tokio::join!(requests, resets);
    assert!(
        requests.iter().chain(&resets).all(|status| *status == 200),
        "{requests:?} {resets:?}"
    );
    let counted = used(&gateway, &path).await[0][1].as_u64().unwrap();
    assert!(counted <= 24, "{counted}");
    let reset = json!({"limits": ["request_quota_daily"]});
    data(gateway.admin().post(&format!("{path}/quota/reset")).json(&reset), 200).await;
    assert_eq!(
        used(&gateway, &path).await,
        json!([["request_quota_daily", 0], ["max_concurrency", 0]])
    );
}

#[tokio::test]
async fn op7_g11_a_reset_names_limits_that_can_be_reset_and_is_an_administrators() {
    let gateway = Gateway::start().await;
    let (person, path) = person_under(&gateway, &json!({"request_quota_daily": 2})).await;
    let manager = json!({"role": "manager", "department": "sales"});
    let manager = gateway.admin().create_person("m@example.com", manager).await;
    let reset = |client: &Client, limits: Value| {
        client
            .post(&format!("{path}/quota/reset"))
            .json(&json!({"limits": limits}))
    };
    for wrong in [
        json!([]),
        json!(["max_concurrency"]),
        json!(["hours"]),
        json!("rate_limit"),
    ] {
        assert_eq!(
            refusal(reset(gateway.admin(), wrong.clone()), 400).await,
            "invalid_value",
            "{wrong}"
        );
    }
    for client in [&manager, &person] {
        assert_eq!(
            refusal(reset(client, json!(["request_quota_daily"])), 403).await,
            "forbidden"
        );
    }
    // Somebody who never made a request has nothing to take back.
    data(reset(gateway.admin(), json!(["request_quota_daily"])), 200).await;
    let nobody = gateway.admin().post("/api/v1/admin/users/nobody/quota/reset");
    assert_eq!(
        refusal(nobody.json(&json!({"limits": ["rate_limit"]})), 404).await,
        "not_found"
    );
}

#[tokio::test]
async fn op7_a_limit_is_raised_for_a_time() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let clock = Clock::fixed("2026-11-27T12:00:00Z".parse().unwrap());
    let gateway = Gateway::start_at(&clock).await.with_model("m", &provider).await;
    let (person, path) = person_under(&gateway, &json!({"request_quota_daily": 1})).await;
    let program = person.create_key().await;
    assert_eq!(status(program.chat("m")).await, 200);
    assert_eq!(refusal(program.chat("m"), 429).await, "insufficient_quota");
    let account = path.rsplit('/').next().unwrap();
    let top_up = json!({"account": account, "limit": "request_quota_daily", "add": 2, "until": "2026-11-27T13:00:00Z", "reason": "a release"});
    let made = gateway.admin().create(TOP_UPS, &top_up).await;
    let fields = ["account", "limit", "add", "until", "reason"];
    assert_eq!(pick(&made, fields), pick(&top_up, fields));
    assert_eq!(data(gateway.admin().get(TOP_UPS), 200).await, json!([made]));
    let of = |account: &str| gateway.admin().get(&format!("{TOP_UPS}?account={account}"));
    assert_eq!(data(of(account), 200).await, json!([made]));
    assert_eq!(data(of("nobody"), 200).await, json!([]));
    let quota = data(person.get("/api/v1/user/quota"), 200).await;
    assert_eq!(
        pick(&quota["limits"][0], ["limit", "used", "remaining"]),
        json!([3, 1, 2])
    );
    let added = json!([{"name": "request_quota_daily", "add": 2, "until": "2026-11-27T13:00:00Z"}]);
    assert_eq!(quota["top_ups"], added);
    for expected in [200, 200, 429] {
        assert_eq!(status(program.chat("m")).await, expected);
    }
    // Another one, ended before its time, leaves what was admitted.
    let second = gateway.admin().create(TOP_UPS, &top_up).await;
    assert_eq!(status(program.chat("m")).await, 200);
    let path = format!("{TOP_UPS}/{account}/{}", second["id"].as_str().unwrap());
    assert_eq!(status(gateway.admin().delete(&path)).await, 200);
    assert_eq!(refusal(gateway.admin().delete(&path), 404).await, "not_found");
    assert_eq!(status(program.chat("m")).await, 429);
    clock.advance(Duration::from_hours(1));
    assert_eq!(data(gateway.admin().get(TOP_UPS), 200).await, json!([]), "it has ended");
    let quota = data(person.get("/api/v1/user/quota"), 200).await;
    assert_eq!(pick(&quota["limits"][0], ["limit", "remaining"]), json!([1, 0]));
    let trail = data(gateway.admin().get("/api/v1/admin/audit?action=top_up.create"), 200).await;
    assert_eq!(trail[0]["values"]["reason"]["new"], "a release");
    let trail = data(gateway.admin().get("/api/v1/admin/audit?action=top_up.delete"), 200).await;
    assert_eq!(trail[0]["values"]["reason"], json!({"old": "a release", "new": null}));
}

/// A top-up of this account that is right.
fn half_a_dollar(account: &str) -> Value {
    let until = Clock::system().now() + jiff::SignedDuration::from_hours(24);
    json!({"account": account, "limit": "cost_quota_monthly", "add": 0.5, "until": until.to_string(), "reason": "r"})
}

#[tokio::test]
async fn op7_a_top_up_is_judged_like_every_value() {
    let gateway = Gateway::start().await;
    let (person, path) = person_under(&gateway, &json!({"cost_quota_monthly": 5})).await;
    let right = half_a_dollar(path.rsplit('/').next().unwrap());
    let late = Clock::system().now() + jiff::SignedDuration::from_hours(93 * 24);
    for (field, value) in [
        ("limit", json!("hours")),
        ("add", json!(0)),
        ("add", json!(-1)),
        ("add", json!("5")),
        ("add", json!(0.000_000_1)),
        ("until", json!("2020-01-01T00:00:00Z")),
        ("until", json!(late.to_string())),
        ("reason", json!("")),
        ("colour", json!("red")),
    ] {
        let mut wrong = right.clone();
        wrong[field] = value;
        let answer = gateway.admin().post(TOP_UPS).json(&wrong).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{wrong}");
        assert_eq!(
            answer.json::<Value>().await.unwrap()["error"]["field"],
            field,
            "{wrong}"
        );
    }
    let mut tokens = right.clone();
    (tokens["limit"], tokens["add"]) = (json!("token_quota_daily"), json!(1.5));
    let post = |client: &Client, top_up: &Value| client.post(TOP_UPS).json(top_up);
    assert_eq!(refusal(post(gateway.admin(), &tokens), 400).await, "invalid_value");
    assert_eq!(
        refusal(post(gateway.admin(), &half_a_dollar("nobody")), 404).await,
        "not_found"
    );
    assert_eq!(refusal(post(&person, &right), 403).await, "forbidden");
}

#[tokio::test]
async fn op7_top_ups_are_so_many_add_up_and_go_with_the_account() {
    let gateway = Gateway::start().await;
    let (person, path) = person_under(&gateway, &json!({"cost_quota_monthly": 5})).await;
    let right = half_a_dollar(path.rsplit('/').next().unwrap());
    for _ in 0..20 {
        gateway.admin().create(TOP_UPS, &right).await;
    }
    assert_eq!(
        refusal(gateway.admin().post(TOP_UPS).json(&right), 409).await,
        "conflict"
    );
    let page = async |query: &str| -> Value {
        let page = gateway.admin().get(&format!("{TOP_UPS}?limit=15{query}"));
        page.send().await.unwrap().json().await.unwrap()
    };
    let first = page("").await;
    let rest = page(&format!("&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    let ids = |page: &Value| -> Vec<Value> {
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].clone())
            .collect()
    };
    let all = ids(&json!({"data": data(gateway.admin().get(TOP_UPS), 200).await}));
    assert_eq!((ids(&first), ids(&rest)), (all[..15].to_vec(), all[15..].to_vec()));
    assert_eq!(rest["next_cursor"], json!(null));
    let quota = data(person.get("/api/v1/user/quota"), 200).await;
    assert_eq!(quota["limits"][0]["limit"], 15.0);
    assert_eq!(status(gateway.admin().delete(&path)).await, 200);
    assert_eq!(data(gateway.admin().get(TOP_UPS), 200).await, json!([]));
}

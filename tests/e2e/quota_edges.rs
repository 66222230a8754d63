//! Limits where operators stumble over them: what is reserved, models without a price, clocks and zones that were
//! wrong (OP9).

use std::time::Duration;

use domain::clock::Clock;
use futures_util::future::join_all;
use harness::client::{self, data, refusal, status};
use harness::provider::{Provider, Reply, openai};
use harness::{Gate, Gateway};
use local::{Options, Storage};
use serde_json::{Value, json};
use tempfile::TempDir;

#[tokio::test]
async fn p81_op9_while_reservations_alone_are_in_the_way_a_request_comes_back_soon() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let admin = gateway.admin();
    admin.create_policy("team", &json!({"token_quota_daily": 10_000})).await;
    let program = admin.create_program_under("team").await;
    let gate = Gate::new();
    let held = || {
        Reply::events()
            .event(&openai::chunk("Hel"))
            .wait(&gate)
            .event(&openai::chunk("lo"))
            .done()
    };
    provider.will(held());
    provider.will(held());
    let under_way = join_all((0..2).map(|_| program.chat_stream("m").send())).await;
    let refused = program.chat("m").send().await.unwrap();
    assert_eq!(
        (
            refused.status().as_u16(),
            refused.headers()["retry-after"].to_str().unwrap()
        ),
        (429, "5")
    );
    assert!(!refused.headers().contains_key("x-should-retry"), "an SDK comes back");
    let told: Value = refused.json().await.unwrap();
    let message = told["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("0 tokens are used") && message.contains("reserved by requests under way"),
        "{message}"
    );
    gate.open();
    for response in under_way {
        response.unwrap().bytes().await.unwrap();
    }
    assert_eq!(status(program.chat("m")).await, 200);
}

#[tokio::test]
async fn op9_without_a_limit_of_its_own_a_response_gets_the_models_default() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let admin = gateway.admin();
    admin
        .create_policy("team", &json!({"token_quota_daily": 100_000}))
        .await;
    let program = admin.create_program_under("team").await;
    for (limits, told) in [
        (json!({"max_output_tokens": 64_000}), 8192),
        (json!({"default_output_tokens": 300}), 300),
        (json!({"default_output_tokens": 20_000}), 20_000),
        (json!({"max_output_tokens": 100}), 100),
        (json!({"max_output_tokens": null, "default_output_tokens": null}), 4096),
    ] {
        admin.change("/api/v1/admin/models/m", &limits).await;
        assert_eq!(status(program.chat("m")).await, 200, "{limits}");
        assert_eq!(
            provider.completions().last().unwrap().json()["max_tokens"],
            told,
            "{limits}"
        );
    }
}

#[tokio::test]
async fn p83_op9_a_model_without_a_price_is_refused_under_a_limit_of_cost_unless_it_is_free() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let admin = gateway.admin();
    admin.create_policy("team", &json!({"cost_quota_monthly": 0.001})).await;
    let program = admin.create_program_under("team").await;
    assert_eq!(refusal(program.chat("m"), 403).await, "model_unpriced");
    let answer = program.message("m").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(
        answer.json::<Value>().await.unwrap()["error"]["type"],
        "permission_error"
    );
    let free = json!({"unpriced_models": "free"});
    admin.change("/api/v1/admin/settings", &free).await;
    assert_eq!(status(program.chat("m")).await, 200);
    admin
        .change("/api/v1/admin/settings", &json!({"unpriced_models": "refuse"}))
        .await;
    assert_eq!(refusal(program.chat("m"), 403).await, "model_unpriced");
    let prices = json!({"input_price": 0, "output_price": 0});
    admin.change("/api/v1/admin/models/m", &prices).await;
    assert_eq!(status(program.chat("m")).await, 200, "a price of 0 is one");
}

#[tokio::test]
async fn p83_under_a_limit_of_cost_a_dearer_tier_without_a_price_is_refused_however_it_is_asked_for() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let admin = gateway.admin();
    let priced =
        |tiers: Value| json!({"prices": [{"from": "2026-01-01T00:00:00Z", "input": 1, "output": 2, "tiers": tiers}]});
    admin.change("/api/v1/admin/models/m", &priced(json!({}))).await;
    admin.create_policy("team", &json!({"cost_quota_monthly": 5})).await;
    let program = admin.create_program_under("team").await;
    let chat = |tier: &str| {
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"Hi"}}],"service_tier":{tier}}}"#);
        let request = program
            .post("/v1/chat/completions")
            .header("content-type", "application/json");
        request.body(body)
    };
    for tier in [r#""priority""#, r#""fast""#, r#""f\u0061st""#] {
        assert_eq!(refusal(chat(tier), 403).await, "model_unpriced", "{tier}");
    }
    let mut fast = client::message("m");
    fast["speed"] = "fast".into();
    assert_eq!(status(program.post("/v1/messages").json(&fast)).await, 403);
    assert_eq!(status(chat(r#""flex""#)).await, 200, "no dearer than the others");
    let tiers = json!({"priority": {"input": 2, "output": 4}});
    admin.change("/api/v1/admin/models/m", &priced(tiers)).await;
    assert_eq!(status(chat(r#""priority""#)).await, 200);
}

#[tokio::test]
async fn op9_by_the_settings_a_policy_that_could_not_limit_cost_is_refused() {
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let admin = gateway.admin();
    admin
        .change("/api/v1/admin/settings", &json!({"unpriced_models": "refuse_policy"}))
        .await;
    let policy = |models: Value| json!({"name": "team", "cost_quota_monthly": 1, "models": models});
    let refused = admin
        .post("/api/v1/admin/policies")
        .json(&policy(json!([])))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
    let told: Value = refused.json().await.unwrap();
    assert_eq!(told["error"]["field"], "cost_quota_monthly", "{told}");
    data(
        admin.post("/api/v1/admin/policies").json(&policy(json!(["other*"]))),
        201,
    )
    .await;
    assert_eq!(
        status(admin.put("/api/v1/admin/policies/team").json(&json!({"models": null}))).await,
        400
    );
    admin
        .change("/api/v1/admin/models/m", &json!({"input_price": 1, "output_price": 1}))
        .await;
    assert_eq!(
        status(admin.put("/api/v1/admin/policies/team").json(&json!({"models": null}))).await,
        200
    );
}

#[tokio::test]
async fn p82_op9_nobody_is_blocked_by_a_clock_that_was_wrong() {
    let folder = TempDir::new().unwrap();
    let now = "2026-11-27T10:00:00Z".parse().unwrap();
    let ahead = Clock::fixed(now);
    ahead.advance(Duration::from_hours(80 * 24));
    let start = |clock: &Clock| {
        let (storage, clock) = (Storage::Folder(folder.path().to_owned()), clock.clone());
        Gateway::start_with(|options| Options {
            storage,
            clock,
            ..options
        })
    };
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = start(&ahead).await.with_model("m", &provider).await;
    let limits = json!({"request_quota_daily": 1, "rate_limit": 1, "rate_limit_window": 3600, "max_concurrency": 1});
    gateway.admin().create_policy("team", &limits).await;
    let key = gateway
        .admin()
        .create_program_under("team")
        .await
        .credential()
        .to_owned();
    let program = |gateway: &Gateway| gateway.anybody().with(&key);
    assert_eq!(status(program(&gateway).chat("m")).await, 200);
    assert_eq!(status(program(&gateway).chat("m")).await, 429);
    gateway.shutdown().await;
    let gateway = start(&Clock::fixed(now)).await;
    assert_eq!(status(program(&gateway).chat("m")).await, 200);
    assert_eq!(
        status(program(&gateway).chat("m")).await,
        429,
        "the present day has its limit"
    );
}

#[tokio::test]
async fn p82_op9_a_corrected_time_zone_gives_no_second_day_and_no_longer_one() {
    let clock = Clock::fixed("2026-11-27T12:00:00Z".parse().unwrap());
    let provider = Provider::always(Reply::json(&openai::completion("Hi")));
    let gateway = Gateway::start_at(&clock).await.with_model("m", &provider).await;
    let admin = gateway.admin();
    admin.create_policy("team", &json!({"request_quota_daily": 1})).await;
    let program = admin.create_program_under("team").await;
    assert_eq!(status(program.chat("m")).await, 200);
    for zone in ["Pacific/Kiritimati", "UTC"] {
        admin
            .change("/api/v1/admin/policies/team", &json!({"timezone": zone}))
            .await;
        let refused = program
            .post("/v1/chat/completions")
            .json(&client::ask("m"))
            .send()
            .await
            .unwrap();
        assert_eq!(refused.status(), 429, "{zone}");
        assert_eq!(refused.headers()["retry-after"], "43200", "{zone}");
    }
    clock.advance(Duration::from_hours(12));
    assert_eq!(status(program.chat("m")).await, 200);
}

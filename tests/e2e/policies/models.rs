//! The models that a policy allows, beside those of the key's own list.

use domain::clock::Clock;
use futures_util::future::join_all;
use harness::Gateway;
use harness::client::{Client, data, refusal, status};
use harness::provider::{Provider, Reply, anthropic};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::{models, path, provider};

/// A gateway with three models, a person whose policy allows `glm*`, and a key for all and one for `glm-air` alone.
struct Bench {
    gateway: Gateway,
    provider: Provider,
    person: Client,
    all: Client,
    narrow: Client,
}

impl Bench {
    async fn start() -> Self {
        let provider = provider();
        let gateway = Gateway::start().await;
        let admin = gateway.admin();
        for model in ["glm-4.7", "glm-air", "kimi"] {
            admin.create_model(model, &provider).await;
        }
        let aliases = json!({"aliases": ["glm-like", "claude-*"]});
        admin.change("/api/v1/admin/models/kimi", &aliases).await;
        admin.create_policy("glm", &json!({"models": ["glm*"]})).await;
        let person = admin
            .create_person("somebody@example.com", json!({"quota_policy": "glm"}))
            .await;
        Self {
            all: person.create_key().await,
            narrow: key_for(&person, json!(["glm-air"])).await,
            gateway,
            provider,
            person,
        }
    }
}

fn count(program: &Client, model: &str) -> RequestBuilder {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "Hello"}]});
    program.post("/v1/messages/count_tokens").json(&body)
}

#[tokio::test]
async fn p19_a_model_needs_the_keys_list_and_the_policys() {
    let Bench {
        provider,
        all,
        narrow,
        gateway: _gateway,
        ..
    } = Bench::start().await;
    assert_eq!(models(&all).await, ["glm-4.7", "glm-air"]);
    assert_eq!(models(&narrow).await, ["glm-air"]);
    // Rights are judged by the model, not by the name under which it is asked for; the unknown looks alike.
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
        let shown = program.get(&format!("/v1/models/{model}"));
        assert_eq!(refusal(shown, 404).await, "model_not_found", "{model}");
    }
    let bodies = join_all(["kimi", "nothing"].map(|model| error(all.chat(model)))).await;
    let forbidden = bodies[0].replace("kimi", "nothing");
    assert_eq!(forbidden, bodies[1], "forbidden and unknown are the same answer");
    assert!(provider.received().is_empty());
    assert_eq!(status(all.chat("glm-4.7")).await, 200);
    assert_eq!(status(narrow.message("glm-air")).await, 200);
    assert_eq!(status(count(&narrow, "glm-air")).await, 200);
}

#[tokio::test]
async fn p19_a_key_names_only_models_that_its_policy_allows() {
    let Bench {
        person,
        gateway: _gateway,
        ..
    } = Bench::start().await;
    for bad in ["kimi", "nothing", "glm*"] {
        let attempt = person
            .post("/api/v1/user/keys")
            .json(&json!({"name": "x", "models": [bad]}));
        assert_eq!(refusal(attempt, 400).await, "invalid_value", "{bad}");
    }
}

#[tokio::test]
async fn p19_a_policy_that_changes_takes_models_from_keys_that_are_there() {
    let Bench {
        gateway,
        all,
        narrow,
        provider: _provider,
        ..
    } = Bench::start().await;
    gateway.admin().change(&path("glm"), &json!({"models": ["kimi"]})).await;
    assert_eq!(models(&all).await, ["glm-like", "kimi"], "and its alias");
    assert!(models(&narrow).await.is_empty());
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

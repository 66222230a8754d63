//! The models that a person may use, as a page that offers a choice needs them.

use harness::Gateway;
use harness::client::{Client, data, pick};
use harness::provider::Provider;
use serde_json::{Value, json};

async fn models(person: &Client) -> Vec<Value> {
    data(person.get("/api/v1/user/models"), 200)
        .await
        .as_array()
        .unwrap()
        .clone()
}

fn ids(models: &[Value]) -> Vec<&str> {
    models.iter().map(|model| model["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn g2_a_person_sees_the_models_of_the_policy_that_somebody_serves() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("glm", &provider).await;
    gateway.admin().create_model("kimi", &provider).await;
    gateway
        .admin()
        .create("/api/v1/admin/models", &json!({"id": "empty", "name": "Empty"}))
        .await;
    gateway
        .admin()
        .create_policy("small", &json!({"models": ["kimi"]}))
        .await;
    let person = gateway
        .admin()
        .create_person("a@example.com", json!({"quota_policy": "small"}))
        .await;
    assert_eq!(ids(&models(gateway.admin()).await), ["glm", "kimi"]);
    assert_eq!(ids(&models(&person).await), ["kimi"]);
    gateway
        .admin()
        .change("/api/v1/admin/models/kimi", &json!({"enabled": false}))
        .await;
    assert!(models(&person).await.is_empty());
}

#[tokio::test]
async fn g2_a_model_says_what_it_costs_and_what_all_of_its_backends_can() {
    let provider = Provider::start();
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    admin
        .create_model_with(
            "glm",
            &provider,
            &json!({"settings": {"effort_levels": ["low", "high", "max"]}}),
        )
        .await;
    let prices = json!({"aliases": ["claude-*"], "input_price": 0.5, "output_price": 2, "context_window": 1000});
    admin.change("/api/v1/admin/models/glm", &prices).await;
    let shown = models(admin).await.remove(0);
    assert_eq!(
        pick(
            &shown,
            [
                "aliases",
                "input_price",
                "output_price",
                "context_window",
                "max_output_tokens"
            ]
        ),
        json!([["claude-*"], 0.5, 2.0, 1000, null])
    );
    assert_eq!(pick(&shown, ["available", "vision"]), json!([true, true]));
    assert_eq!(shown["thinking"], json!(["low", "high", "max"]));
    let blind = json!({"settings": {"vision": false, "effort_levels": ["max", "low"]}});
    admin.create_backend_with("glm", &provider, &blind).await;
    let shown = models(admin).await.remove(0);
    assert_eq!(pick(&shown, ["vision", "thinking"]), json!([false, ["low", "max"]]));
}

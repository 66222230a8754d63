//! Documents with a mistake: they change nothing.

use harness::Gateway;
use harness::client::{data, refusal, status};
use harness::provider::{Provider, openai};
use serde_json::{Value, json};

use super::{EXPORT, IMPORT, document};

#[tokio::test]
async fn a_mistake_changes_nothing_and_is_told_with_its_place() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let provider = Provider::always(openai::stream(&["Hello"]));
    let document = document(&provider);
    let wrong = |pointer: &str, value: Value| {
        let mut wrong = document.clone();
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        wrong.pointer_mut(parent).unwrap()[member] = value;
        wrong
    };
    for (pointer, value, field) in [
        (
            "/models/0/backends/1/base_url",
            json!("ftp://x"),
            "models[0].backends[1].base_url",
        ),
        ("/models/0/backends/1/name", json!("one"), "models[0].backends[1].name"),
        ("/models/0/colour", json!("blue"), "models[0].colour"),
        ("/models/0/version", json!(1), "models[0].version"),
        ("/policies/1/rate_limit", json!(-1), "policies[1].rate_limit"),
        ("/policies/1/name", json!("default"), "policies[1].name"),
        (
            "/policies/1/default_model",
            json!("nothing"),
            "policies[1].default_model",
        ),
        ("/settings/default_model", json!("nothing"), "settings.default_model"),
        ("/settings/colour", json!("blue"), "settings.colour"),
        ("/people", json!([]), "people"),
    ] {
        let response = admin.post(IMPORT).json(&wrong(pointer, value)).send().await.unwrap();
        assert_eq!(response.status(), 400, "{pointer}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["error"]["field"], field, "{body}");
    }
    assert_eq!(data(admin.get("/api/v1/admin/models"), 200).await, json!([]));
    assert_eq!(data(admin.get("/api/v1/admin/settings"), 200).await["version"], 0);
    let person = admin.create_person("somebody@example.com", json!({})).await;
    assert_eq!(status(person.get(EXPORT)).await, 403);
    assert_eq!(refusal(person.post(IMPORT).json(&document), 403).await, "forbidden");
}

#[tokio::test]
async fn p19_a_default_model_that_its_policy_does_not_allow_is_a_mistake() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let mut document = document(&Provider::always(openai::stream(&["Hello"])));
    document["policies"][1]["models"] = json!(["kimi*"]);
    let response = admin.post(IMPORT).json(&document).send().await.unwrap();
    assert_eq!(response.status(), 400);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"]["field"], "policies[1].default_model", "{body}");
    assert_eq!(data(admin.get("/api/v1/admin/models"), 200).await, json!([]));
}

#[tokio::test]
async fn op9_a_policy_that_could_not_limit_cost_is_a_mistake_where_the_settings_say_so() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let refusing = json!({"unpriced_models": "refuse_policy"});
    admin.change("/api/v1/admin/settings", &refusing).await;
    let mut document = document(&Provider::always(openai::stream(&["Hello"])));
    document.as_object_mut().unwrap().remove("settings");
    let response = admin.post(IMPORT).json(&document).send().await.unwrap();
    assert_eq!(response.status(), 400);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"]["field"], "policies[1].cost_quota_monthly", "{body}");
    assert_eq!(data(admin.get("/api/v1/admin/models"), 200).await, json!([]));
    document["models"][0]["output_price"] = json!(2.2);
    let report = data(admin.post(IMPORT).json(&document), 200).await;
    assert_eq!(report["complete"], true, "{report}");
}

//! Trials of a backend's entry before it is saved, and what a form for it offers.

use domain::access::service_account::new_key_file;
use harness::Gateway;
use harness::client::{BACKEND_KEY, Client, data, refusal};
use harness::provider::{Provider, Reply, openai};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

const TEST: &str = "/api/v1/admin/backends/test";

fn attempt(admin: &Client, entry: &Value) -> RequestBuilder {
    admin.post(TEST).json(entry)
}

fn list(names: &[&str]) -> Reply {
    let models: Vec<Value> = names.iter().map(|name| json!({"id": name})).collect();
    Reply::json(&json!({"object": "list", "data": models}))
}

/// The results of the five steps, in their order, and the reason and advice of the one that failed.
fn outcome(result: &Value) -> (String, Value, Value) {
    let steps = result["steps"].as_array().unwrap();
    let results = steps.iter().map(|step| {
        let (name, result) = (step["step"].as_str().unwrap(), step["result"].as_str().unwrap());
        format!("{name} {result}")
    });
    let failed = steps
        .iter()
        .find(|step| step["result"] == "fail")
        .cloned()
        .unwrap_or_default();
    let results: Vec<String> = results.collect();
    (
        results.join(", "),
        failed["reason"].clone(),
        failed["advice_code"].clone(),
    )
}

#[tokio::test]
async fn g8_an_entry_is_tried_step_by_step_and_nothing_is_saved() {
    let provider = Provider::start();
    let gateway = Gateway::start().await;
    provider.will(list(&["kimi-k2.5", "a b"]));
    provider.will(Reply::json(&openai::completion("Hello")));
    let entry = json!({"base_url": provider.base_url(), "model_name": "kimi-k2.5", "api_key": "a-key"});
    let result = data(attempt(gateway.admin(), &entry), 200).await;
    let passed = "address pass, connect pass, credentials pass, model pass, answer pass";
    assert_eq!(
        outcome(&result),
        (passed.to_owned(), Value::Null, Value::Null),
        "{result}"
    );
    assert_eq!(
        (&result["passed"], &result["models"]),
        (&json!(true), &json!(["kimi-k2.5"]))
    );
    let asked = provider.received();
    assert!(
        asked
            .iter()
            .all(|request| request.header("authorization") == "Bearer a-key"),
        "{asked:?}"
    );
    assert_eq!(asked[1].json()["model"], "kimi-k2.5");
    assert_eq!(asked[1].json()["max_tokens"], 16);
    assert_eq!(
        data(gateway.admin().get("/api/v1/admin/backends"), 200).await,
        json!([])
    );
    let audit = data(gateway.admin().get("/api/v1/admin/audit?action=backend.test"), 200).await;
    assert_eq!(audit[0]["target"], "new");
}

#[tokio::test]
async fn g8_without_a_model_the_server_is_only_asked_for_its_names() {
    let provider = Provider::start();
    let gateway = Gateway::start().await;
    provider.will(list(&["a", "b"]));
    let result = data(attempt(gateway.admin(), &json!({"base_url": provider.base_url()})), 200).await;
    assert_eq!(
        outcome(&result).0,
        "address pass, connect pass, credentials pass, model skipped, answer skipped"
    );
    assert_eq!(
        (&result["passed"], &result["models"]),
        (&json!(true), &json!(["a", "b"]))
    );
}

#[tokio::test]
async fn g8_the_step_that_failed_says_what_to_change() {
    let refused = |status| Reply::error(status, &json!({"error": {"message": "no"}}));
    for (replies, results, reason, advice) in [
        (
            vec![refused(401)],
            "address pass, connect pass, credentials fail, model skipped, answer skipped",
            "credentials",
            "check_key",
        ),
        (
            vec![list(&["other"]), refused(400)],
            "address pass, connect pass, credentials pass, model fail, answer skipped",
            "model_missing",
            "choose_model",
        ),
        (
            vec![refused(404), refused(402)],
            "address pass, connect pass, credentials pass, model pass, answer fail",
            "billing",
            "check_credit",
        ),
        (
            vec![list(&["m"]), Reply::json(&json!("<html>"))],
            "address pass, connect pass, credentials pass, model pass, answer fail",
            "malformed",
            "check_path",
        ),
    ] {
        let provider = Provider::start();
        let gateway = Gateway::start().await;
        for reply in replies {
            provider.will(reply);
        }
        let entry = json!({"base_url": provider.base_url(), "model_name": "m"});
        let result = data(attempt(gateway.admin(), &entry), 200).await;
        assert_eq!(
            outcome(&result),
            (results.to_owned(), json!(reason), json!(advice)),
            "{result}"
        );
    }
}

#[tokio::test]
async fn g8_where_nobody_answers_the_advice_is_in_the_readers_language() {
    let gateway = Gateway::start().await;
    let entry = json!({"base_url": "http://127.0.0.1:9/v1", "model_name": "m"});
    let english = data(attempt(gateway.admin(), &entry), 200).await;
    assert_eq!(
        outcome(&english).0,
        "address pass, connect fail, credentials skipped, model skipped, answer skipped"
    );
    assert_eq!(
        (outcome(&english).1, &english["passed"]),
        (json!("connect"), &json!(false))
    );
    assert!(english["steps"][1]["advice"].as_str().unwrap().is_ascii(), "{english}");
    let chinese = gateway
        .admin()
        .post(TEST)
        .header("accept-language", "zh-CN")
        .json(&entry);
    assert!(
        !data(chinese, 200).await["steps"][1]["advice"]
            .as_str()
            .unwrap()
            .is_ascii()
    );
}

#[tokio::test]
async fn g8_p23_a_stored_key_is_used_at_its_own_address_alone() {
    let (provider, other) = (Provider::start(), Provider::start());
    let gateway = Gateway::start().await;
    gateway
        .admin()
        .create_model_with("m", &provider, &json!({"id": "b"}))
        .await;
    provider.will(list(&["provider-model"]));
    provider.will(Reply::json(&openai::completion("Hello")));
    let result = data(attempt(gateway.admin(), &json!({"id": "b"})), 200).await;
    assert_eq!(result["passed"], true, "{result}");
    let bearer = format!("Bearer {BACKEND_KEY}");
    assert_eq!(provider.received()[0].header("authorization"), bearer);
    let elsewhere = json!({"id": "b", "base_url": other.base_url()});
    assert_eq!(
        refusal(attempt(gateway.admin(), &elsewhere), 400).await,
        "secret_required"
    );
    assert!(other.received().is_empty());
}

#[tokio::test]
async fn g8_an_entry_that_could_not_be_saved_is_not_tried() {
    let gateway = Gateway::start().await;
    for (entry, status, code) in [
        (json!({}), 400, "invalid_value"),
        (json!({"base_url": "http://93.184.216.34/v1"}), 400, "invalid_base_url"),
        (
            json!({"base_url": "http://127.0.0.1:9", "settings": {"colour": 1}}),
            400,
            "invalid_value",
        ),
        (
            json!({"base_url": "http://127.0.0.1:9", "colour": 1}),
            400,
            "invalid_value",
        ),
        (json!({"id": "nothing"}), 404, "not_found"),
        (
            json!({"model_id": "nothing", "base_url": "http://127.0.0.1:9"}),
            404,
            "not_found",
        ),
    ] {
        assert_eq!(refusal(attempt(gateway.admin(), &entry), status).await, code, "{entry}");
    }
}

#[tokio::test]
async fn g9_a_form_offers_servers_and_settings() {
    let gateway = Gateway::start().await;
    let presets = data(gateway.admin().get("/api/v1/admin/presets"), 200).await;
    gateway
        .admin()
        .create("/api/v1/admin/models", &json!({"id": "m", "name": "m"}))
        .await;
    let file = new_key_file().unwrap();
    let filled = |endpoint: &Value| {
        let url = endpoint["base_url"].as_str().unwrap();
        let url = url.replace("{region}", "eu-central-1").replace("{location}", "global");
        url.replace("{resource}", "mine").replace("{project}", "mine")
    };
    for preset in presets.as_array().unwrap() {
        let mut made = Vec::new();
        for endpoint in preset["endpoints"].as_array().unwrap() {
            let mut entry = json!({
                "name": preset["name"], "base_url": filled(endpoint), "model_name": "m", "preset": preset["id"],
                "protocol": endpoint["protocol"], "auth": endpoint["auth"], "settings": preset["settings"]
            });
            match endpoint["auth"]["type"].as_str() {
                Some("api_key" | "azure_entra") => entry["api_key"] = json!("a-key"),
                Some("gcp") => entry["api_key"] = json!(file.expose()),
                _ => {}
            }
            let backend = gateway.admin().create("/api/v1/admin/models/m/backends", &entry).await;
            assert_eq!(backend["auth"], endpoint["auth"]);
            made.push(backend["id"].as_str().unwrap().to_owned());
        }
        // A model has 20 backends at most.
        for id in made {
            let path = format!("/api/v1/admin/backends/{id}");
            data(gateway.admin().delete(&path), 200).await;
        }
    }
    let settings = data(gateway.admin().get("/api/v1/admin/backend-settings"), 200).await;
    let settings = settings.as_array().unwrap();
    let schema = settings.iter().find(|setting| setting["name"] == "schema").unwrap();
    assert_eq!(
        (&schema["kind"], &schema["values"], &schema["default"]),
        (&json!("choice"), &json!(["full", "openai", "llamacpp"]), &json!("full"))
    );
}

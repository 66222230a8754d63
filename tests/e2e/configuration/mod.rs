//! The configuration as one document: exported and imported.

mod file;
mod mistakes;
mod room;
mod sso;

use harness::Gateway;
use harness::client::{Client, data, pick, refusal, status};
use harness::provider::{Provider, openai};
use serde_json::{Value, json};

const EXPORT: &str = "/api/v1/admin/export";
const IMPORT: &str = "/api/v1/admin/import";

/// A document with an object of each kind.
fn document(provider: &Provider) -> Value {
    json!({
        "settings": {"log_retention_days": 7, "default_model": "glm"},
        "policies": [
            {"name": "default", "rate_limit": 60},
            {"name": "research", "models": ["glm*"], "cost_quota_monthly": 0.5, "timezone": "Asia/Shanghai",
             "available_time_ranges": [{"start": "08:00", "end": "24:00"}], "default_model": "glm"},
        ],
        "models": [{
            "id": "glm", "name": "GLM", "aliases": ["gpt-4o"], "kinds": ["chat"], "input_price": 0.6,
            "cache_write_price": 0.1, "model_params": {"temperature": 0.5, "__user_agent__": "us"},
            "backends": [
                {"name": "one", "base_url": provider.base_url(), "model_name": "m", "api_key": "key-1", "weight": 3},
                {"name": "two", "base_url": provider.base_url(), "model_name": "m", "preset": "vllm",
                 "headers": {"x-source": "us"}, "max_concurrency": 2, "timeout_ms": 1000,
                 "weight": 0},
            ],
        }],
    })
}

async fn import(admin: &Client, document: &Value) -> Value {
    data(admin.post(IMPORT).json(document), 200).await
}

/// The changes of a report in short: `create model glm: done`.
fn changes(report: &Value) -> Vec<String> {
    let text = |change: &Value, member: &str| change[member].as_str().unwrap().to_owned();
    let changes = report["changes"].as_array().unwrap().iter();
    changes
        .map(|change| {
            let [action, object, name, status] =
                ["action", "object", "name", "status"].map(|member| text(change, member));
            format!("{action} {object} {name}: {status}")
        })
        .collect()
}

#[tokio::test]
async fn an_import_makes_what_the_document_says_and_a_second_one_changes_nothing() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let provider = Provider::always(openai::stream(&["Hello"]));
    let document = document(&provider);

    let planned = data(admin.post(&format!("{IMPORT}?dry_run=true")).json(&document), 200).await;
    assert_eq!(planned["complete"], false);
    assert_eq!(
        data(admin.get("/api/v1/admin/models"), 200).await,
        json!([]),
        "a dry run changes nothing"
    );
    let made = import(admin, &document).await;
    assert_eq!(
        changes(&made),
        [
            "create model glm: done",
            "create backend one: done",
            "create backend two: done",
            "update policy default: done",
            "create policy research: done",
            "update settings settings: done",
        ]
    );
    assert_eq!(
        changes(&planned),
        changes(&made)
            .iter()
            .map(|change| change.replace("done", "planned"))
            .collect::<Vec<_>>()
    );
    let program = gateway.program().await;
    assert_eq!(status(program.chat_stream("gpt-4o")).await, 200);
    assert_eq!(provider.completions()[0].header("authorization"), "Bearer key-1");

    let again = import(admin, &document).await;
    assert_eq!(pick(&again, ["complete", "unchanged", "changes"]), json!([true, 6, []]));
}

#[tokio::test]
async fn an_export_is_the_document_without_secrets_also_for_another_installation() {
    let (first, second) = (Gateway::start().await, Gateway::start().await);
    let provider = Provider::always(openai::stream(&["Hello"]));
    let mut expected = document(&provider);
    import(first.admin(), &expected).await;
    let exported = data(first.admin().get(EXPORT), 200).await;
    let backends = expected["models"][0]["backends"].as_array_mut().unwrap();
    backends[0].as_object_mut().unwrap().remove("api_key");
    for part in ["settings", "policies", "models"] {
        assert_holds(&exported[part], &expected[part]);
    }
    assert!(
        !exported.to_string().contains("key-1") && !exported.to_string().contains("fingerprint"),
        "{exported}"
    );

    let same = import(first.admin(), &exported).await;
    assert_eq!(pick(&same, ["complete", "changes"]), json!([true, []]));
    let there = import(second.admin(), &exported).await;
    assert_eq!(there["complete"], true, "{there}");
    assert_eq!(data(second.admin().get(EXPORT), 200).await, exported);
}

/// Asserts that `whole` has all that `part` has.
fn assert_holds(whole: &Value, part: &Value) {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (name, value) in part {
                assert_holds(whole.get(name).unwrap_or(&Value::Null), value);
            }
        }
        (Value::Array(whole), Value::Array(part)) => {
            assert_eq!(whole.len(), part.len());
            whole
                .iter()
                .zip(part)
                .for_each(|(whole, part)| assert_holds(whole, part));
        }
        (Value::Number(whole), Value::Number(part)) => assert_eq!(whole.as_f64(), part.as_f64()),
        _ => assert_eq!(whole, part),
    }
}

#[tokio::test]
async fn what_differs_is_changed_and_an_absent_member_has_its_default() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let provider = Provider::always(openai::stream(&["Hello"]));
    let mut document = document(&provider);
    import(admin, &document).await;

    let model = &mut document["models"][0];
    model.as_object_mut().unwrap().remove("aliases");
    model["backends"][0]["api_key"] = json!("key-2");
    model["backends"][1].as_object_mut().unwrap().remove("max_concurrency");
    document["policies"][0] = json!({"name": "default"});
    document["settings"] = json!({"default_model": "glm"});
    let changed = import(admin, &document).await;
    let fields: Vec<_> = changed["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| pick(change, ["name", "fields"]))
        .collect();
    assert_eq!(
        fields,
        [
            json!(["glm", ["aliases"]]),
            json!(["one", ["api_key"]]),
            json!(["two", ["max_concurrency"]]),
            json!(["default", ["rate_limit"]]),
            json!(["settings", ["log_retention_days"]]),
        ]
    );
    assert_eq!(changed["complete"], true);
    let audit = data(admin.get("/api/v1/admin/audit?action=backend.update"), 200).await;
    assert_eq!(audit.as_array().unwrap().len(), 2, "each change has its entry: {audit}");
    assert!(!audit.to_string().contains("key-2"));
}

#[tokio::test]
async fn what_the_document_does_not_have_goes_only_when_the_caller_says_so() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let provider = Provider::always(openai::stream(&["Hello"]));
    let mut document = document(&provider);
    import(admin, &document).await;
    admin.create_model("other", &provider).await;
    document["models"][0]["backends"].as_array_mut().unwrap().pop();
    document["policies"].as_array_mut().unwrap().pop();

    assert_eq!(import(admin, &document).await["changes"], json!([]));
    let pruned = data(admin.post(&format!("{IMPORT}?prune=true")).json(&document), 200).await;
    assert_eq!(
        changes(&pruned),
        [
            "delete backend two: done",
            "delete model other: done",
            "delete policy research: done"
        ]
    );
    let nothing = data(admin.post(&format!("{IMPORT}?prune=true")).json(&json!({})), 200).await;
    assert_eq!(nothing["changes"], json!([]), "a part that is absent is left as it is");
}

#[tokio::test]
async fn names_move_between_models_and_a_key_stays_with_its_address() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let provider = Provider::always(openai::stream(&["Hello"]));
    let backend = |url: &str| json!([{"name": "one", "base_url": url, "model_name": "m"}]);
    let model = |id: &str, aliases: Value| json!({"id": id, "name": id.to_uppercase(), "aliases": aliases});
    let models = |a: Value, b: Value| json!({"models": [model("a", a), model("b", b)]});
    import(admin, &models(json!([]), json!(["x"]))).await;
    let moved = import(admin, &models(json!(["x"]), json!([]))).await;
    assert_eq!(changes(&moved), ["update model b: done", "update model a: done"]);

    let mut keyed = json!({"models": [{"id": "a", "name": "A", "backends": backend(&provider.base_url())}]});
    keyed["models"][0]["backends"][0]["api_key"] = json!("key-1");
    import(admin, &keyed).await;
    let elsewhere = json!({"models": [{"id": "a", "name": "A", "backends": backend("http://127.0.0.1:1/v1")}]});
    assert_eq!(
        refusal(admin.post(IMPORT).json(&elsewhere), 400).await,
        "secret_required"
    );
}

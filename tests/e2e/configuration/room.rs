//! Documents that the installation has no room for: they change nothing either.

use harness::Gateway;
use harness::client::{Client, data};
use serde_json::{Value, json};

use super::{EXPORT, IMPORT};

fn backend(name: &str) -> Value {
    json!({"name": name, "base_url": "http://127.0.0.1:1/v1", "model_name": "m"})
}

fn model(id: &str, backends: &[Value]) -> Value {
    json!({"id": id, "name": id, "backends": backends})
}

/// The code and the field of the refusal of a document, also of its dry run, and what it says in English and Chinese.
async fn refused(admin: &Client, query: &str, document: &Value) -> (String, String, [String; 2]) {
    let before = data(admin.get(EXPORT), 200).await;
    let mut told = Vec::new();
    for (query, language) in [(query, "en"), (&*format!("{query}&dry_run=true"), "zh")] {
        let request = admin.post(&format!("{IMPORT}?{query}")).json(document);
        let response = request.header("accept-language", language).send().await.unwrap();
        assert_eq!(response.status(), 409);
        told.push(response.json::<Value>().await.unwrap()["error"].take());
    }
    assert_eq!(data(admin.get(EXPORT), 200).await, before, "nothing is half made");
    let text = |error: &Value, member: &str| error[member].as_str().unwrap().to_owned();
    let messages = [text(&told[0], "message"), text(&told[1], "message")];
    (text(&told[0], "code"), text(&told[0], "field"), messages)
}

#[tokio::test]
async fn more_than_there_may_be_is_refused_before_the_first_change() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let numbered = |count: usize| (0..count).map(|number| format!("n{number}"));
    let policies: Vec<_> = numbered(100).map(|name| json!({"name": name})).collect();
    let backends: Vec<_> = numbered(21).map(|name| backend(&name)).collect();
    let models: Vec<_> = numbered(501).map(|id| model(&id, &[])).collect();
    for (document, field) in [
        (json!({"policies": policies}), "policies"),
        (
            json!({"models": [model("a", &[]), model("b", &backends)]}),
            "models[1].backends",
        ),
        (json!({"models": models}), "models"),
    ] {
        let (code, place, _) = refused(admin, "prune=false", &document).await;
        assert_eq!((&*code, &*place), ("conflict", field));
    }
    let most = json!({"policies": policies[1..], "models": [model("b", &backends[1..])]});
    let planned = data(admin.post(&format!("{IMPORT}?dry_run=true")).json(&most), 200).await;
    assert_eq!(planned["changes"].as_array().unwrap().len(), 99 + 1 + 20);
}

#[tokio::test]
async fn the_id_of_another_models_backend_is_refused_before_the_first_change() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let known = |id: &str| {
        let mut backend = backend("one");
        backend["id"] = json!(id);
        backend
    };
    let stored = json!({"models": [model("a", &[known("x")])]});
    assert_eq!(data(admin.post(IMPORT).json(&stored), 200).await["complete"], true);
    for (document, field) in [
        (
            json!({"models": [model("b", &[known("x")])]}),
            "models[0].backends[0].id",
        ),
        (
            json!({"models": [model("b", &[known("y")]), model("c", &[known("y")])]}),
            "models[1].backends[0].id",
        ),
    ] {
        let (code, place, _) = refused(admin, "prune=true", &document).await;
        assert_eq!((&*code, &*place), ("conflict", field));
    }
}

#[tokio::test]
async fn a_policy_that_users_are_under_is_not_pruned_and_nothing_else_is() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    admin.create_policy("used", &json!({})).await;
    admin
        .create_person("somebody@example.com", json!({"quota_policy": "used"}))
        .await;
    let document = json!({"policies": [], "models": [model("glm", &[backend("one")])]});
    let (code, place, messages) = refused(admin, "prune=true", &document).await;
    assert_eq!((&*code, &*place), ("policy_in_use", "policies"));
    assert_eq!(
        messages,
        [
            "users are under the policy `used`, which the document does not have; give them another one first",
            "仍有用户使用文档中没有的策略 `used`,请先为他们更换策略"
        ]
    );
}

//! The description of the API, `docs/openapi.json`, held against the code.

mod description;
mod notation;

use std::collections::BTreeSet;
use std::fs;

use description::document;
use harness::Gateway;
use harness::client::Client;
use harness::routes::example;
use harness::workspace;
use reqwest::Method;
use serde_json::{Value, json};

#[test]
fn the_description_is_made_of_the_routes_and_types() {
    let file = workspace().join("docs/openapi.json");
    let made = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &made).unwrap();
    }
    let is_same = fs::read_to_string(&file).is_ok_and(|kept| kept == made);
    assert!(
        is_same,
        "docs/openapi.json is not what the routes and docs/openapi/ say; make it anew: \
         UPDATE=1 cargo test -p e2e --test e2e -- openapi::the_description"
    );
}

/// The operations of management, each with its method, path and description.
fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths
        .filter(|(path, _)| path.starts_with("/api/"))
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(|(method, operation)| (method.to_uppercase().parse().unwrap(), path.clone(), operation.clone()))
        });
    operations.collect()
}

/// The members or parameters that the gateway knows, as it tells them in its refusal of `request`, which has another.
async fn known(request: reqwest::RequestBuilder) -> Option<BTreeSet<String>> {
    let body: Value = request.send().await.unwrap().json().await.ok()?;
    let names = body["error"]["params"]["fields"].as_str()?.split(", ");
    Some(names.map(str::to_owned).collect())
}

/// An administrator, and a gateway with an object of each kind, so that paths lead to something.
async fn furnished() -> (Gateway, Client) {
    let gateway = Gateway::start().await;
    let admin = gateway.admin().clone();
    admin
        .create("/api/v1/admin/models", &json!({"id": "x", "name": "X"}))
        .await;
    let backend = json!({"id": "x", "name": "X", "base_url": "http://127.0.0.1:9/v1", "model_name": "x"});
    admin.create("/api/v1/admin/models/x/backends", &backend).await;
    admin.create_policy("x", &json!({})).await;
    (gateway, admin)
}

#[tokio::test]
async fn the_members_of_bodies_are_those_that_the_gateway_knows() {
    let document = document();
    let (_gateway, admin) = furnished().await;
    let mut checked = 0;
    for (method, path, operation) in operations(&document) {
        let Some(reference) = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].as_str() else {
            continue;
        };
        let pointer = reference.trim_start_matches('#');
        let described = document.pointer(pointer).unwrap()["properties"].as_object().unwrap();
        let request = admin
            .request(method.clone(), &example(&path))
            .json(&json!({"not a member": 0}));
        let Some(known) = known(request).await else {
            panic!("{method} {path} does not refuse an unknown member");
        };
        // Members that the handler takes out before it reads the form.
        let taken: &[&str] = match path.as_str() {
            "/api/v1/admin/backends/test" => &["id", "model_id"],
            "/api/v1/admin/sso/test" => &["claims"],
            _ => &[],
        };
        let described = described.keys().filter(|name| !taken.contains(&name.as_str()));
        // Another name for the same member.
        let known = known.into_iter().filter(|name| name != "current_password");
        assert_eq!(
            described.cloned().collect::<BTreeSet<_>>(),
            known.collect(),
            "{method} {path}"
        );
        checked += 1;
    }
    assert!(checked > 20, "{checked} bodies");
}

#[tokio::test]
async fn the_parameters_of_queries_are_those_that_the_gateway_knows() {
    let document = document();
    let (_gateway, admin) = furnished().await;
    let mut checked = 0;
    for (method, path, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let described: BTreeSet<String> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        if described.is_empty() || path.contains("/sso/") {
            continue;
        }
        let request = admin.request(method.clone(), &format!("{}?not-a-parameter=0", example(&path)));
        let request = if method == Method::POST {
            request.json(&json!({}))
        } else {
            request
        };
        assert_eq!(Some(described), known(request).await, "{method} {path}");
        checked += 1;
    }
    assert!(checked > 5, "{checked} queries");
}

#[tokio::test]
async fn the_local_gateway_serves_its_description() {
    let gateway = Gateway::start().await;
    let response = gateway.anybody().get("/api/v1/openapi.json").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/json");
    let served: Value = response.json().await.unwrap();
    assert_eq!(served, document());
}

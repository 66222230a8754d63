//! Keys in headers of the vendor's own, backends without a key, and the version in Azure's addresses.

use harness::Gateway;
use harness::client::{BACKEND_KEY, data, message, status};
use harness::provider::{Provider, Reply, anthropic, openai};
use serde_json::{Value, json};

use super::refused;

const BACKENDS: &str = "/api/v1/admin/models/m/backends";

async fn gateway_with_model() -> Gateway {
    let gateway = Gateway::start().await;
    gateway
        .admin()
        .create("/api/v1/admin/models", &json!({"id": "m", "name": "m"}))
        .await;
    gateway
}

fn entry(members: Value) -> Value {
    let mut entry = json!({"name": "b", "base_url": "http://127.0.0.1:9", "model_name": "n"});
    for (name, value) in members.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry
}

fn key_in(header: &str) -> Value {
    json!({"type": "api_key", "header": header})
}

#[tokio::test]
async fn p38_a_key_goes_in_the_header_of_the_entry_and_in_no_other() {
    let provider = Provider::start();
    let gateway = Gateway::start().await;
    let program = gateway.program().await;
    for (model, protocol, header, expected) in [
        ("a", "openai", "api-key", BACKEND_KEY.to_owned()),
        ("b", "openai", "Ocp-Apim-Subscription-Key", BACKEND_KEY.to_owned()),
        ("c", "anthropic", "Authorization", format!("Bearer {BACKEND_KEY}")),
    ] {
        let entry = json!({"protocol": protocol, "auth": key_in(header)});
        gateway.admin().create_model_with(model, &provider, &entry).await;
        let request = if protocol == "openai" {
            provider.will(Reply::json(&openai::completion("Hi")));
            program.chat(model)
        } else {
            provider.will(Reply::json(&anthropic::message("Hi")));
            program.post("/v1/messages").json(&message(model))
        };
        assert_eq!(status(request).await, 200, "{header}");
        let asked = provider.received().pop().unwrap();
        assert_eq!(asked.header(header), expected);
        let with_key = asked.headers.values().filter(|value| {
            let value = value.to_str().unwrap_or_default();
            value.contains(BACKEND_KEY)
        });
        assert_eq!(with_key.count(), 1, "{:?}", asked.headers);
    }
}

#[tokio::test]
async fn a_backend_without_a_key_is_shown_nothing() {
    let provider = Provider::start();
    let gateway = Gateway::start().await;
    let entry = json!({"auth": {"type": "none"}, "api_key": null});
    gateway.admin().create_model_with("m", &provider, &entry).await;
    provider.will(Reply::json(&openai::completion("Hi")));
    assert_eq!(status(gateway.program().await.chat("m")).await, 200);
    let asked = provider.received().pop().unwrap();
    assert_eq!((asked.header("authorization"), asked.header("x-api-key")), ("", ""));
}

#[tokio::test]
async fn the_version_of_the_api_goes_with_requests_and_probes() {
    let provider = Provider::start();
    let gateway = Gateway::start().await;
    let base = format!("{}/openai/deployments/d", provider.base_url());
    let entry = json!({"base_url": base, "api_version": "2024-10-21", "auth": key_in("api-key")});
    gateway.admin().create_model_with("m", &provider, &entry).await;
    provider.will(Reply::json(&openai::completion("Hi")));
    assert_eq!(status(gateway.program().await.chat("m")).await, 200);
    provider.will(Reply::json(&json!({"data": []})));
    let backends = data(gateway.admin().get(BACKENDS), 200).await;
    let check = format!("/api/v1/admin/backends/{}/health", backends[0]["id"].as_str().unwrap());
    data(gateway.admin().post(&check), 200).await;
    let asked: Vec<String> = provider.received().into_iter().map(|request| request.path).collect();
    assert_eq!(
        asked,
        [
            "/openai/deployments/d/chat/completions?api-version=2024-10-21",
            "/openai/deployments/d/models?api-version=2024-10-21"
        ]
    );
}

#[tokio::test]
async fn messages_are_asked_for_below_a_version() {
    let provider = Provider::start();
    let gateway = Gateway::start().await;
    let program = gateway.program().await;
    for (model, base) in [("a", ""), ("b", "/anthropic"), ("c", "/anthropic/v1"), ("d", "/v1")] {
        let base = format!("{}{base}", provider.base_url());
        let entry = json!({"base_url": base, "protocol": "anthropic"});
        gateway.admin().create_model_with(model, &provider, &entry).await;
        provider.will(Reply::json(&anthropic::message("Hi")));
        assert_eq!(status(program.post("/v1/messages").json(&message(model))).await, 200);
    }
    let asked: Vec<String> = provider.received().into_iter().map(|request| request.path).collect();
    let below = "/anthropic/v1/messages";
    assert_eq!(asked, ["/v1/messages", below, below, "/v1/messages"]);
}

#[tokio::test]
async fn p28_an_auth_is_refused_by_the_member_that_is_wrong() {
    let gateway = gateway_with_model().await;
    for (auth, field) in [
        (json!({}), "auth.type"),
        (json!({"type": "magic"}), "auth.type"),
        (json!({"type": "api_key"}), "auth.header"),
        (json!({"type": "api_key", "header": 1}), "auth.header"),
        (json!({"type": "none", "header": "api-key"}), "auth.header"),
        (json!({"type": "none", "colour": "red"}), "auth.colour"),
        (json!("none"), "auth"),
        (json!(["none"]), "auth"),
    ] {
        let entry = entry(json!({"auth": auth, "api_key": "k"}));
        let found = refused(gateway.admin().post(BACKENDS).json(&entry)).await;
        assert_eq!(found, ("invalid_value".to_owned(), field.to_owned()), "{entry}");
    }
    for version in ["", "2024 10", "a&code=1", &"1".repeat(33)] {
        let entry = entry(json!({"api_version": version}));
        let found = refused(gateway.admin().post(BACKENDS).json(&entry)).await;
        assert_eq!(found.1, "api_version", "{version}");
    }
    let keyless = entry(json!({"auth": key_in("api-key")}));
    let keyed = entry(json!({"auth": {"type": "none"}, "api_key": "k"}));
    for entry in [keyless, keyed] {
        let found = refused(gateway.admin().post(BACKENDS).json(&entry)).await;
        assert_eq!(found, ("invalid_value".to_owned(), "api_key".to_owned()));
    }
}

#[tokio::test]
async fn p38_a_key_is_not_sent_where_it_would_frame_or_lead_a_message() {
    let gateway = gateway_with_model().await;
    for header in [
        "host",
        "Content-Length",
        "cookie",
        "connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "keep-alive",
        "x-amz-date",
        "x-forwarded-for",
        "proxy-authorization",
        "a b",
        "",
    ] {
        let entry = entry(json!({"auth": key_in(header), "api_key": "k"}));
        let found = refused(gateway.admin().post(BACKENDS).json(&entry)).await;
        assert_eq!(found.1, "auth.header", "{header}");
    }
}

#[tokio::test]
async fn p23_a_key_stays_with_the_way_in_which_it_is_shown() {
    let gateway = gateway_with_model().await;
    let admin = gateway.admin();
    let backend = admin.create(BACKENDS, &entry(json!({"api_key": "k"}))).await;
    assert_eq!(
        (&backend["auth"], &backend["api_version"]),
        (&Value::Null, &Value::Null)
    );
    let path = format!("/api/v1/admin/backends/{}", backend["id"].as_str().unwrap());
    let change = |change: Value| admin.put(&path).json(&change);
    let secret_required = ("secret_required".to_owned(), "api_key".to_owned());
    assert_eq!(
        refused(change(json!({"auth": key_in("api-key")}))).await,
        secret_required
    );
    let keyed = data(change(json!({"auth": key_in("API-Key"), "api_key": "k2"})), 200).await;
    assert_eq!(keyed["auth"], key_in("api-key"));
    // Another header of the same way, and another weight, leave the key where it is.
    data(change(json!({"auth": key_in("x-api-key"), "weight": 2})), 200).await;
    assert_eq!(refused(change(json!({"auth": null}))).await, secret_required);
    let away = json!({"base_url": "http://127.0.0.1:10"});
    assert_eq!(refused(change(away)).await, secret_required);
    let none = json!({"auth": {"type": "none"}});
    assert_eq!(
        refused(change(none)).await,
        ("invalid_value".to_owned(), "api_key".to_owned())
    );
    let none = json!({"auth": {"type": "none"}, "api_key": null});
    let without = data(change(none), 200).await;
    assert_eq!(without["has_api_key"], false);
    let plain = data(change(json!({"auth": null})), 200).await;
    assert_eq!(plain["auth"], Value::Null);
}

#[tokio::test]
async fn an_exported_auth_is_imported_and_takes_the_key_with_it() {
    let gateway = gateway_with_model().await;
    let admin = gateway.admin();
    let made = entry(json!({"auth": key_in("api-key"), "api_version": "2024-10-21", "api_key": "k"}));
    admin.create(BACKENDS, &made).await;
    let mut document = data(admin.get("/api/v1/admin/export"), 200).await;
    assert_eq!(document["models"][0]["backends"][0]["auth"], key_in("api-key"));
    let import = |document: &Value| admin.post("/api/v1/admin/import").json(document);
    assert_eq!(data(import(&document), 200).await["changes"], json!([]));
    document["models"][0]["backends"][0]["auth"] = json!({"type": "none"});
    data(import(&document), 200).await;
    let backends = data(admin.get(BACKENDS), 200).await;
    assert_eq!(backends[0]["auth"], json!({"type": "none"}));
    assert_eq!(backends[0]["has_api_key"], false);
}

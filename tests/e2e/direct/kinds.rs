//! The kinds of models, and the endpoints that they may be called at.

use harness::Gateway;
use harness::client::{Client, data, refusal, status};
use harness::provider::{Provider, Reply, openai};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

/// Requests of a model at all endpoints that were ever translated, or never.
fn requests(program: &Client, model: &str) -> Vec<(&'static str, RequestBuilder)> {
    let completion = json!({"model": model, "prompt": "Hello"});
    let embeddings = json!({"model": model, "input": "Hello"});
    let ranking = json!({"model": model, "query": "Hello", "documents": ["a"]});
    vec![
        ("rerank", program.post("/v1/rerank").json(&ranking)),
        ("chat", program.chat(model)),
        ("chat", program.message(model)),
        ("completion", program.post("/v1/completions").json(&completion)),
        ("completion", program.post("/v1/fim/completions").json(&completion)),
        ("embedding", program.post("/v1/embeddings").json(&embeddings)),
    ]
}

async fn set_kinds(gateway: &Gateway, model: &str, kinds: &Value) {
    let path = format!("/api/v1/admin/models/{model}");
    let changed = gateway.admin().change(&path, &json!({"kinds": kinds})).await;
    assert_eq!(
        changed["kinds"].as_array().unwrap().len(),
        kinds.as_array().map_or(0, Vec::len)
    );
}

#[tokio::test]
async fn em5_a_model_is_called_for_its_kinds_only() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    for (kind, described, endpoint) in [
        ("chat", "a chat model", "/v1/chat/completions"),
        ("completion", "a completion model", "/v1/completions"),
        ("embedding", "an embedding model", "/v1/embeddings"),
        ("rerank", "a rerank model", "/v1/rerank"),
    ] {
        set_kinds(&gateway, "m", &json!([kind])).await;
        let calls = requests(&program, "m");
        for (_, request) in calls.into_iter().filter(|(other, _)| *other != kind) {
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), 400);
            let error = response.json::<Value>().await.unwrap()["error"].take();
            assert_eq!(error["message"], format!("`m` is {described}: use {endpoint}."));
            if error["param"].is_string() {
                assert_eq!(
                    (&error["code"], &error["param"]),
                    (&"model_not_supported".into(), &"model".into())
                );
            }
        }
        assert_eq!(provider.received().len(), 0, "nothing is called");
    }
}

#[tokio::test]
async fn em5_without_kinds_all_are_tried() {
    let provider = Provider::answering(|request| {
        let list = json!({"data": [], "results": [], "model": "p"});
        Reply::json(&if matches!(request.path.as_str(), "/v1/embeddings" | "/v1/rerank") {
            list
        } else {
            openai::completion("Hi")
        })
    });
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    for kinds in [json!(["chat", "completion", "embedding", "rerank"]), Value::Null] {
        set_kinds(&gateway, "m", &kinds).await;
        for (kind, request) in requests(&program, "m") {
            assert_eq!(status(request).await, 200, "{kind} of {kinds}");
        }
    }
}

#[tokio::test]
async fn em5_a_default_model_steps_in_for_its_own_kind_only() {
    let provider = Provider::always(Reply::json(&json!({"data": [], "model": "p"})));
    let gateway = Gateway::start().await.with_model("spare", &provider).await;
    let idle = json!({"id": "idle", "name": "idle"});
    data(gateway.admin().post("/api/v1/admin/models").json(&idle), 201).await;
    let default = json!({"default_model": "spare"});
    data(gateway.admin().put("/api/v1/admin/settings").json(&default), 200).await;
    let program = gateway.program().await;
    let body = json!({"model": "idle", "input": "Hello"});
    for (kinds, expected) in [(json!(null), 503), (json!(["chat"]), 503), (json!(["embedding"]), 200)] {
        set_kinds(&gateway, "spare", &kinds).await;
        let embeddings = program.post("/v1/embeddings").json(&body);
        assert_eq!(status(embeddings).await, expected, "{kinds}");
    }
    set_kinds(&gateway, "spare", &json!(["embedding"])).await;
    assert_eq!(status(program.chat("idle")).await, 503);
}

#[tokio::test]
async fn em5_kinds_are_a_list_of_those_that_there_are() {
    let gateway = Gateway::start().await;
    for kinds in [json!(["image"]), json!("chat"), json!(["chat", "chat"])] {
        let model = json!({"id": "m", "name": "m", "kinds": kinds});
        let refused = refusal(gateway.admin().post("/api/v1/admin/models").json(&model), 400).await;
        assert_eq!(refused, "invalid_value", "{kinds}");
    }
}

//! `/v1/messages/count_tokens` and what Anthropic's clients read of `/v1/models`.

use harness::client::data;

use super::*;

impl Bench {
    async fn count(&self, body: &Value) -> Answer {
        Answer::of(self.program.post("/v1/messages/count_tokens?beta=true").json(body)).await
    }
}

#[tokio::test]
async fn s7_count_tokens_counts_all_parts_without_a_call() {
    let bench = Bench::start().await;
    let count = async |members: Value| {
        let mut body = json!({"model": "m", "messages": [user(json!("foo"))]});
        body.as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        bench.count(&body).await.json()["input_tokens"].as_u64().unwrap()
    };
    let plain = count(json!({})).await;
    assert!(plain >= 1);
    let image =
        json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}});
    let tool = json!({"name": "read", "description": "Reads a file.", "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}});
    for (more, members) in [
        (
            5,
            json!({"system": "You are a careful assistant with a long description."}),
        ),
        (10, json!({"tools": [tool]})),
        (
            1000,
            json!({"messages": [user(json!([{"type": "text", "text": "foo"}, image]))]}),
        ),
    ] {
        let tokens = count(members.clone()).await;
        assert!(tokens >= plain + more, "{tokens} for {members}");
    }
    assert!(bench.provider.received().is_empty(), "nothing is generated");
}

#[tokio::test]
async fn s7_a_native_backend_counts_itself_or_an_estimate_has_to_do() {
    let bench = Bench::with(json!({"protocol": "anthropic"})).await;
    let body = json!({"model": "m", "messages": [user(json!("foo"))]});
    bench.provider.will(Reply::json(&json!({"input_tokens": 12345})));
    assert_eq!(bench.count(&body).await.json(), json!({"input_tokens": 12345}));
    assert_eq!(
        (bench.received().path.as_str(), &bench.received().json()["model"]),
        ("/v1/messages/count_tokens", &json!("provider-model"))
    );
    for failure in [
        Reply::error(500, &json!({})),
        Reply::raw("!%&/ garbage\r\n\r\n").close(),
        Reply::json(&json!({})),
    ] {
        bench.provider.will(failure);
        assert!(bench.count(&body).await.json()["input_tokens"].as_u64().unwrap() < 100);
    }
    bench
        .provider
        .will(Reply::error(400, &json!({"error": {"message": "messages: too odd"}})));
    assert_eq!(bench.count(&body).await.error(400).1, "messages: too odd");
}

#[tokio::test]
async fn s7_count_tokens_has_the_errors_of_messages() {
    let bench = Bench::start().await;
    assert_eq!(
        bench
            .count(&json!({"model": "unknown", "messages": [user(json!("foo"))]}))
            .await
            .error(404)
            .0,
        "not_found_error"
    );
    assert_eq!(
        bench.count(&json!({"model": "m"})).await.error(400).0,
        "invalid_request_error"
    );
    let wrong_key = bench
        .gateway
        .post("/v1/messages/count_tokens")
        .bearer_auth("sk-wrong")
        .json(&ask(&json!({})));
    assert_eq!(Answer::of(wrong_key).await.error(401).0, "authentication_error");
}

#[tokio::test]
async fn s7_models_have_a_shape_for_both_families_and_pages() {
    let bench = Bench::start().await;
    let alias = json!({"id": "n", "name": "n", "aliases": ["org/claude-like"]});
    data(bench.gateway.admin().post("/api/v1/admin/models").json(&alias), 201).await;
    bench.gateway.admin().create_backend("n", &bench.provider).await;
    let all = Answer::of(bench.program.get("/v1/models?limit=1000")).await.json();
    assert_eq!(
        (&all["object"], &all["has_more"], &all["first_id"]),
        (&json!("list"), &json!(false), &all["data"][0]["id"])
    );
    // The alias is an entry of its own (ML2).
    assert_eq!(all["data"].as_array().unwrap().len(), 3);
    for field in [
        "type",
        "object",
        "display_name",
        "created_at",
        "created",
        "owned_by",
        "lifecycle",
    ] {
        assert!(!all["data"][0][field].is_null(), "{field}");
    }
    let first = Answer::of(bench.program.get("/v1/models?limit=1")).await.json();
    assert_eq!(
        (&first["has_more"], &first["last_id"]),
        (&json!(true), &first["data"][0]["id"])
    );
    let next = format!("/v1/models?limit=1&after_id={}", first["last_id"].as_str().unwrap());
    let second = Answer::of(bench.program.get(&next)).await.json();
    assert_eq!(
        (&second["has_more"], &second["data"]),
        (&json!(true), &json!([all["data"][1]]))
    );
    for id in ["org/claude-like", "org%2Fclaude-like"] {
        let found = Answer::of(bench.program.get(&format!("/v1/models/{id}"))).await.json();
        assert_eq!((&found["id"], &found["root"]), (&json!("org/claude-like"), &json!("n")));
    }
}

#[tokio::test]
async fn s7_a_vllm_backend_counts_the_translated_prompt() {
    let bench = Bench::with(json!({"settings": {"tokenizer": "vllm"}})).await;
    let body = json!({"model": "m", "system": "Be kind.", "messages": [user(json!("foo"))]});
    bench
        .provider
        .will(Reply::json(&json!({"count": 4321, "max_model_len": 8192})));
    assert_eq!(bench.count(&body).await.json(), json!({"input_tokens": 4321}));
    let sent = bench.received().json();
    assert_eq!(bench.received().path, "/tokenize");
    assert_eq!(
        (
            &sent["model"],
            &sent["messages"][0]["content"],
            &sent["add_generation_prompt"]
        ),
        (&json!("provider-model"), &json!("Be kind."), &json!(true))
    );
}

#[tokio::test]
async fn s7_a_llamacpp_backend_applies_its_template_and_splits() {
    let bench = Bench::with(json!({"settings": {"tokenizer": "llamacpp"}})).await;
    let body = json!({"model": "m", "messages": [user(json!("foo"))]});
    bench.provider.will(Reply::json(&json!({"prompt": "<user>foo</user>"})));
    bench.provider.will(Reply::json(&json!({"tokens": [1, 2, 3]})));
    assert_eq!(bench.count(&body).await.json(), json!({"input_tokens": 3}));
    let paths: Vec<_> = bench
        .provider
        .received()
        .into_iter()
        .map(|received| received.path)
        .collect();
    assert_eq!(paths, ["/apply-template", "/tokenize"]);
    for failure in [
        Reply::error(404, &json!({})),
        Reply::json(&json!({})),
        Reply::raw("!%&/ garbage\r\n\r\n").close(),
    ] {
        bench.provider.will(failure);
        assert!(
            bench.count(&body).await.json()["input_tokens"].as_u64().unwrap() > 3,
            "an estimate steps in"
        );
    }
}

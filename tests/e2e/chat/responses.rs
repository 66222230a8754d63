//! A chat client in front of a backend that speaks Responses (N10 to N16). What each field becomes is shown by the
//! fixtures of the translators; here is shown that they are wired to a client and a backend.

use harness::Gateway;
use harness::client::Client;
use harness::provider::{Provider, Reply, responses};
use serde_json::{Value, json};

async fn bench() -> (Gateway, Provider, Client) {
    let (gateway, provider) = (Gateway::start().await, Provider::start());
    let backend = json!({"protocol": "responses", "model_name": "gpt-x"});
    gateway.admin().create_model_with("m", &provider, &backend).await;
    let program = gateway.program().await;
    (gateway, provider, program)
}

async fn ask(program: &Client, members: Value) -> reqwest::Response {
    let messages = json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "go"}]);
    let mut body = json!({"model": "m", "messages": messages});
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    program.post("/v1/chat/completions").json(&body).send().await.unwrap()
}

#[tokio::test]
async fn n10_n11_n15_a_response_is_a_completion() {
    let (_gateway, provider, program) = bench().await;
    let reasoning = json!({"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "gAAA"});
    let output = json!([reasoning, responses::message("Done.")]);
    provider.will(Reply::json(&responses::of_output(output)));
    let response = ask(&program, json!({"max_tokens": 5, "reasoning_effort": "high"})).await;
    let warnings = response.headers()["x-translation-warnings"].clone();
    assert_eq!(warnings, "dropped=max_tokens");
    let completion: Value = response.json().await.unwrap();
    let entry = json!({"type": "reasoning.encrypted", "data": "gAAA", "id": "rs_1", "format": "openai-responses-v1", "index": 0});
    let message =
        json!({"role": "assistant", "content": "Done.", "reasoning_content": "hm", "reasoning_details": [entry]});
    assert_eq!(completion["choices"][0]["message"], message);
    assert_eq!(completion["usage"]["prompt_tokens_details"]["cached_tokens"], 1);
    let sent = provider.received().pop().unwrap();
    assert_eq!(sent.path, "/v1/responses");
    assert_eq!(
        sent.json(),
        json!({
            "model": "gpt-x", "store": false, "include": ["reasoning.encrypted_content"], "instructions": "Be brief.",
            "input": [{"type": "message", "role": "user", "content": "go"}], "max_output_tokens": 16,
            "reasoning": {"effort": "high", "summary": "auto"}
        })
    );
    // The client sends back what it got; a backend of another account cannot read it (N7).
    let refusal = json!({"error": {"message": "no", "code": "invalid_encrypted_content"}});
    provider.will(Reply::error(400, &refusal));
    provider.will(Reply::json(&responses::response("Again.")));
    let messages = json!([{"role": "user", "content": "go"}, message, {"role": "user", "content": "on"}]);
    let response = ask(&program, json!({"messages": messages})).await;
    assert_eq!(response.headers()["x-translation-warnings"], "dropped=reasoning");
    let sent = provider.received();
    let kinds = |sent: &Value| {
        sent["input"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["type"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&sent[1].json()), ["message", "reasoning", "message", "message"]);
    assert_eq!(kinds(&sent[2].json()), ["message", "message", "message"]);
}

#[tokio::test]
async fn n16_a_stream_is_one_of_chunks() {
    let (_gateway, provider, program) = bench().await;
    provider.will(responses::stream(&["Hel", "lo"]));
    let members = json!({"stream": true, "stream_options": {"include_usage": true}});
    let text = ask(&program, members).await.text().await.unwrap();
    for part in [
        "\"content\":\"Hel\"",
        "\"finish_reason\":\"stop\"",
        "\"total_tokens\":5",
        "data: [DONE]",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    provider.will(responses::begun(&["Once"]).end());
    let text = ask(&program, json!({"stream": true})).await.text().await.unwrap();
    assert!(
        text.contains("upstream closed the stream") && !text.contains("[DONE]"),
        "{text}"
    );
}

#[tokio::test]
async fn n14_a_refusal_calls_nobody() {
    let (_gateway, provider, program) = bench().await;
    let response = ask(&program, json!({"stop": ["x"]})).await;
    assert_eq!(response.status(), 400);
    let error: Value = response.json().await.unwrap();
    assert_eq!(error["error"]["code"], "unsupported_parameter");
    assert_eq!(error["error"]["param"], "stop");
    assert!(provider.received().is_empty());
}

#[tokio::test]
async fn n10_n16_a_messages_client_is_served_by_two_conversions() {
    let (_gateway, provider, program) = bench().await;
    let ask = |stream: bool| {
        let mut body = json!({"model": "m", "max_tokens": 200, "system": "Be brief.", "stream": stream});
        body["messages"] = json!([{"role": "user", "content": "go"}]);
        program.post("/v1/messages").json(&body).send()
    };
    provider.will(Reply::json(&responses::response("Done.")));
    let message: Value = ask(false).await.unwrap().json().await.unwrap();
    assert_eq!(message["content"], json!([{"type": "text", "text": "Done."}]));
    assert_eq!(message["stop_reason"], "end_turn");
    assert_eq!(message["usage"]["input_tokens"], 2);
    assert_eq!(
        provider.received()[0].json(),
        json!({
            "model": "gpt-x", "store": false, "include": ["reasoning.encrypted_content"], "instructions": "Be brief.",
            "input": [{"type": "message", "role": "user", "content": "go"}], "max_output_tokens": 200
        })
    );
    provider.will(responses::stream(&["Hel", "lo"]));
    let text = ask(true).await.unwrap().text().await.unwrap();
    assert!(
        text.contains("\"text\":\"Hel\"") && text.contains("event: message_stop"),
        "{text}"
    );
}

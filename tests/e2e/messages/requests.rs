//! What the backend gets.

use harness::client::BACKEND_KEY;
use harness::provider::openai;

use super::*;

const PNG: &str = "iVBORw0KGgo=";

fn said(text: &str) -> Reply {
    Reply::json(&openai::completion(text))
}

#[tokio::test]
async fn rule_p3_text_is_asked_under_the_backends_name_with_unknown_fields() {
    let bench = Bench::start().await;
    let members = json!({"system": "Be brief.", "seed": 7, "temperature": 0.5, "stop_sequences": ["END"]});
    let answer = bench.ask(members, said("Hi")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(bench.received().path, "/v1/chat/completions");
    let expected = json!({
        "model": "provider-model",
        "max_tokens": 100,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "seed": 7,
        "temperature": 0.5,
        "stop": ["END"]
    });
    assert_eq!(bench.received().json(), expected);
}

#[tokio::test]
async fn rule_p2_dropped_fields_are_named_in_a_header() {
    let bench = Bench::start().await;
    let members = json!({"context_management": {"edits": []}, "safeguards": [{"type": "dangerous_tool_use"}]});
    let answer = bench.ask(members, said("Hi")).await;
    assert_eq!(
        answer.header("x-translation-warnings"),
        "dropped=context_management,safeguards"
    );
    let streamed = bench
        .ask(json!({"stream": true, "safeguards": []}), openai::stream(&["Hi"]))
        .await;
    assert_eq!(streamed.header("x-translation-warnings"), "dropped=safeguards");
    assert_eq!(
        bench.ask(json!({}), said("Hi")).await.header("x-translation-warnings"),
        ""
    );
}

#[tokio::test]
async fn rule_p9_no_credential_and_no_header_of_the_clients_reaches_a_chat_backend() {
    let bench = Bench::start().await;
    bench.provider.will(said("Hi"));
    let key = bench.program.credential();
    let request = bench
        .gateway
        .post("/v1/messages")
        .header("x-api-key", key)
        .header("anthropic-version", "2023-06-01");
    let answer = Answer::of(request.header("anthropic-beta", "x-2026").json(&ask(&json!({})))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let received = bench.received();
    assert_eq!(received.header("authorization"), format!("Bearer {BACKEND_KEY}"));
    for name in ["x-api-key", "anthropic-version", "anthropic-beta"] {
        assert_eq!(received.header(name), "", "{name}");
    }
    let all = format!("{:?}{:?}", received.headers, received.body);
    assert!(!all.contains(key));
}

#[tokio::test]
async fn s7_the_key_comes_in_either_header_and_query_strings_are_ignored() {
    let bench = Bench::start().await;
    let key = bench.program.credential();
    for path in ["/v1/messages", "/v1/messages?beta=true"] {
        let request = || bench.gateway.post(path).json(&ask(&json!({})));
        for request in [request().header("x-api-key", key), request().bearer_auth(key)] {
            bench.provider.will(said("Hi"));
            let request = request
                .header("anthropic-version", "2026-10-21")
                .header("anthropic-beta", "what-2026-01-01,ever");
            assert_eq!(Answer::of(request).await.status, 200);
        }
    }
}

#[tokio::test]
async fn s3_5_images_reach_the_model_also_from_tool_results() {
    let bench = Bench::start().await;
    let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}});
    let messages = json!([
        user(json!([{"type": "text", "text": "What is it?"}, image.clone()])),
        {"role": "assistant", "content": [{"type": "tool_use", "id": "call_1", "name": "look", "input": {}}]},
        user(json!([{"type": "tool_result", "tool_use_id": "call_1", "content": [{"type": "text", "text": "a file"}, image]}, {"type": "text", "text": "And?"}])),
    ]);
    let tools = json!([{"name": "look", "input_schema": {"type": "object"}}]);
    let answer = bench
        .ask(json!({"messages": messages, "tools": tools}), said("A cat"))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let sent = bench.received().json();
    let part = json!({"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{PNG}")}});
    assert_eq!(
        sent["messages"][0]["content"],
        json!([{"type": "text", "text": "What is it?"}, part])
    );
    assert_eq!(
        sent["messages"][2],
        json!({"role": "tool", "tool_call_id": "call_1", "content": "a file"})
    );
    let after = sent["messages"][3]["content"].as_array().unwrap();
    assert!(after[0]["text"].as_str().unwrap().contains("call_1"), "{after:?}");
    assert_eq!((&after[1], &after[2]["text"]), (&part, &json!("And?")));
}

#[tokio::test]
async fn s3_9_structured_output_is_asked_for() {
    let bench = Bench::start().await;
    let schema = json!({"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "integer"}}, "required": ["z", "a"], "additionalProperties": false});
    let members = json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}});
    let answer = bench.ask(members, said("{\"z\":\"x\",\"a\":1}")).await;
    assert_eq!(answer.json()["content"][0]["text"], "{\"z\":\"x\",\"a\":1}");
    let expected = json!({"type": "json_schema", "json_schema": {"name": "output", "schema": schema, "strict": true}});
    assert_eq!(bench.received().json()["response_format"], expected);
}

#[tokio::test]
async fn th1_id2_a_tool_loop_gives_back_ids_names_arguments_and_thinking() {
    let bench = Bench::start().await;
    let name = format!("mcp__{}", "long_".repeat(20));
    let tools = json!([{"name": name, "input_schema": {"type": "object"}}]);
    let first = json!({"messages": [user(json!("go"))], "tools": tools, "thinking": {"type": "adaptive"}});

    // The backend calls twice, under the name it knows, with ids that no client of Anthropic's takes.
    bench.ask(first.clone(), said("warm")).await;
    let sent = bench.received().json();
    let short = sent["tools"][0]["function"]["name"].as_str().unwrap();
    assert!(short.len() <= 64, "{short}");
    let call = |id: &str, arguments: &str| json!({"id": id, "type": "function", "function": {"name": short, "arguments": arguments}});
    let calls = [call("functions.x:0", r#"{"a":1,"b":"x"}"#), call("functions.x:1", "{}")];
    let message =
        json!({"role": "assistant", "content": "I look.", "reasoning_content": "Hm.\n\nYes.", "tool_calls": calls});
    let called = completion(message.clone(), "tool_calls");
    let answer = bench.ask(first.clone(), called).await.json();
    assert_eq!(answer["stop_reason"], "tool_use");
    let content = answer["content"].as_array().unwrap();
    let kinds: Vec<_> = content.iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["thinking", "text", "tool_use", "tool_use"]);
    assert!(content[0]["signature"].as_str().unwrap().starts_with("gw1."));
    assert_eq!(content[2]["name"], name);

    // The client answers in the other order; the second result is an error.
    let result =
        |block: &Value, text: &str| json!({"type": "tool_result", "tool_use_id": block["id"], "content": text});
    let mut failed = result(&content[3], "no");
    failed["is_error"] = true.into();
    let mut second = first;
    let results = user(json!([failed, result(&content[2], "ok")]));
    second["messages"] = json!([user(json!("go")), {"role": "assistant", "content": content}, results]);
    let answer = bench.ask(second, said("Done")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let sent = bench.received().json();
    assert_eq!(sent["messages"][1], message);
    let result = |id: &str, content: &str| json!({"role": "tool", "tool_call_id": id, "content": content});
    assert_eq!(sent["messages"][2], result("functions.x:0", "ok"));
    assert_eq!(sent["messages"][3], result("functions.x:1", "Error: no"));
}

#[tokio::test]
async fn rule_p5_order_and_digits_survive_a_round_trip() {
    const INPUT: &str = r#"{"n":12345678901234567890123,"b":1.50,"a":"\ud83d"}"#;
    let bench = Bench::start().await;
    let call = json!({"id": "call_1", "function": {"name": "f", "arguments": INPUT}});
    let answer = bench
        .ask(json!({}), completion(json!({"tool_calls": [call]}), "tool_calls"))
        .await;
    assert!(answer.text.contains(INPUT), "{}", answer.text);
    let history = format!(
        r#"{{"role":"assistant","content":[{{"type":"tool_use","id":"call_1","name":"f","input":{INPUT}}}]}},
        {{"role":"user","content":[{{"type":"tool_result","tool_use_id":"call_1","content":"ok"}}]}}"#
    );
    let body = format!(r#"{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"go"}},{history}]}}"#);
    bench.provider.will(said("Done"));
    let request = bench
        .program
        .post("/v1/messages")
        .header("content-type", "application/json");
    assert_eq!(Answer::of(request.body(body)).await.status, 200);
    assert_eq!(
        bench.received().json()["messages"][1]["tool_calls"][0]["function"]["arguments"],
        INPUT
    );
}

//! Answers, whole and streamed, tools and what is written in the books.

use harness::client::{BACKEND_KEY, data};
use harness::provider::anthropic;

use super::*;

fn weather() -> Value {
    json!([{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}])
}

fn signed_call() -> Value {
    let mut message = anthropic::message("");
    message["stop_reason"] = "tool_use".into();
    message["content"] = json!([
        {"type": "thinking", "thinking": "It is about weather.", "signature": "c2lnbmF0dXJl"},
        {"type": "tool_use", "id": "toolu_k1", "name": "weather", "input": {"at": "Bonn"}}
    ]);
    message
}

/// The same as a stream, up to its end.
fn signed_call_stream() -> Reply {
    let mut start = anthropic::message("");
    start["content"] = json!([]);
    let block =
        |index: u64, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let delta = |index: u64, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let stop = |index: u64| json!({"type": "content_block_stop", "index": index});
    let events = [
        json!({"type": "message_start", "message": start}),
        block(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(0, json!({"type": "thinking_delta", "thinking": "It is "})),
        delta(0, json!({"type": "thinking_delta", "thinking": "about weather."})),
        delta(0, json!({"type": "signature_delta", "signature": "c2lnbmF0dXJl"})),
        stop(0),
        block(
            1,
            json!({"type": "tool_use", "id": "toolu_k1", "name": "weather", "input": {}}),
        ),
        delta(
            1,
            json!({"type": "input_json_delta", "partial_json": "{\"at\":\"Bonn\"}"}),
        ),
        stop(1),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null}, "usage": {"output_tokens": 2}}),
        json!({"type": "message_stop"}),
    ];
    events.into_iter().fold(Reply::events(), anthropic::named).end()
}

#[tokio::test]
async fn o30_o32_a_whole_answer_is_a_completion() {
    let bench = Bench::start().await;
    let mut message = anthropic::message("Hi");
    message["usage"] = json!({"input_tokens": 20, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 7, "output_tokens": 5});
    let answer = bench.ask(json!({}), Reply::json(&message)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let body = answer.json();
    assert_eq!(
        (&body["model"], &body["object"]),
        (&json!("m"), &json!("chat.completion"))
    );
    assert!(body["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert!(body["created"].as_i64().unwrap() > 1_700_000_000);
    let choice = json!({"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop", "logprobs": null});
    assert_eq!(body["choices"], json!([choice]));
    assert_eq!(
        body["usage"],
        json!({
            "prompt_tokens": 57, "completion_tokens": 5, "total_tokens": 62,
            "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 7},
            "completion_tokens_details": {"reasoning_tokens": 0}
        })
    );
    assert_eq!(answer.header("x-upstream-id"), "msg_1");
}

#[tokio::test]
async fn o17_rule_p9_the_backend_gets_a_messages_request_and_its_own_key() {
    let bench = Bench::start().await;
    let members = json!({"max_completion_tokens": 900, "seed": 4, "reasoning_effort": "medium", "tools": weather()});
    let answer = bench.ask(members, Reply::json(&anthropic::message("Hi"))).await;
    assert_eq!(answer.header("x-translation-warnings"), "dropped=seed");
    let received = bench.provider.received().pop().unwrap();
    assert_eq!(received.path, "/v1/messages");
    assert_eq!(
        (
            received.header("anthropic-version"),
            received.header("x-api-key"),
            received.header("authorization")
        ),
        ("2023-06-01", BACKEND_KEY, "")
    );
    let tool = json!({"name": "weather", "input_schema": {"type": "object", "properties": {}}});
    assert_eq!(
        received.json(),
        json!({
            "model": "provider-model", "max_tokens": 900, "tools": [tool],
            "messages": [{"role": "user", "content": [{"type": "text", "text": "go"}]}],
            "thinking": {"type": "adaptive", "display": "summarized"}, "output_config": {"effort": "medium"}
        })
    );
}

#[tokio::test]
async fn o33_o34_a_stream_is_chunks_with_one_head() {
    let bench = Bench::start().await;
    let members = json!({"stream": true, "stream_options": {"include_usage": true}});
    let answer = bench.ask(members, anthropic::stream(&["Hel", "lo"])).await;
    let (chunks, is_done) = answer.chunks();
    assert!(is_done, "{}", answer.text);
    let heads: Vec<_> = chunks
        .iter()
        .map(|chunk| (&chunk["id"], &chunk["created"], &chunk["model"], &chunk["object"]))
        .collect();
    assert!(heads.iter().all(|head| *head == heads[0]), "{heads:?}");
    assert_eq!(
        chunks[0]["choices"][0]["delta"],
        json!({"role": "assistant", "content": ""})
    );
    assert_eq!(gathered(&chunks)["content"], "Hello");
    let [.., finish, usage] = chunks.as_slice() else {
        panic!("{}", answer.text)
    };
    assert_eq!(
        finish["choices"],
        json!([{"index": 0, "delta": {}, "finish_reason": "stop"}])
    );
    assert_eq!(
        (&usage["choices"], &usage["usage"]["total_tokens"]),
        (&json!([]), &json!(5))
    );
    assert_eq!(bench.received()["stream"], true);

    let answer = bench.ask(json!({"stream": true}), anthropic::stream(&["Hi"])).await;
    assert!(!answer.text.contains("usage"), "nobody asked for it: {}", answer.text);
}

#[tokio::test]
async fn o9_signatures_come_back_with_the_results_of_a_call_streamed_and_whole() {
    let bench = Bench::start().await;
    let members = json!({"tools": weather(), "reasoning_effort": "low"});
    let whole = bench.ask(members.clone(), Reply::json(&signed_call())).await.json();
    let mut members = members;
    members["stream"] = true.into();
    let (chunks, _) = bench.ask(members.clone(), signed_call_stream()).await.chunks();
    let message = gathered(&chunks);
    assert_eq!(message, whole["choices"][0]["message"], "streamed is whole");
    assert_eq!(message["reasoning_details"][0]["signature"], "c2lnbmF0dXJl");
    assert_eq!(whole["choices"][0]["finish_reason"], "tool_calls");

    let question = json!({"role": "user", "content": "weather?"});
    let result = json!({"role": "tool", "tool_call_id": message["tool_calls"][0]["id"], "content": "sun"});
    members["messages"] = json!([question, message, result]);
    let answer = bench.ask(members, anthropic::stream(&["Sun."])).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        bench.received()["messages"],
        json!([
            {"role": "user", "content": [{"type": "text", "text": "weather?"}]},
            {"role": "assistant", "content": signed_call()["content"]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_k1", "content": "sun"}]}
        ])
    );
}

#[tokio::test]
async fn o11_the_models_limit_and_the_settings_default_hold() {
    let settings = json!({"protocol": "anthropic", "settings": {"default_max_tokens": 5000, "thinking_param": "budget", "sampling": false}});
    let bench = Bench::with(settings).await;
    let members = json!({"reasoning_effort": "low", "temperature": 0.5});
    let answer = bench.ask(members.clone(), Reply::json(&anthropic::message("Hi"))).await;
    assert_eq!(answer.header("x-translation-warnings"), "dropped=temperature");
    let received = bench.received();
    assert_eq!(received["max_tokens"], 5000);
    assert_eq!(received["thinking"], json!({"type": "enabled", "budget_tokens": 2048}));

    let limit = json!({"max_output_tokens": 4000});
    data(bench.gateway.admin().put("/api/v1/admin/models/m").json(&limit), 200).await;
    bench.ask(members, Reply::json(&anthropic::message("Hi"))).await;
    assert_eq!(bench.received()["max_tokens"], 4000);
}

#[tokio::test]
async fn o32_usage_and_cache_writes_are_in_the_books() {
    let bench = Bench::start().await;
    let mut message = anthropic::message("Hi");
    message["usage"] = json!({
        "input_tokens": 20, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 7, "output_tokens": 5,
        "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4}
    });
    bench.ask(json!({}), Reply::json(&message)).await;
    bench.gateway.local().write_usage().await;
    let logs = data(bench.gateway.admin().get("/api/v1/admin/logs"), 200).await;
    let entry = &logs[0];
    assert_eq!(
        (
            &entry["endpoint"],
            &entry["input_tokens"],
            &entry["output_tokens"],
            &entry["estimated"]
        ),
        (&json!("chat_completions"), &json!(57), &json!(5), &json!(false)),
        "{entry}"
    );
    assert_eq!(
        (
            &entry["cached_input_tokens"],
            &entry["cache_write_tokens"],
            &entry["cache_write_1h_tokens"]
        ),
        (&json!(30), &json!(7), &json!(4)),
        "{entry}"
    );
}

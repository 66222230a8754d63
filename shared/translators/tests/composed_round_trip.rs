//! What a backend has said comes back to it in the next turn as it said it, over two conversions on either way.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as expected")]

mod support;

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::Hex;
use support::random::counting_random;
use translators::chat::input::ChatInput;
use translators::directions::request::{DirectedRequest, of_chat, of_messages, of_responses};
use translators::directions::{ApiDialect, Direction, FarDialect};
use translators::messages::wire::request::MessagesBody;
use translators::model::ModelFacts;
use translators::responses::lifecycle::Lifecycle;
use translators::responses::to_chat::ResponsesRequest;
use translators::responses::wire::request::ResponsesBody;
use translators::settings::Preset;

fn of_responses_client(request: &Value, backend: ApiDialect) -> DirectedRequest {
    let text = request.to_string();
    let body: ResponsesBody<'_> = serde_json::from_str(&text).unwrap();
    let lifecycle = Lifecycle::new("k".repeat(20), Arc::new(|| 1));
    let request = ResponsesRequest {
        body: &body,
        lifecycle: &lifecycle,
    };
    of_responses(request, backend, &Preset::Anthropic.settings(), &ModelFacts::default()).unwrap()
}

fn of_messages_client(request: &Value) -> DirectedRequest {
    let text = request.to_string();
    let body = MessagesBody::parse(text.as_bytes()).unwrap();
    let settings = Preset::OpenAiResponses.settings();
    let facts = ModelFacts {
        sealer: Arc::new(Hex(usize::MAX)).into(),
        ..ModelFacts::default()
    };
    of_messages(&body, ApiDialect::Responses, &settings, &facts).unwrap()
}

fn of_chat_client(request: &Value) -> DirectedRequest {
    let text = request.to_string();
    let input: ChatInput<'_> = serde_json::from_str(&text).unwrap();
    let settings = Preset::OpenAiResponses.settings();
    of_chat(&input, FarDialect::Responses, &settings, &ModelFacts::default()).unwrap()
}

/// What the client of `request` gets of a backend's answer.
fn answered(request: DirectedRequest, backend: ApiDialect, answer: &Value) -> Value {
    let direction = Direction {
        client: request.context,
        backend,
    };
    let whole = direction
        .whole(Bytes::from(answer.to_string()), counting_random())
        .unwrap();
    serde_json::from_slice(&whole.body).unwrap()
}

fn sent(request: &DirectedRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

/// A response of a backend that thinks, says `text`, and calls a tool with `arguments`.
fn response(text: &str, arguments: &str) -> Value {
    let reasoning = json!({"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "gAAA+/="});
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]});
    let call = json!({"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "f", "arguments": arguments});
    json!({"id": "resp_1", "object": "response", "status": "completed", "output": [reasoning, message, call]})
}

/// The items that say the same again.
fn items(text: &str, arguments: &str) -> Vec<Value> {
    vec![
        json!({"type": "reasoning", "summary": [], "encrypted_content": "gAAA+/="}),
        json!({"type": "message", "role": "assistant", "content": text}),
        json!({"type": "function_call", "call_id": "call_1", "name": "f", "arguments": arguments}),
        json!({"type": "function_call_output", "call_id": "call_1", "output": "ok"}),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn n10_n15_a_chat_client_brings_back_what_a_responses_backend_said(text in "[a-c \\n\"é😀]{1,8}", value in "[a-c\"é\\\\]{0,6}") {
        let arguments = json!({"v": value}).to_string();
        let ask = json!({"model": "m", "messages": [{"role": "user", "content": "x"}]});
        let completion = answered(of_chat_client(&ask), ApiDialect::Responses, &response(&text, &arguments));
        let said = completion["choices"][0]["message"].clone();
        let turns = json!([{"role": "user", "content": "x"}, said, {"role": "tool", "tool_call_id": "call_1", "content": "ok"}]);
        let again = sent(&of_chat_client(&json!({"model": "m", "messages": turns})));
        prop_assert_eq!(&again["input"].as_array().unwrap()[1..], items(&text, &arguments));
    }

    #[test]
    fn b10_5_n10_n15_a_messages_client_brings_back_what_a_responses_backend_said(text in "[a-c \\n\"é😀]{1,8}", value in "[a-c\"é\\\\]{0,6}") {
        let arguments = json!({"v": value}).to_string();
        let user = json!({"role": "user", "content": "x"});
        let ask = |turns: Value| of_messages_client(&json!({"model": "m", "max_tokens": 100, "messages": turns}));
        let message = answered(ask(json!([user])), ApiDialect::Responses, &response(&text, &arguments));
        let said = json!({"role": "assistant", "content": message["content"]});
        let result = json!({"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1", "content": "ok"}]});
        let again = sent(&ask(json!([user, said, result])));
        prop_assert_eq!(&again["input"].as_array().unwrap()[1..], items(&text, &arguments));
    }

    #[test]
    fn o5_o6_r5_r6_s12_a_responses_client_brings_back_what_an_anthropic_backend_said(text in "[a-c \"é😀]{1,8}", value in "[a-c\"é\\\\]{0,6}") {
        prop_assume!(!text.trim().is_empty());
        let call = json!({"type": "tool_use", "id": "toolu_1", "name": "docs__f", "input": {"v": value, "a": 1.0}});
        let blocks = json!([{"type": "text", "text": text}, call]);
        let message = json!({"type": "message", "content": blocks, "stop_reason": "tool_use", "usage": {"input_tokens": 1, "output_tokens": 1}});
        let tools = json!([{"type": "namespace", "name": "docs", "tools": [{"type": "function", "name": "f"}]}]);
        let ask = |input: Value| of_responses_client(&json!({"model": "m", "tools": tools, "input": input}), ApiDialect::Messages);
        let response = answered(ask(json!("x")), ApiDialect::Messages, &message);
        let mut input = vec![json!({"role": "user", "content": "x"})];
        input.extend(response["output"].as_array().unwrap().iter().cloned());
        input.push(json!({"type": "function_call_output", "call_id": "toolu_1", "output": "ok"}));
        let again = sent(&ask(input.into()));
        prop_assert_eq!(&again["messages"][1]["content"], &blocks);
        prop_assert_eq!(&again["messages"][2]["content"][0]["tool_use_id"], "toolu_1");
    }
}

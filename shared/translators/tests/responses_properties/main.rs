//! Laws of the translation for Responses clients: however a backend cuts, joins and mixes its chunks, the client gets
//! the same, in events of one grammar; and what it sends back reaches the backend as that had said it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what cannot be built must fail its test"
)]

#[expect(dead_code, reason = "the contexts of Messages are not used here")]
#[path = "../stream_properties/generated.rs"]
mod generated;
mod grammar;
#[expect(dead_code, reason = "the laws of Messages are not used here")]
#[path = "../laws/mod.rs"]
mod laws;
#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;

use bytes::BytesMut;
use generated::{Chance, Segment, call, chunks, segment, sse, text};
use laws::decode;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use support::random::counting_random;
use translators::directions::{ApiDialect, ClientContext, Direction};
use translators::model::ModelFacts;
use translators::responses::context::ResponsesContext;
use translators::responses::from_chat;
use translators::responses::lifecycle::Lifecycle;
use translators::responses::to_chat::{self, ResponsesRequest};
use translators::responses::wire::request::ResponsesBody;
use translators::settings::BackendSettings;
use translators::stream::{Progress, StreamEnd};
use translators::translated::TranslatedRequest;

/// A request with tools of all kinds, some of which the generated calls name.
fn request(input: &Value, asks_for_reasoning: bool) -> Value {
    let mut request = json!({"model": "m", "input": input, "tools": [
        {"type": "custom", "name": "a"},
        {"type": "function", "name": "b", "parameters": {}},
        {"type": "namespace", "name": "b", "tools": [{"type": "function", "name": "c"}]},
    ]});
    if asks_for_reasoning {
        request["reasoning"] = json!({"effort": "low", "summary": "auto"});
    }
    request
}

fn translated(request: &Value) -> TranslatedRequest<ResponsesContext> {
    let text = request.to_string();
    let body: ResponsesBody<'_> = serde_json::from_str(&text).unwrap();
    let lifecycle = Lifecycle::new("k".repeat(20), Arc::new(|| 1));
    let request = ResponsesRequest {
        body: &body,
        lifecycle: &lifecycle,
    };
    to_chat::translate(request, &BackendSettings::default(), &ModelFacts::default()).unwrap()
}

fn context(asks_for_reasoning: bool) -> ResponsesContext {
    translated(&request(&json!("x"), asks_for_reasoning)).context
}

/// The events for a backend's bytes, and if nothing was written since the backend failed before it said anything.
fn streamed(bytes: &[u8], cuts: &[usize], context: ResponsesContext) -> BytesMut {
    let direction = Direction {
        client: ClientContext::Responses(Box::new(context)),
        backend: ApiDialect::Chat,
    };
    let mut machine = direction.stream(counting_random());
    let mut out = BytesMut::new();
    for event in decode(bytes, cuts) {
        if matches!(machine.feed(&event, &mut out), Progress::Done | Progress::Failed) {
            break;
        }
    }
    machine.finish(StreamEnd::Closed, &mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rs1_rs2_rs3_rs4_rs5_any_cut_split_join_and_mix_gives_the_same_response(
        segments in prop::collection::vec(segment(), 0..6),
        numbers in prop::collection::vec(any::<Index>(), 1..40),
        cuts in prop::collection::vec(any::<usize>(), 0..8),
        asks in any::<bool>(),
    ) {
        let plain = sse(&chunks(&segments, None), "\n");
        let shaken = chunks(&segments, Some(Chance { numbers: &numbers, next: 0 }));
        let expected = grammar::read(&streamed(&plain, &[], context(asks)));
        let response = grammar::read(&streamed(&sse(&shaken, "\n"), &cuts, context(asks)));
        prop_assert_eq!(&response, &expected);
        prop_assert_eq!(&response["status"], "completed");
        let said: String = segments.iter().filter_map(|segment| match segment {
            Segment::Content(text) => Some(text.as_str()),
            Segment::Reasoning(_) | Segment::Calls(_) => None,
        }).collect();
        let shown: String = texts(&response, "message").concat();
        // White space behind the last call is the one thing that may be dropped (§5.5), and unasked thinking may be
        // the text.
        let only_thinking = segments.iter().all(|segment| matches!(segment, Segment::Reasoning(_)));
        prop_assert!(
            (said.starts_with(&shown) && said[shown.len()..].trim().is_empty()) || (only_thinking && !asks),
            "{:?} of {:?}", shown, said
        );
    }

    #[test]
    fn ra1_the_last_object_of_a_stream_is_the_whole_response(
        reasoning in text(),
        content in text(),
        calls in prop::collection::vec(call(), 0..3),
        reason in prop::sample::select(vec!["stop", "length", "tool_calls", "content_filter"]),
        cut in 0_usize..4,
        asks in any::<bool>(),
    ) {
        let last = calls.len().saturating_sub(1);
        let tool_calls: Vec<Value> = calls.iter().enumerate().map(|(index, call)| {
            let mut arguments = call.arguments.clone();
            if index == last {
                arguments.truncate(arguments.floor_char_boundary(arguments.len().saturating_sub(cut)));
            }
            json!({"index": index, "id": format!("call_{index}"), "function": {"name": call.name, "arguments": arguments}})
        }).collect();
        let message = json!({"content": content, "reasoning_content": reasoning, "tool_calls": tool_calls});
        let usage = json!({"prompt_tokens": 7, "completion_tokens": 3});
        let whole = json!({"choices": [{"index": 0, "message": message, "finish_reason": reason}], "usage": usage}).to_string();
        let response = from_chat::translate(whole.as_bytes(), &context(asks), counting_random()).unwrap();
        let response: Value = serde_json::from_slice(&response.body).unwrap();
        let chunk = json!({"choices": [{"index": 0, "delta": message, "finish_reason": reason}], "usage": usage});
        let stream = format!("data: {chunk}\n\ndata: [DONE]\n\n");
        prop_assert_eq!(grammar::read(&streamed(stream.as_bytes(), &[], context(asks))), response);
    }

    #[test]
    fn rs7_a_stream_that_is_cut_anywhere_fails_in_order(
        segments in prop::collection::vec(segment(), 1..5),
        numbers in prop::collection::vec(any::<Index>(), 1..40),
        end in any::<Index>(),
    ) {
        let mut bytes = sse(&chunks(&segments, Some(Chance { numbers: &numbers, next: 0 })), "\n");
        bytes.truncate(end.index(bytes.len()));
        let out = streamed(&bytes, &[], context(true));
        prop_assert!(out.is_empty() || grammar::read(&out)["id"].is_string());
    }

    #[test]
    fn h1_s12_what_is_sent_back_reaches_the_backend_as_it_had_said_it(
        reasoning in "[a-c é\n]{1,8}",
        content in "[a-c \\n\"é😀]{0,8}",
        calls in prop::collection::vec(call(), 0..3),
    ) {
        let calls: Vec<_> = calls.into_iter().filter(|call| call.arguments.starts_with('{') && call.name != "a").collect();
        prop_assume!(!(calls.is_empty() && content.is_empty()));
        let tool_calls: Vec<Value> = calls.iter().enumerate().map(|(index, call)| {
            json!({"id": format!("f.{index}:é"), "type": "function", "function": {"name": call.name, "arguments": call.arguments}})
        }).collect();
        let message = json!({"content": content, "reasoning_content": reasoning, "tool_calls": tool_calls});
        let whole = json!({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).to_string();
        let response = from_chat::translate(whole.as_bytes(), &context(true), counting_random()).unwrap();
        let response: Value = serde_json::from_slice(&response.body).unwrap();
        let mut input = vec![json!({"role": "user", "content": "x"})];
        input.extend(response["output"].as_array().unwrap().iter().cloned());
        input.extend(calls.iter().enumerate().map(|(index, _)| {
            json!({"type": "function_call_output", "call_id": format!("f.{index}:é"), "output": "ok"})
        }));
        let sent: Value = serde_json::from_slice(&translated(&request(&input.into(), true)).body).unwrap();
        let turn = &sent["messages"][1];
        let said = if content.is_empty() { Value::Null } else { content.into() };
        prop_assert_eq!(&turn["content"], &said);
        prop_assert_eq!(&turn["reasoning_content"], &reasoning);
        let back = turn.get("tool_calls").cloned().unwrap_or_else(|| json!([]));
        prop_assert_eq!(back, Value::from(tool_calls));
    }
}

/// The texts of the items of one type.
fn texts(response: &Value, kind: &str) -> Vec<String> {
    let items = response["output"].as_array().unwrap().iter();
    let of_kind = items.filter(|item| item["type"] == kind);
    of_kind
        .map(|item| item["content"][0]["text"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn rs3_names_and_arguments_with_line_breaks_stay_in_one_line() {
    let text = r#"{"model": "m", "input": "x", "tools": [
        {"type": "tool_search",
         "execution": "client"}], "metadata": {
        "a": "b"}}"#;
    let body: ResponsesBody<'_> = serde_json::from_str(text).unwrap();
    let lifecycle = Lifecycle::new("k".repeat(20), Arc::new(|| 1));
    let request = ResponsesRequest {
        body: &body,
        lifecycle: &lifecycle,
    };
    let context = to_chat::translate(request, &BackendSettings::default(), &ModelFacts::default())
        .unwrap()
        .context;
    let call = |name: &str| {
        json!({"choices": [{"index": 0, "delta": {"tool_calls": [
            {"id": "a\nb", "function": {"name": name, "arguments": "{\n\"q\": \"\\n\"\n}"}}]}}]})
    };
    for name in ["tool_search", "f\n"] {
        let out = streamed(&sse(&[call(name)], "\n"), &[], context.clone());
        assert_eq!(grammar::read(&out)["output"][0]["call_id"], "a\nb");
    }
}

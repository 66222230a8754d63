//! Laws of the translation of responses: however a backend cuts, joins and mixes its chunks, the client gets the same.

#![expect(clippy::unwrap_used, reason = "what cannot be built must fail its test")]

mod generated;
#[path = "../laws/mod.rs"]
mod laws;
#[path = "../support/mod.rs"]
mod support;

use bytes::BytesMut;
use generated::{Chance, Segment, call, chunks, context, segment, sse, text};
use laws::{Accumulated, Block, accumulate, any_input_ends_in_order, cuts_change_nothing};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use support::random::counting_random;
use translators::context::ResponseContext;
use translators::directions::{ApiDialect, ClientContext, Direction};
use translators::messages::from_chat;
use translators::sse::Event;
use translators::stream::{Progress, StreamEnd, StreamTranslation};
use translators::usage::{Usage, usage_of_members};

/// A client that speaks Messages, in front of a backend that speaks chat.
fn messages_of_chat(context: ResponseContext) -> Direction {
    Direction {
        client: ClientContext::Messages(context),
        backend: ApiDialect::Chat,
    }
}

/// The members that are read of a chunk.
const KEYS: &str = "choices delta content reasoning reasoning_content reasoning_details refusal index tool_calls function function_call \
    name id arguments finish_reason usage text stop_reason prompt_tokens error";

/// JSON that looks like a chunk, with every known member holding anything.
fn odd_chunk() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        Just(json!(0)),
        Just(json!(1)),
        Just(json!(-1.5)),
        Just(json!({})),
        Just(json!([])),
        "[ab{}\"\\\\ ]{0,3}".prop_map(Value::from),
        Just(json!("stop")),
        Just(json!("length")),
    ];
    let keys = prop::sample::select(KEYS.split(' ').collect::<Vec<_>>());
    leaf.prop_recursive(5, 40, 6, move |inner| {
        let member = (keys.clone(), inner.clone());
        prop_oneof![
            prop::collection::vec(member, 1..6).prop_map(|members| members.into_iter().collect::<Value>()),
            prop::collection::vec(inner, 1..3).prop_map(Value::from),
        ]
    })
}

/// A chunk whose frame is right, so that what is odd lies in the delta.
fn framed(delta: &Value) -> Value {
    json!({"choices": [{"index": 0, "delta": delta}]})
}

proptest! {
    // A counterexample becomes a test with a name, not a line in a file of seeds.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s12_any_cut_split_join_and_mix_gives_the_same_message(
        segments in prop::collection::vec(segment(), 0..6),
        numbers in prop::collection::vec(any::<Index>(), 1..40),
        cuts in prop::collection::vec(any::<usize>(), 0..8),
        line_end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        context in context(),
    ) {
        let plain = sse(&chunks(&segments, None), "\n");
        let shaken = chunks(&segments, Some(Chance { numbers: &numbers, next: 0 }));
        let (expected, _) = any_input_ends_in_order(&plain, &[], context.clone());
        let (message, outcome) = any_input_ends_in_order(&sse(&shaken, line_end), &cuts, context);
        prop_assert_eq!(&message, &expected);
        prop_assert_eq!(outcome.usage, Usage { input: 7, output: 3, ..Usage::default() });
        let has_calls = message.blocks.iter().any(|block| matches!(block, Block::ToolUse { .. }));
        prop_assert_eq!(message.stop_reason.as_deref(), Some(if has_calls { "tool_use" } else { "end_turn" }));
    }

    #[test]
    fn p6_no_text_is_lost_or_altered(
        segments in prop::collection::vec(segment(), 0..6),
        numbers in prop::collection::vec(any::<Index>(), 1..40),
    ) {
        let shaken = chunks(&segments, Some(Chance { numbers: &numbers, next: 0 }));
        let (message, _) = any_input_ends_in_order(&sse(&shaken, "\n"), &[], ResponseContext::default());
        let mut thinking = String::new();
        let mut text = String::new();
        let mut calls = Vec::new();
        for segment in &segments {
            match segment {
                Segment::Reasoning(part) => thinking += part,
                Segment::Content(part) => text += part,
                Segment::Calls(part) => calls.extend(part.iter().map(|call| (call.name.clone(), call.arguments.clone()))),
            }
        }
        let of = |pick: fn(&Block) -> Option<&String>| message.blocks.iter().filter_map(pick).cloned().collect::<String>();
        prop_assert_eq!(of(|block| if let Block::Thinking { text, .. } = block { Some(text) } else { None }), thinking);
        // White space behind the last call is the one thing that may be dropped (§5.5).
        let shown = of(|block| if let Block::Text(text) = block { Some(text) } else { None });
        prop_assert!(text.starts_with(&shown) && text[shown.len()..].trim().is_empty(), "{shown:?} of {text:?}");
        let used: Vec<(String, String)> = message.blocks.iter().filter_map(|block| match block {
            Block::ToolUse { name, input, .. } => Some((name.clone(), input.clone())),
            _ => None,
        }).collect();
        let wrapped = |(name, arguments): (String, String)| {
            let object = arguments.is_empty() || arguments.starts_with('{');
            (name, if object { arguments } else { json!({"raw_arguments": arguments}).to_string() })
        };
        prop_assert_eq!(used, calls.into_iter().map(wrapped).collect::<Vec<_>>());
    }

    #[test]
    fn a_whole_response_is_the_message_of_its_stream(
        reasoning in text(),
        content in text(),
        calls in prop::collection::vec(call(), 0..3),
        context in context(),
    ) {
        let tool_calls: Vec<Value> = calls.iter().enumerate().map(|(index, call)| {
            json!({"index": index, "id": format!("call_{index}"), "function": {"name": call.name, "arguments": call.arguments}})
        }).collect();
        // Thinking in two places: one block in the stream, while a whole response has it from one source only.
        let content = content.replace("<think>", "");
        let whole_message = json!({"content": content, "reasoning_content": reasoning, "tool_calls": tool_calls});
        let whole = json!({"choices": [{"index": 0, "message": whole_message, "finish_reason": "stop"}]}).to_string();
        let response = from_chat::translate(whole.as_bytes(), &context, &mut counting_random()).unwrap();
        let response: Value = serde_json::from_slice(&response.body).unwrap();
        let (message, _) = any_input_ends_in_order(&sse(&[framed(&whole_message)], "\n"), &[], context.clone());
        prop_assert_eq!(response["content"].as_array().unwrap().len(), message.blocks.len());
        for (value, block) in response["content"].as_array().unwrap().iter().zip(&message.blocks) {
            match block {
                Block::Thinking { text, .. } => prop_assert_eq!(&value["thinking"], text),
                Block::Text(text) => prop_assert_eq!(&value["text"], text),
                Block::ToolUse { id, name, input } => {
                    let input = if input.is_empty() { "{}" } else { input };
                    prop_assert_eq!(&value["id"], id);
                    prop_assert_eq!(&value["name"], name);
                    prop_assert_eq!(&value["input"], &serde_json::from_str::<Value>(input).unwrap());
                }
            }
        }
        prop_assert_eq!(response["stop_reason"].as_str(), message.stop_reason.as_deref());
    }

    #[test]
    fn i10_odd_chunks_never_break_the_grammar(
        deltas in prop::collection::vec(prop_oneof![odd_chunk(), odd_chunk().prop_map(|delta| framed(&delta))], 0..8),
        context in context(),
    ) {
        any_input_ends_in_order(&sse(&deltas, "\n"), &[], context.clone());
        let mut cut = sse(&deltas, "\n");
        cut.truncate(cut.len() / 2);
        any_input_ends_in_order(&cut, &[], context);
    }

    #[test]
    fn s5_1_cuts_change_nothing_whatever_the_bytes(
        bytes in prop::collection::vec(prop::sample::select(b"data: x\n\r\xEF\xBB\xBF\xE2\x80\xA8".to_vec()), 0..60),
        cuts in prop::collection::vec(any::<usize>(), 0..6),
    ) {
        cuts_change_nothing(&bytes, &cuts);
    }

    #[test]
    fn s4_3_usage_in_passing_is_the_usage_of_a_full_reading(usage in odd_chunk(), text in text()) {
        let raw = |json: &Value| RawValue::from_string(json.to_string()).unwrap();
        let mut chunk = framed(&json!({"content": text, "\"usage\":{": "\"usage\":{"}));
        prop_assert_eq!(usage_of_members(None, Some(&raw(&chunk["choices"]))), None);
        let expected = Usage::from_chat(&to_raw_value(&usage).unwrap());
        prop_assert_eq!(usage_of_members(Some(&raw(&usage)), Some(&raw(&chunk["choices"]))), expected);
        chunk["choices"][0]["usage"] = usage.clone();
        prop_assert_eq!(usage_of_members(None, Some(&raw(&chunk["choices"]))), expected.filter(|_| usage.is_object()));
    }
}

fn machine() -> StreamTranslation {
    messages_of_chat(ResponseContext::default()).stream(counting_random())
}

fn event(delta: &Value) -> Event {
    Event::of_data(framed(delta).to_string())
}

#[test]
fn w4_pings_stand_only_inside_of_the_message() {
    let mut machine = machine();
    let mut out = BytesMut::new();
    machine.ping(&mut out);
    assert!(out.is_empty());
    machine.feed(&event(&json!({"content": "a"})), &mut out);
    let before = out.len();
    machine.ping(&mut out);
    assert_eq!(&out[before..], b"event: ping\ndata: {\"type\":\"ping\"}\n\n");
    assert_eq!(machine.feed(&Event::of_data("no JSON"), &mut out), Progress::Failed);
    let before = out.len();
    machine.ping(&mut out);
    assert_eq!(out.len(), before);
}

#[test]
fn w3_a_commit_is_made_once() {
    let mut machine = machine();
    let mut out = BytesMut::new();
    machine.commit(&mut out);
    let before = out.len();
    machine.commit(&mut out);
    machine.feed(&event(&json!({})), &mut out);
    assert_eq!(out.len(), before);
}

#[test]
fn i7_events_have_a_name_and_one_line_of_data() {
    let mut machine = machine();
    let mut out = BytesMut::new();
    machine.feed(
        &event(&json!({"reasoning_content": "h\n", "content": "\r\n", "tool_calls": [
        {"index": 0, "id": "a\nb", "function": {"name": "f\n", "arguments": {"a": "\n"}}}]})),
        &mut out,
    );
    machine.feed(&Event::of_data("[DONE]"), &mut out);
    machine.finish(StreamEnd::Closed, &mut out);
    let text = String::from_utf8(out.to_vec()).unwrap();
    for event in text.split_terminator("\n\n") {
        let (name, data) = event.split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
    }
    assert!(matches!(accumulate(text.as_bytes()), Accumulated { error: None, .. }));
}

#[test]
fn p7_what_can_be_forwarded_is_forwarded_at_once() {
    let mut machine = machine();
    let mut out = BytesMut::new();
    let mut events_of = |delta: Value| {
        machine.feed(&event(&delta), &mut out);
        String::from_utf8(out.split().to_vec()).unwrap()
    };
    assert!(events_of(json!({"reasoning_content": "think"})).contains("\"thinking\":\"think\""));
    assert!(events_of(json!({"content": "say"})).contains("\"text\":\"say\""));
    let call = json!({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{\"a\":"}}]});
    assert!(events_of(call).contains(r#""partial_json":"{\"a\":""#));
    assert!(
        events_of(json!({"tool_calls": [{"index": 0, "function": {"arguments": "1"}}]}))
            .contains(r#""partial_json":"1""#)
    );
}

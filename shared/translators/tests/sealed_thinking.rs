//! Thinking that Messages clients carry for us, sealed: what they are not shown, and what only its maker can read.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as expected")]

mod support;

use std::sync::Arc;

use bytes::BytesMut;
use serde_json::{Value, json};
use support::Hex;
use support::random::counting_random;
use translators::directions::{ApiDialect, ClientContext, Direction};
use translators::error::{Code, RequestError};
use translators::messages;
use translators::messages::wire::request::MessagesBody;
use translators::model::ModelFacts;
use translators::sealed::{SealedKind, Sealer};
use translators::settings::{BackendOverrides, BackendSettings};
use translators::sse::Event;
use translators::stream::StreamEnd;
use translators::translated::TranslatedRequest;

/// A Messages client that is shown no thinking, with its request made of `history`.
fn messages_client(history: &Value, most: usize) -> Result<TranslatedRequest, RequestError> {
    let thinking = json!({"type": "adaptive", "display": "omitted"});
    let text = json!({"model": "m", "max_tokens": 9, "thinking": thinking, "messages": history}).to_string();
    let overrides: BackendOverrides = serde_json::from_value(json!({"reasoning_details": true})).unwrap();
    let facts = ModelFacts {
        sealer: Arc::new(Hex(most)).into(),
        ..ModelFacts::default()
    };
    messages::to_chat::translate(
        &MessagesBody::parse(text.as_bytes()).unwrap(),
        &BackendSettings::resolve(None, &overrides),
        &facts,
    )
}

fn hello() -> Value {
    json!([{"role": "user", "content": "Hello"}])
}

/// The thinking block that such a client gets of a backend which says `message`, streamed and whole.
fn thinking_blocks(message: &Value) -> [Value; 2] {
    let direction = || Direction {
        client: ClientContext::Messages(messages_client(&hello(), 0).unwrap().context),
        backend: ApiDialect::Chat,
    };
    let completion = json!({"choices": [{"message": message, "finish_reason": "stop"}]}).to_string();
    let whole = direction().whole(completion.into(), counting_random()).unwrap();
    let whole: Value = serde_json::from_slice(&whole.body).unwrap();
    let mut machine = direction().stream(counting_random());
    let mut out = BytesMut::new();
    for chunk in [
        json!({"choices": [{"delta": message}]}),
        json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}),
    ] {
        machine.feed(&Event::of_data(chunk.to_string()), &mut out);
    }
    machine.feed(&Event::of_data("[DONE]".to_owned()), &mut out);
    machine.finish(StreamEnd::Closed, &mut out);
    let text = String::from_utf8(out.to_vec()).unwrap();
    let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let mut deltas = events.map(|event| serde_json::from_str::<Value>(event).unwrap()["delta"].take());
    let signature = deltas.find_map(|delta| delta.get("signature").cloned());
    [
        whole["content"][0].clone(),
        json!({"type": "thinking", "thinking": "", "signature": signature}),
    ]
}

#[test]
fn k1_k5_th1_hidden_thinking_is_sealed_for_messages_clients_and_comes_back_p4() {
    let opaque = json!({"type": "reasoning.encrypted", "data": "opaque", "format": "openai-responses-v1"});
    let message =
        json!({"content": "done", "reasoning_content": "deep \"thought\"", "reasoning_details": [opaque.clone()]});
    for block in thinking_blocks(&message) {
        let signature = block["signature"].as_str().unwrap();
        let sealed = signature.strip_prefix("gw1.").unwrap();
        let content: Value = serde_json::from_str(&Hex(0).open(SealedKind::Reasoning, sealed).unwrap()).unwrap();
        assert_eq!(
            (&content["text"], &content["details"]),
            (&json!("deep \"thought\""), &json!([opaque]))
        );
        let turn = json!({"role": "assistant", "content": [block, {"type": "text", "text": "done"}]});
        let history = json!([hello()[0], turn, {"role": "user", "content": "more"}]);
        let sent: Value = serde_json::from_slice(&messages_client(&history, 9999).unwrap().body).unwrap();
        assert_eq!(
            sent["messages"][1],
            message
                .as_object()
                .map(|members| {
                    let mut members = members.clone();
                    members.insert("role".to_owned(), "assistant".into());
                    Value::Object(members)
                })
                .unwrap()
        );
    }
}

#[test]
fn k2_th4_a_signature_that_does_not_open_carries_nothing() {
    for signature in ["gw1.reasoning-zz", "gw1.t.aG0", "gw1.compaction-7b7d", "gw1.", "Eo8t"] {
        let block = json!({"type": "thinking", "thinking": "", "signature": signature});
        let shown = json!({"type": "thinking", "thinking": "hm", "signature": signature});
        for (block, thinking) in [(block, None), (shown, Some("hm"))] {
            let turn = json!({"role": "assistant", "content": [block, {"type": "text", "text": "done"}]});
            let history = json!([hello()[0], turn, {"role": "user", "content": "more"}]);
            let sent: Value = serde_json::from_slice(&messages_client(&history, 9999).unwrap().body).unwrap();
            assert_eq!(
                sent["messages"][1]["reasoning_content"].as_str(),
                thinking,
                "{signature}"
            );
        }
    }
}

#[test]
fn k4_signatures_of_a_request_are_weighed_before_one_is_opened() {
    let block = json!({"type": "thinking", "thinking": "", "signature": format!("gw1.{}", "x".repeat(96))});
    let turn = json!({"role": "assistant", "content": [block, {"type": "text", "text": "done"}]});
    let history = json!([hello()[0], turn, {"role": "user", "content": "more"}]);
    assert!(messages_client(&history, 100).is_ok());
    let refused = messages_client(&history, 99).unwrap_err();
    assert_eq!(
        (refused.code, refused.path.as_str()),
        (Code::RequestTooLarge, "messages")
    );
}

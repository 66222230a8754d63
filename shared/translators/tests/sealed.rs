//! What a client carries for us, sealed: its reasoning reaches the backend again as that had said it.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as expected")]

mod support;

use std::sync::Arc;

use bytes::BytesMut;
use serde_json::{Value, json};
use support::Hex;
use support::random::counting_random;
use translators::directions::{ApiDialect, ClientContext, Direction};
use translators::error::{Code, RequestError};
use translators::model::ModelFacts;
use translators::responses::context::ResponsesContext;
use translators::responses::from_chat;
use translators::responses::lifecycle::Lifecycle;
use translators::responses::to_chat::{self, ResponsesRequest};
use translators::responses::wire::request::ResponsesBody;
use translators::sealed::{SealedKind, Sealer};
use translators::settings::{BackendOverrides, BackendSettings};
use translators::sse::Event;
use translators::stream::StreamEnd;
use translators::translated::TranslatedRequest;

const ASKED: &str = "reasoning.encrypted_content";

fn translated_within(
    request: &Value,
    settings: &Value,
    most: usize,
) -> Result<TranslatedRequest<ResponsesContext>, RequestError> {
    let text = request.to_string();
    let body: ResponsesBody<'_> = serde_json::from_str(&text).unwrap();
    let overrides: BackendOverrides = serde_json::from_value(settings.clone()).unwrap();
    let lifecycle = Lifecycle::new("k".repeat(20), Arc::new(|| 7)).sealed_by(Arc::new(Hex(most)));
    let request = ResponsesRequest {
        body: &body,
        lifecycle: &lifecycle,
    };
    let settings = BackendSettings::resolve(None, &overrides);
    to_chat::translate(request, &settings, &ModelFacts::default())
}

fn translated(request: &Value, settings: &Value) -> TranslatedRequest<ResponsesContext> {
    translated_within(request, settings, usize::MAX).unwrap()
}

/// The messages that a backend gets for `input`, and the warnings.
fn sent(input: &Value, settings: &Value) -> (Value, Vec<String>) {
    let call = translated(&json!({"model": "m", "input": input}), settings);
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    (body["messages"].clone(), call.warnings)
}

/// The output items for a backend's message.
fn output(message: &Value, request: &Value) -> Vec<Value> {
    let completion = json!({"choices": [{"message": message, "finish_reason": "stop"}]}).to_string();
    let context = translated(request, &json!({})).context;
    let response = from_chat::translate(completion.as_bytes(), &context, counting_random()).unwrap();
    let response: Value = serde_json::from_slice(&response.body).unwrap();
    response["output"].as_array().unwrap().clone()
}

fn asking() -> Value {
    json!({"model": "m", "input": "x", "include": [ASKED], "reasoning": {"effort": "low"}})
}

fn content(item: &Value) -> Value {
    let sealed = item["encrypted_content"].as_str().unwrap();
    let sealed = sealed.strip_prefix("gw1.").unwrap();
    serde_json::from_str(&Hex(0).open(SealedKind::Reasoning, sealed).unwrap()).unwrap()
}

#[test]
fn ra3_k1_reasoning_is_sealed_for_who_asks_for_it() {
    let message = json!({"content": "done", "reasoning_content": "deep \"thought\""});
    let items = output(&message, &asking());
    let sealed = json!({"kind": "reasoning", "at": 7, "text": "deep \"thought\"", "details": []});
    assert_eq!(content(&items[0]), sealed);
    let unasked = json!({"model": "m", "input": "x", "reasoning": {"effort": "low"}});
    assert_eq!(output(&message, &unasked)[0]["encrypted_content"], Value::Null);
}

#[test]
fn k1_a_stream_seals_in_the_item_that_is_done() {
    let direction = Direction {
        client: ClientContext::Responses(Box::new(translated(&asking(), &json!({})).context)),
        backend: ApiDialect::Chat,
    };
    let mut machine = direction.stream(counting_random());
    let mut out = BytesMut::new();
    for delta in [
        json!({"reasoning_content": "deep"}),
        json!({"reasoning_content": " thought"}),
        json!({"content": "x"}),
    ] {
        machine.feed(
            &Event::of_data(json!({"choices": [{"delta": delta}]}).to_string()),
            &mut out,
        );
    }
    machine.feed(
        &Event::of_data(json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}).to_string()),
        &mut out,
    );
    machine.feed(&Event::of_data("[DONE]".to_owned()), &mut out);
    assert!(machine.finish(StreamEnd::Closed, &mut out).ending.is_ok());
    let text = String::from_utf8(out.to_vec()).unwrap();
    let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = events.map(|data| serde_json::from_str(data).unwrap()).collect();
    let of = |kind: &str| events.iter().find(|event| event["type"] == kind).unwrap();
    assert_eq!(
        of("response.output_item.added")["item"]["encrypted_content"],
        Value::Null
    );
    let done = &of("response.output_item.done")["item"];
    assert_eq!(content(done)["text"], "deep thought");
    assert_eq!(&of("response.completed")["response"]["output"][0], done);
}

#[test]
fn k5_r8_the_blob_alone_brings_text_and_signatures_back() {
    let signed =
        json!({"type": "reasoning.text", "text": "deep", "signature": "s+/=", "format": "anthropic-claude-v1"});
    let redacted = json!({"type": "reasoning.encrypted", "data": "opaque", "format": "anthropic-claude-v1"});
    let summary = json!({"type": "reasoning.summary", "summary": "deep"});
    let message = json!({
        "content": "done", "reasoning_content": "deep", "reasoning_details": [signed, summary, redacted],
    });
    let mut items = output(&message, &asking());
    items[0] = json!({"type": "reasoning", "summary": [], "encrypted_content": items[0]["encrypted_content"]});
    let (plain, _) = sent(&json!(items), &json!({}));
    let said = json!({"role": "assistant", "content": "done", "reasoning_content": "deep"});
    assert_eq!(plain[0], said, "a chat backend gets the text");
    let (kept, warnings) = sent(&json!(items), &json!({"reasoning_details": true}));
    assert_eq!(
        kept[0]["reasoning_details"],
        json!([signed, redacted]),
        "what is signed comes back as it was"
    );
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn k5_reasoning_that_nobody_can_read_is_carried_without_a_text() {
    let opaque = json!({"type": "reasoning.encrypted", "data": "opaque", "format": "openai-responses-v1"});
    let items = output(&json!({"content": "done", "reasoning_details": [opaque]}), &asking());
    assert_eq!(items.len(), 2);
    let (kept, _) = sent(&json!(items), &json!({"reasoning_details": true}));
    assert_eq!(
        kept[0],
        json!({"role": "assistant", "content": "done", "reasoning_details": [opaque]})
    );
}

#[test]
fn k2_a_blob_of_another_kind_or_server_is_foreign() {
    let compaction = format!(
        "gw1.{}",
        Hex(0).seal(SealedKind::Compaction, r#"{"text":"x"}"#).unwrap()
    );
    for blob in ["gAAAA", "gw1.", "gw1.reasoning-7b", "gw1.reasoning-zz", &compaction] {
        let item = json!({"type": "reasoning", "summary": [], "encrypted_content": blob});
        let (messages, warnings) = sent(&json!([{"role": "user", "content": "x"}, item]), &json!({}));
        assert_eq!(messages, json!([{"role": "user", "content": "x"}]), "{blob}");
        assert_eq!(warnings, ["reasoning"], "{blob}");
        let readable =
            json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "t"}], "encrypted_content": blob});
        let (messages, _) = sent(&json!([readable, {"role": "assistant", "content": "y"}]), &json!({}));
        assert_eq!(messages[0]["reasoning_content"], "t", "{blob}");
    }
}

#[test]
fn k4_reasoning_that_is_too_long_is_not_sealed() {
    let long = "x".repeat(200_000);
    let message = json!({"content": "done", "reasoning_content": long});
    let completion = json!({"choices": [{"message": message, "finish_reason": "stop"}]}).to_string();
    let context = translated(&asking(), &json!({})).context;
    let response = from_chat::translate(completion.as_bytes(), &context, counting_random()).unwrap();
    assert_eq!(response.repairs.told().as_deref(), Some("unsealed_reasoning=too_long"));
    let response: Value = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(response["output"][0]["encrypted_content"], Value::Null);
    assert_eq!(response["output"][0]["content"][0]["text"], long);
}

#[test]
fn k4_a_request_with_more_than_may_be_opened_is_refused_before_anything_is() {
    let item = output(&json!({"content": "", "reasoning_content": "deep"}), &asking()).remove(0);
    let length = item["encrypted_content"].as_str().unwrap().len();
    let foreign = json!({"type": "reasoning", "summary": [], "encrypted_content": "x".repeat(1000)});
    let request = json!({"model": "m", "input": [item, foreign, item, {"role": "user", "content": "x"}]});
    assert!(translated_within(&request, &json!({}), 2 * length).is_ok());
    let error = translated_within(&request, &json!({}), 2 * length - 1).unwrap_err();
    assert_eq!((error.code, error.path.as_str()), (Code::RequestTooLarge, "input"));
}

#[test]
fn r11_k1_a_summary_of_ours_stands_for_the_conversation_before_it() {
    let sealed = Hex(0).seal(SealedKind::Compaction, r#"{"text":"Summary: a \"long\" story."}"#);
    let blob = format!("gw1.{}", sealed.unwrap());
    let input = json!([
        {"type": "compaction", "encrypted_content": blob},
        {"role": "user", "content": "go on"},
    ]);
    let (messages, _) = sent(&input, &json!({}));
    let said = "Summary of the conversation so far, written by another model:\nSummary: a \"long\" story.\ngo on";
    assert_eq!(messages, json!([{"role": "user", "content": said}]));
}

#[test]
fn k1_without_keys_the_log_says_so() {
    let message = json!({"content": "done", "reasoning_content": "deep"});
    let completion = json!({"choices": [{"message": message, "finish_reason": "stop"}]}).to_string();
    let text = asking().to_string();
    let body: ResponsesBody<'_> = serde_json::from_str(&text).unwrap();
    let request = ResponsesRequest {
        body: &body,
        lifecycle: &Lifecycle::new("k".repeat(20), Arc::new(|| 7)),
    };
    let context = to_chat::translate(request, &BackendSettings::default(), &ModelFacts::default());
    let response = from_chat::translate(completion.as_bytes(), &context.unwrap().context, counting_random()).unwrap();
    assert_eq!(response.repairs.told().as_deref(), Some("unsealed_reasoning=no_keys"));
}

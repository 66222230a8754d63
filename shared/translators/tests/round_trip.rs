//! What a client got in one turn and sends back in the next reaches the backend as the backend had said it.

#![expect(clippy::unwrap_used, reason = "what cannot be built must fail its test")]

#[expect(dead_code, reason = "the laws of streams alone are checked elsewhere")]
mod laws;
mod support;

use std::sync::Arc;

use laws::{Accumulated, Block, any_input_ends_in_order};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::Hex;
use translators::messages::to_chat;
use translators::messages::wire::request::MessagesBody;
use translators::model::ModelFacts;
use translators::settings::BackendSettings;
use translators::translated::TranslatedRequest;

/// A call as the backend makes it. Its name is the client's; the backend sees the mapped one.
#[derive(Debug, Clone)]
struct Call {
    id: String,
    name: String,
    arguments: String,
}

fn call() -> impl Strategy<Value = Call> {
    let id = prop_oneof![
        "call_[a-z0-9]{1,4}",
        "functions\\.[a-c]:[0-9]",
        "[a-z é/]{1,5}x",
        "i{65,70}"
    ];
    let name = prop_oneof!["[a-c]{1,3}", "mcp\\.[a-c]/tool", "n{65,80}"];
    let arguments = ("[a-c\"\\\\{}é\n]{0,5}", any::<u128>()).prop_map(|(text, number)| {
        // The text of numbers and the order of keys are the backend's.
        format!(r#"{{"z": {number}.50, "a": {}, "m": [1.0, {{}}]}}"#, Value::from(text))
    });
    (id, name, arguments).prop_map(|(id, name, arguments)| Call { id, name, arguments })
}

fn chat(body: &str) -> TranslatedRequest {
    let model = ModelFacts {
        client_model: "m".into(),
        backend_model: "b".into(),
        max_output_tokens: None,
        sealer: Arc::new(Hex(usize::MAX)).into(),
        ..ModelFacts::default()
    };
    to_chat::translate(
        &MessagesBody::parse(body.as_bytes()).unwrap(),
        &BackendSettings::default(),
        &model,
    )
    .unwrap()
}

fn request(messages: &Value, tools: &[&str], display: &str) -> String {
    let tools: Vec<Value> = tools
        .iter()
        .map(|name| json!({"name": name, "input_schema": {}}))
        .collect();
    let thinking = json!({"type": "adaptive", "display": display});
    json!({"model": "m", "max_tokens": 100, "messages": messages, "tools": tools, "thinking": thinking}).to_string()
}

/// The stream in which the backend thinks, speaks and calls.
fn backend_stream(reasoning: &str, text: &str, calls: &[Call], call: &TranslatedRequest) -> Vec<u8> {
    let tool_calls: Vec<Value> = calls
        .iter()
        .enumerate()
        .map(|(index, sent)| {
            let name = call.context.names.to_backend(&sent.name);
            json!({"index": index, "id": sent.id, "function": {"name": name, "arguments": sent.arguments}})
        })
        .collect();
    let delta = json!({"reasoning_content": reasoning, "content": text, "tool_calls": tool_calls});
    let chunk = json!({"choices": [{"index": 0, "delta": delta, "finish_reason": "tool_calls"}]});
    format!("data: {chunk}\n\ndata: [DONE]\n\n").into_bytes()
}

/// The assistant's turn as a client keeps it. Inputs are written as they came: JSON text into JSON.
fn as_history(message: &Accumulated) -> String {
    let blocks = message.blocks.iter().map(|block| match block {
        Block::Thinking { text, signature } => {
            json!({"type": "thinking", "thinking": text, "signature": signature}).to_string()
        }
        Block::Text(text) => json!({"type": "text", "text": text}).to_string(),
        Block::ToolUse { id, name, input } => {
            format!(
                r#"{{"type":"tool_use","id":{},"name":{},"input":{input}}}"#,
                json!(id),
                json!(name)
            )
        }
    });
    blocks.collect::<Vec<_>>().join(",")
}

fn results(message: &Accumulated) -> Vec<Value> {
    let ids = message.blocks.iter().filter_map(|block| match block {
        Block::ToolUse { id, .. } => Some(id),
        _ => None,
    });
    ids.map(|id| json!({"type": "tool_result", "tool_use_id": id, "content": "ok"}))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s12_id2_na3_th1_a_turn_comes_back_as_the_backend_said_it(
        reasoning in "[a-c\n\"é]{1,6}",
        text in "[a-c\n\"é]{1,6}",
        calls in prop::collection::vec(call(), 1..4),
        display in prop::sample::select(vec!["summarized", "omitted"]),
    ) {
        let unique: std::collections::HashSet<&str> = calls.iter().map(|call| call.id.as_str()).collect();
        prop_assume!(unique.len() == calls.len());
        let names: std::collections::BTreeSet<&str> = calls.iter().map(|call| call.name.as_str()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let question = json!({"role": "user", "content": "go"});
        let first = chat(&request(&json!([question]), &names, display));

        let stream = backend_stream(&reasoning, &text, &calls, &first);
        let (message, _) = any_input_ends_in_order(&stream, &[], first.context.clone());
        let shown = if display == "omitted" { "" } else { &reasoning };
        let is_shown = matches!(&message.blocks[0], Block::Thinking { text, .. } if text == shown);
        prop_assert!(is_shown);
        let own_names: Vec<&String> = message.blocks.iter().filter_map(|block| match block {
            Block::ToolUse { name, .. } => Some(name),
            _ => None,
        }).collect();
        prop_assert_eq!(own_names, calls.iter().map(|call| &call.name).collect::<Vec<_>>());

        let results = json!({"role": "user", "content": results(&message)});
        let turn = format!(r#"{{"role":"assistant","content":[{}]}}"#, as_history(&message));
        let frame = request(&json!([question, "TURN", results]), &names, display);
        let next = chat(&frame.replace("\"TURN\"", &turn));
        let body: Value = serde_json::from_slice(&next.body).unwrap();

        let assistant = &body["messages"][1];
        prop_assert_eq!(assistant["content"].as_str(), Some(text.as_str()));
        prop_assert_eq!(assistant["reasoning_content"].as_str(), Some(reasoning.as_str()));
        same_calls(&calls, &body["messages"], &first)?;
    }
}

/// The backend gets its calls with the names, ids and arguments that it sent, and a result for each.
fn same_calls(calls: &[Call], messages: &Value, first: &TranslatedRequest) -> Result<(), TestCaseError> {
    for (place, call) in calls.iter().enumerate() {
        let sent = &messages[1]["tool_calls"][place];
        prop_assert_eq!(sent["id"].as_str(), Some(call.id.as_str()));
        prop_assert_eq!(&messages[2 + place]["tool_call_id"], &sent["id"]);
        let name = first.context.names.to_backend(&call.name);
        prop_assert_eq!(sent["function"]["name"].as_str(), Some(name.as_ref()));
        // Compact JSON, so only white space may have gone.
        let compact = |text: &str| text.replace(' ', "");
        let arguments = sent["function"]["arguments"].as_str().unwrap();
        prop_assert_eq!(compact(arguments), compact(&call.arguments));
    }
    Ok(())
}

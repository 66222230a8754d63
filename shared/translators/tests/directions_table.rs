//! The tables of docs/translation.md that tell what each direction refuses and drops are what the code does: each field
//! is sent alone through every direction.
//!
//! A table that is wrong is printed as it should be.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops where something is not as expected"
)]

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};
use translators::chat::input::ChatInput;
use translators::directions::request::{of_chat, of_messages, of_responses};
use translators::directions::{ApiDialect, FarDialect};
use translators::error::RequestError;
use translators::messages::wire::request::MessagesBody;
use translators::model::ModelFacts;
use translators::responses::backend::native::{self, NativeRequest};
use translators::responses::lifecycle::Lifecycle;
use translators::responses::to_chat::{ResponsesRequest, check};
use translators::responses::wire::request::ResponsesBody;
use translators::settings::{BackendSettings, Preset};

const PAGE: &str = include_str!("../../../docs/translation.md");

/// The outcome of a request: the names of the fields that are dropped with a warning, or the refusal.
type Outcome = Result<Vec<String>, RequestError>;

/// A field by its name on the page, and members of a request that have it.
type Field = (&'static str, Value);

/// The settings that a backend of this dialect has by default.
fn settings(backend: ApiDialect) -> BackendSettings {
    match backend {
        ApiDialect::Chat => BackendSettings::default(),
        ApiDialect::Messages => Preset::Anthropic.settings(),
        ApiDialect::Responses => Preset::OpenAiResponses.settings(),
    }
}

fn chat(request: &str, backend: ApiDialect) -> Option<Outcome> {
    let input: ChatInput<'_> = serde_json::from_str(request).unwrap();
    let translated = of_chat(&input, backend.far()?, &settings(backend), &ModelFacts::default());
    Some(translated.map(|translated| translated.warnings))
}

fn messages(request: &str, backend: ApiDialect) -> Option<Outcome> {
    if backend.far() == Some(FarDialect::Messages) {
        return None;
    }
    let translated = MessagesBody::parse(request.as_bytes())
        .and_then(|body| of_messages(&body, backend, &settings(backend), &ModelFacts::default()));
    Some(translated.map(|translated| translated.warnings))
}

fn responses(request: &str, backend: ApiDialect) -> Outcome {
    let body: ResponsesBody<'_> = serde_json::from_str(request).unwrap();
    let lifecycle = Lifecycle::new("k".repeat(20), Arc::new(|| 1));
    check(&body)?;
    if backend.far() == Some(FarDialect::Responses) {
        let request = NativeRequest {
            body: &body,
            lifecycle: &lifecycle,
            is_for_compaction: false,
        };
        return Ok(native::adapt(request, &settings(backend))?.warnings);
    }
    let request = ResponsesRequest {
        body: &body,
        lifecycle: &lifecycle,
    };
    let translated = of_responses(request, backend, &settings(backend), &ModelFacts::default());
    Ok(translated?.warnings)
}

fn with(base: &Value, members: &Value) -> String {
    let mut request = base.clone();
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    request.to_string()
}

/// The rows of one client's table. A field that every backend gets has none.
fn table(base: &Value, fields: &[Field], translate: impl Fn(&str, ApiDialect) -> Option<Outcome>) -> String {
    let mut table =
        "| field ↓ backend → | `openai` | `anthropic` | `responses` |\n| --- | --- | --- | --- |\n".to_owned();
    for backend in ApiDialect::ALL {
        let plain = translate(&base.to_string(), backend);
        assert!(plain.is_none_or(|outcome| outcome.expect("the base is served").is_empty()));
    }
    for (name, members) in fields {
        let request = with(base, members);
        let told = ApiDialect::ALL.map(|backend| match translate(&request, backend) {
            None => "same dialect",
            Some(Err(_)) => "refused",
            Some(Ok(warnings)) if warnings.is_empty() => "",
            Some(Ok(_)) => "dropped",
        });
        assert!(
            told.iter().any(|told| matches!(*told, "refused" | "dropped")),
            "{name} needs no row"
        );
        writeln!(table, "| {name} | {} | {} | {} |", told[0], told[1], told[2]).unwrap();
    }
    table
}

#[track_caller]
fn is_on_the_page(table: &str) {
    assert!(PAGE.contains(table), "docs/translation.md does not have:\n{table}");
}

/// Members of a chat request, with what they are called on the page.
fn chat_members() -> Vec<Field> {
    let function = json!({"name": "f", "parameters": {"type": "object"}});
    let forced = json!({"reasoning_effort": "low", "tool_choice": "required",
        "tools": [{"type": "function", "function": function}]});
    vec![
        ("`stop`", json!({"stop": ["a"]})),
        ("`n` above 1", json!({"n": 2})),
        (
            "`logprobs`, `top_logprobs`",
            json!({"logprobs": true, "top_logprobs": 2}),
        ),
        ("`logit_bias`", json!({"logit_bias": {"1": 1}})),
        (
            "`audio`, `modalities` with audio",
            json!({"modalities": ["audio"], "audio": {}}),
        ),
        ("`web_search_options`", json!({"web_search_options": {}})),
        ("`moderation` that blocks", json!({"moderation": {"policy": "block"}})),
        ("`moderation` that tells", json!({"moderation": {"policy": "tell"}})),
        (
            "`seed`, penalties",
            json!({"seed": 1, "presence_penalty": 1, "frequency_penalty": 1}),
        ),
        ("`prediction`", json!({"prediction": {}})),
        ("`verbosity`", json!({"verbosity": "low"})),
        ("`store: true`", json!({"store": true})),
        ("`top_k`", json!({"top_k": 3})),
        ("`temperature`, `top_p` above 1", json!({"temperature": 1.5})),
        ("`service_tier: flex`", json!({"service_tier": "flex"})),
        (
            "`response_format: json_object`",
            json!({"response_format": {"type": "json_object"}}),
        ),
        ("a limit below 16", json!({"max_tokens": 5})),
        ("a `stop` of white space", json!({"stop": [" "]})),
        ("`reasoning_effort` beside a forced tool", forced),
        (
            "`temperature` below 1 beside `reasoning_effort`",
            json!({"reasoning_effort": "low", "temperature": 0.5}),
        ),
    ]
}

/// Conversations of a chat request.
fn chat_conversations() -> Vec<Field> {
    let part = |kind: &str| {
        let part = json!({"type": kind, "input_audio": {}, "file": {"file_id": "f"}});
        json!({"messages": [{"role": "user", "content": [part]}]})
    };
    let calls = json!([{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    let call = json!({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": calls}]});
    vec![
        ("a part `input_audio`", part("input_audio")),
        ("a part `file` with `file_id`", part("file")),
        ("a part of an unknown type", part("hologram")),
        ("a call without its result", call),
    ]
}

#[test]
fn s13_s13_1_what_chat_clients_lose_is_on_the_page() {
    let base = json!({"model": "m", "messages": [{"role": "user", "content": "x"}]});
    let fields = [chat_members(), chat_conversations()].concat();
    is_on_the_page(&table(&base, &fields, chat));
}

#[test]
fn s13_2_what_messages_clients_lose_is_on_the_page() {
    let tool = |kind: &str| json!({"tools": [{"type": kind, "name": "t"}]});
    let block = |kind: &str| {
        let block = json!({"type": kind, "source": {"type": "file", "file_id": "f"}});
        json!({"messages": [{"role": "user", "content": [block]}]})
    };
    let fields = [
        ("`stop_sequences`", json!({"stop_sequences": ["a"]})),
        (
            "`mcp_servers`, `container`, `compaction`",
            json!({"mcp_servers": [{"url": "x"}]}),
        ),
        ("`inference_geo`", json!({"inference_geo": "eu"})),
        ("tools that a server runs", tool("web_search_20250305")),
        (
            "a turn to be continued",
            json!({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]}),
        ),
        (
            "`context_management`, `fallbacks`, `safeguards`",
            json!({"context_management": {}}),
        ),
        (
            "`output_config.task_budget`",
            json!({"output_config": {"task_budget": {}}}),
        ),
        ("`speed: fast`", json!({"speed": "fast"})),
        ("`top_k`", json!({"top_k": 3})),
        ("`max_tokens` below 16", json!({"max_tokens": 5})),
        ("an image or a document by `file_id`", block("image")),
        ("a block of an unknown type", block("hologram")),
    ];
    let base = json!({"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "x"}]});
    is_on_the_page(&table(&base, &fields, messages));
}

/// Members of a Responses request.
fn responses_members() -> Vec<Field> {
    vec![
        ("`background`, `conversation`, `prompt`", json!({"background": true})),
        ("`moderation` with a policy", json!({"moderation": {"policy": {}}})),
        (
            "a hosted tool that is forced",
            json!({"tools": [{"type": "web_search"}], "tool_choice": "required"}),
        ),
        ("other hosted tools", json!({"tools": [{"type": "web_search"}]})),
        ("`top_logprobs`, or `include` of them", json!({"top_logprobs": 2})),
        ("`text.verbosity`", json!({"text": {"verbosity": "low"}})),
        ("`store: true`", json!({"store": true})),
        ("`service_tier: flex`", json!({"service_tier": "flex"})),
        ("`truncation: auto`", json!({"truncation": "auto"})),
        (
            "`context_management`, `access_programs`",
            json!({"context_management": [{}]}),
        ),
        ("`reasoning.mode`", json!({"reasoning": {"mode": "deep"}})),
        ("`temperature`, `top_p` above 1", json!({"temperature": 1.5})),
        (
            "`text.format: json_object`",
            json!({"text": {"format": {"type": "json_object"}}}),
        ),
    ]
}

/// Input of a Responses request.
fn responses_input() -> Vec<Field> {
    let user = |part: Value| json!({"input": [{"role": "user", "content": [part]}]});
    let behind = |item: Value| json!({"input": [{"role": "user", "content": "x"}, item]});
    let item = |kind: &str| behind(json!({"type": kind, "id": "i", "call_id": "c", "output": "o"}));
    let sealed = |kind: &str| behind(json!({"type": kind, "summary": [], "encrypted_content": "theirs"}));
    vec![
        ("items of hosted tools", item("web_search_call")),
        ("items of unknown types", item("hologram")),
        (
            "a part `input_audio`",
            user(json!({"type": "input_audio", "input_audio": {}})),
        ),
        (
            "a part `input_file` with `file_id`",
            user(json!({"type": "input_file", "file_id": "f"})),
        ),
        (
            "a part `input_file` with `file_url`",
            user(json!({"type": "input_file", "file_url": "https://host/a.pdf"})),
        ),
        ("a part of an unknown type", user(json!({"type": "hologram"}))),
        ("reasoning that only another server can read", sealed("reasoning")),
        ("a compaction of another server", sealed("compaction")),
        ("an output without its call", item("function_call_output")),
    ]
}

#[test]
fn s13_3_what_responses_clients_lose_is_on_the_page() {
    let base = json!({"model": "m", "input": "x"});
    let fields = [responses_members(), responses_input()].concat();
    is_on_the_page(&table(&base, &fields, |request, backend| {
        Some(responses(request, backend))
    }));
}

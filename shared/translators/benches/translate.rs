//! What translating a stream costs, beside reading the same bytes with `serde_json` alone.
//!
//! `cargo bench -p translators`: each line has its bytes a second and the allocations of one run; a run is a stream of
//! 200 chunks, each arriving on its own.

#![expect(
    clippy::unwrap_used,
    reason = "a stream that cannot be built must stop the benchmark"
)]

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, black_box};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use translators::chat::completion::Completion;
use translators::context::ResponseContext;
use translators::directions::request::of_responses;
use translators::directions::{ApiDialect, ClientContext, Direction};
use translators::model::ModelFacts;
use translators::responses::lifecycle::Lifecycle;
use translators::responses::to_chat::ResponsesRequest;
use translators::responses::wire::request::ResponsesBody;
use translators::settings::BackendSettings;
use translators::sse::{Decoder, Event};
use translators::stream::StreamEnd;
use translators::usage::{Usage, usage_of_members};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const CHUNKS: usize = 200;
const MAX_EVENT_BYTES: usize = 1 << 20;

fn main() {
    divan::main();
}

/// A relay of the same dialect: events are cut, forwarded as they are, and searched for usage.
#[divan::bench]
fn pass_through(bencher: Bencher<'_, '_>) {
    run(bencher, &text_stream(), |chunks| {
        let mut usage = None;
        each_event(chunks, |event| {
            usage = usage_of_chunk(event.data().unwrap_or_default()).or(usage);
        });
        black_box(usage);
    });
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<&'a RawValue>,
}

fn usage_of_chunk(data: &[u8]) -> Option<Usage> {
    let chunk: Chunk<'_> = serde_json::from_slice(data).ok()?;
    usage_of_members(chunk.usage, chunk.choices)
}

/// Text by the client's dialect and the backend's, wherever they differ.
#[divan::bench(args = TRANSLATED)]
fn text(bencher: Bencher<'_, '_>, (client, backend): (ApiDialect, ApiDialect)) {
    translate(bencher, client, backend, &text_of(backend));
}

/// Calls of a chat backend.
#[divan::bench(args = [ApiDialect::Messages, ApiDialect::Responses])]
fn tools(bencher: Bencher<'_, '_>, client: ApiDialect) {
    translate(bencher, client, ApiDialect::Chat, &tool_stream());
}

const TRANSLATED: [(ApiDialect, ApiDialect); 6] = [
    (ApiDialect::Messages, ApiDialect::Chat),
    (ApiDialect::Responses, ApiDialect::Chat),
    (ApiDialect::Chat, ApiDialect::Messages),
    (ApiDialect::Responses, ApiDialect::Messages),
    (ApiDialect::Chat, ApiDialect::Responses),
    (ApiDialect::Messages, ApiDialect::Responses),
];

fn translate(bencher: Bencher<'_, '_>, client: ApiDialect, backend: ApiDialect, chunks: &[Bytes]) {
    let context = context(client, backend);
    run(bencher, chunks, |chunks| {
        let direction = Direction {
            client: context.clone(),
            backend,
        };
        let mut machine = direction.stream(Box::new(|| "r".repeat(24)));
        let mut out = BytesMut::with_capacity(16 << 10);
        each_event(chunks, |event| {
            machine.feed(event, &mut out);
            black_box(out.split());
        });
        black_box(machine.finish(StreamEnd::Closed, &mut out));
    });
}

fn context(client: ApiDialect, backend: ApiDialect) -> ClientContext {
    match client {
        ApiDialect::Chat => ClientContext::Chat(ResponseContext::default()),
        ApiDialect::Messages => ClientContext::Messages(ResponseContext::default()),
        ApiDialect::Responses => {
            let body: ResponsesBody<'_> = serde_json::from_str(r#"{"model":"m","input":"x"}"#).unwrap();
            let request = ResponsesRequest {
                body: &body,
                lifecycle: &Lifecycle::new("k".repeat(20), Arc::new(|| 1)),
            };
            let (settings, facts) = (BackendSettings::default(), ModelFacts::default());
            of_responses(request, backend, &settings, &facts).unwrap().context
        }
    }
}

/// The baseline: every chunk parsed, nothing done with it.
#[divan::bench(args = ["text", "tools"])]
fn baseline_parse_values(bencher: Bencher<'_, '_>, kind: &str) {
    run(bencher, &stream(kind), |chunks| {
        each_event(chunks, |event| {
            black_box(serde_json::from_slice::<Value>(event.data().unwrap_or_default()).ok());
        });
    });
}

/// The same with the translator's own types.
#[divan::bench(args = ["text", "tools"])]
fn baseline_parse_types(bencher: Bencher<'_, '_>, kind: &str) {
    run(bencher, &stream(kind), |chunks| {
        each_event(chunks, |event| {
            black_box(serde_json::from_slice::<Completion<'_>>(event.data().unwrap_or_default()).ok());
        });
    });
}

fn run(bencher: Bencher<'_, '_>, chunks: &[Bytes], translate: impl Fn(&[Bytes]) + Sync) {
    let bytes: usize = chunks.iter().map(Bytes::len).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| translate(black_box(chunks)));
}

fn each_event(chunks: &[Bytes], mut take: impl FnMut(&Event)) {
    let mut decoder = Decoder::new(MAX_EVENT_BYTES);
    for chunk in chunks {
        decoder.feed(chunk.clone());
        for event in decoder.by_ref() {
            take(&event.unwrap());
        }
    }
}

fn stream(kind: &str) -> Vec<Bytes> {
    if kind == "tools" { tool_stream() } else { text_stream() }
}

/// The same words in each dialect.
fn text_of(backend: ApiDialect) -> Vec<Bytes> {
    match backend {
        ApiDialect::Chat => text_stream(),
        ApiDialect::Messages => named(messages_events()),
        ApiDialect::Responses => named(responses_events()),
    }
}

fn words() -> impl Iterator<Item = String> {
    (0..CHUNKS - 2).map(|number| format!(" word{number},\n"))
}

fn messages_events() -> Vec<Value> {
    let message = json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "the-model", "content": [],
        "usage": {"input_tokens": 1000, "output_tokens": 1}});
    let mut events = vec![
        json!({"type": "message_start", "message": message}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    ];
    events.extend(
        words().map(
            |text| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
        ),
    );
    let delta = json!({"stop_reason": "end_turn", "stop_sequence": null});
    events.extend([
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 200}}),
        json!({"type": "message_stop"}),
    ]);
    events
}

fn responses_events() -> Vec<Value> {
    let mut response = json!({"id": "resp_1", "object": "response", "created_at": 1_790_000_000, "model": "the-model",
        "status": "in_progress", "output": [], "usage": null});
    let item = json!({"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress", "content": []});
    let mut events = vec![
        json!({"type": "response.created", "sequence_number": 0, "response": response}),
        json!({"type": "response.output_item.added", "sequence_number": 1, "output_index": 0, "item": item}),
    ];
    events.extend(words().enumerate().map(|(number, text)| {
        json!({"type": "response.output_text.delta", "sequence_number": number + 2, "item_id": "msg_1",
            "output_index": 0, "content_index": 0, "delta": text, "logprobs": []})
    }));
    response["status"] = json!("completed");
    response["usage"] = json!({"input_tokens": 1000, "output_tokens": 200, "total_tokens": 1200});
    events.push(json!({"type": "response.completed", "sequence_number": 200, "response": response}));
    events
}

fn named(events: Vec<Value>) -> Vec<Bytes> {
    let written = |event: Value| Bytes::from(format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()));
    events.into_iter().map(written).collect()
}

fn text_stream() -> Vec<Bytes> {
    events(words().map(|text| json!({"content": text})).collect(), "stop")
}

/// Two calls, one after the other, with arguments full of quotes.
fn tool_stream() -> Vec<Bytes> {
    let start = |index: usize| {
        json!({"tool_calls": [{"index": index, "id": format!("call_{index}"), "type": "function",
            "function": {"name": "write", "arguments": "{\"lines\": ["}}]})
    };
    let piece =
        |index: usize, arguments: &str| json!({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]});
    let call = |index: usize| {
        let lines = (0..CHUNKS / 2 - 3).map(move |_| piece(index, "\"a \\\"line\\\"\", "));
        std::iter::once(start(index))
            .chain(lines)
            .chain([piece(index, "\"end\"]}")])
    };
    events(call(0).chain(call(1)).collect(), "tool_calls")
}

fn events(deltas: Vec<Value>, finish_reason: &str) -> Vec<Bytes> {
    let chunk = |delta: Value, finish_reason: Value| {
        json!({"id": "chatcmpl-0123456789abcdef", "object": "chat.completion.chunk", "created": 1_790_000_000,
            "model": "the-model", "choices": [
                {"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason}]})
    };
    let mut chunks: Vec<Value> = deltas.into_iter().map(|delta| chunk(delta, Value::Null)).collect();
    chunks.push(chunk(json!({}), finish_reason.into()));
    chunks.push(json!({"choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 200}}));
    chunks
        .iter()
        .map(|chunk| Bytes::from(format!("data: {chunk}\n\n")))
        .collect()
}

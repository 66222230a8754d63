//! What translating a stream costs, beside reading the same bytes with `serde_json` alone.
//!
//! `cargo bench -p translators`: each line has its bytes a second and the allocations of one run; a run is a stream of
//! 200 chunks, each arriving on its own.

#![expect(
    clippy::unwrap_used,
    reason = "a stream that cannot be built must stop the benchmark"
)]

use bytes::{Bytes, BytesMut};
use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, black_box};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use translators::chat::completion::Completion;
use translators::context::ResponseContext;
use translators::directions::{ApiDialect, ClientContext, Direction};
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

#[divan::bench(args = ["text", "tools"])]
fn chat_to_anthropic(bencher: Bencher<'_, '_>, kind: &str) {
    run(bencher, &stream(kind), |chunks| {
        let direction = Direction {
            client: ClientContext::Messages(ResponseContext::default()),
            backend: ApiDialect::Chat,
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

fn text_stream() -> Vec<Bytes> {
    let deltas = (0..CHUNKS - 2).map(|number| json!({"content": format!(" word{number},\n")}));
    events(deltas.collect(), "stop")
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

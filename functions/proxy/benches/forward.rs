//! The work of the proxy between two sockets: reading a request, choosing a backend, and passing a stream through.
//!
//! `cargo bench -p proxy --bench forward`: each line has its time and the allocations of one run.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up must stop")]

use std::hint::black_box;

use bytes::Bytes;
use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher};
use domain::models::catalog::Backend;
use proxy::bench::{Candidate, ChatRequest, ClientStream, ConversationKey, pick};
use serde_json::json;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// The backend for a request, among `backends` equal ones.
#[divan::bench(args = [1, 4, 32])]
fn backend_of_a_model(bencher: Bencher<'_, '_>, backends: usize) {
    choose(bencher, backends, || None);
}

/// The same, for a request of a conversation.
#[divan::bench(args = [1, 4, 32])]
fn backend_of_a_conversation(bencher: Bencher<'_, '_>, backends: usize) {
    choose(bencher, backends, || Some(ConversationKey(7)));
}

fn choose(bencher: Bencher<'_, '_>, backends: usize, conversation: impl Fn() -> Option<ConversationKey> + Sync) {
    let backends: Vec<_> = (0..backends).map(|number| backend(&number.to_string())).collect();
    let candidates: Vec<_> = backends
        .iter()
        .map(|backend| Candidate {
            backend,
            load: 3,
            recent: 90.0,
            usable: true,
        })
        .collect();
    bencher.bench(|| {
        let chosen = pick(black_box(&candidates), Some("eu"), &conversation, || 7);
        chosen.unwrap().backend.id.as_str().len()
    });
}

/// A chat request with `text` bytes in messages of 500.
#[divan::bench(args = [100, 10_000, 1_000_000])]
fn chat_request(bencher: Bencher<'_, '_>, text: usize) {
    let messages: Vec<_> = (0..text.div_ceil(500))
        .map(|_| json!({"role": "user", "content": "word ".repeat(text.min(500) / 5)}))
        .collect();
    read(
        bencher,
        json!({"model": "m", "stream": true, "temperature": 0.5, "messages": messages}).to_string(),
    );
}

/// A chat request with one image of `image` bytes.
#[divan::bench(args = [1_000_000, 8_000_000])]
fn chat_request_with_an_image(bencher: Bencher<'_, '_>, image: usize) {
    let url = format!("data:image/png;base64,{}", "iVBORw0K".repeat(image / 8));
    let content = json!([{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": url}}]);
    read(
        bencher,
        json!({"model": "m", "messages": [{"role": "user", "content": content}]}).to_string(),
    );
}

fn read(bencher: Bencher<'_, '_>, body: String) {
    let body = Bytes::from(body);
    bencher
        .counter(BytesCount::new(body.len()))
        .bench(|| ChatRequest::read(black_box(&body)).is_ok());
}

/// A hundred events of a chat stream that is passed through, each in a chunk of its own.
#[divan::bench]
fn events_passed_through(bencher: Bencher<'_, '_>) {
    stream(bencher, &chat_events(), ClientStream::passed);
}

/// The same, translated for a client that speaks Responses.
#[divan::bench]
fn events_translated_to_responses(bencher: Bencher<'_, '_>) {
    stream(bencher, &chat_events(), || ClientStream::to_responses().unwrap());
}

/// The same words of a backend that speaks Anthropic Messages, for a client that speaks chat.
#[divan::bench]
fn events_translated_from_anthropic(bencher: Bencher<'_, '_>) {
    let event = |number: usize| {
        let delta = json!({"type": "text_delta", "text": format!("word {number}")});
        let event = json!({"type": "content_block_delta", "index": 0, "delta": delta});
        Bytes::from(format!("event: content_block_delta\ndata: {event}\n\n"))
    };
    let events: Vec<_> = (0..100).map(event).collect();
    stream(bencher, &events, ClientStream::from_anthropic);
}

fn chat_events() -> Vec<Bytes> {
    let event = |number: usize| {
        let chunk =
            json!({"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"content": format!("word {number}")}}]});
        Bytes::from(format!("data: {chunk}\n\n"))
    };
    (0..100).map(event).collect()
}

fn stream(bencher: Bencher<'_, '_>, events: &[Bytes], begun: impl Fn() -> ClientStream + Sync) {
    let length: usize = events.iter().map(Bytes::len).sum();
    bencher
        .counter(BytesCount::new(length))
        .with_inputs(begun)
        .bench_values(|mut stream| events.iter().map(|event| stream.feed(event.clone())).sum::<usize>());
}

fn backend(id: &str) -> Backend {
    serde_json::from_value(json!({
        "id": id, "model_id": "m", "name": id, "base_url": "https://host", "model_name": "m", "weight": 1, "enabled": true,
        "protocol": "openai", "max_concurrency": 0, "region": "eu",
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "version": 1
    }))
    .unwrap()
}

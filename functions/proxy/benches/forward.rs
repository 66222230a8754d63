//! The work of the proxy between two sockets: reading a request, choosing a backend, and passing a stream through.
//!
//! `cargo bench -p proxy --bench forward`: each line has its time and the allocations of one run.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up must stop")]

use std::fmt;
use std::hint::black_box;

use bytes::Bytes;
use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher};
use domain::models::catalog::Backend;
use proxy::bench::{ApiDialect, Candidate, ChatRequest, ClientStream, ConversationKey, pick};
use serde_json::{Value, json};

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

/// A hundred fragments of a stream, each in a chunk of its own, by the client's dialect and the backend's.
#[divan::bench(args = DIRECTIONS)]
fn fragments(bencher: Bencher<'_, '_>, direction: Between) {
    let Between(client, backend) = direction;
    stream(bencher, &fragments_of(backend), || {
        ClientStream::between(client, backend).unwrap()
    });
}

/// The same of a response that is stored here.
#[divan::bench]
fn fragments_of_a_stored_response(bencher: Bencher<'_, '_>) {
    stream(bencher, &fragments_of(ApiDialect::Responses), ClientStream::stored);
}

/// A client's dialect and a backend's.
#[derive(Clone, Copy, Debug)]
struct Between(ApiDialect, ApiDialect);

/// All nine.
const DIRECTIONS: [Between; 9] = {
    use ApiDialect::{Chat, Messages, Responses};
    [
        Between(Chat, Chat),
        Between(Messages, Messages),
        Between(Responses, Responses),
        Between(Chat, Messages),
        Between(Chat, Responses),
        Between(Messages, Chat),
        Between(Messages, Responses),
        Between(Responses, Chat),
        Between(Responses, Messages),
    ]
};

impl fmt::Display for Between {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} of {:?}", self.0, self.1)
    }
}

/// Fragments as vendors write them.
fn fragments_of(backend: ApiDialect) -> Vec<Bytes> {
    let text = |number: usize| format!("word {number}");
    let named = |event: Value| Bytes::from(format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()));
    match backend {
        ApiDialect::Chat => {
            let event = |number| {
                let delta = json!({"content": text(number)});
                let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": null});
                let chunk = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_790_000_000,
                    "model": "p", "choices": [choice]});
                Bytes::from(format!("data: {chunk}\n\n"))
            };
            (0..100).map(event).collect()
        }
        ApiDialect::Messages => {
            let event = |number| {
                let delta = json!({"type": "text_delta", "text": text(number)});
                named(json!({"type": "content_block_delta", "index": 0, "delta": delta}))
            };
            (0..100).map(event).collect()
        }
        ApiDialect::Responses => {
            let event = |number| {
                named(
                    json!({"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0,
                    "content_index": 0, "delta": text(number), "logprobs": [], "sequence_number": number + 4}),
                )
            };
            (0..100).map(event).collect()
        }
    }
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

//! `POST /v1/messages`: Anthropic's clients, on backends of both dialects.

use harness::client::message;
use harness::provider::{Provider, Reply, anthropic, openai};
use harness::{Gate, Gateway};
use reqwest::Response;
use serde_json::{Value, json};

use crate::failures::failure;

/// A gateway with a model `m` on a backend that speaks Anthropic's dialect itself.
async fn anthropic_gateway(provider: &Provider) -> Gateway {
    let gateway = Gateway::start().await;
    gateway.admin().post("/api/v1/admin/models").json(&json!({"id": "m", "name": "m"})).send().await.unwrap();
    gateway.admin().create_backend_that_speaks("anthropic", "m", provider).await;
    gateway
}

/// The events of a stream, which must be well formed: `event:` names the type of `data:`.
fn events(stream: &str) -> Vec<Value> {
    let event = |text: &str| {
        let (name, data) = text.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        let data: Value = serde_json::from_str(data).unwrap();
        assert_eq!(data["type"], name);
        data
    };
    stream.split_terminator("\n\n").map(event).collect()
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// What comes of a streamed answer until `text` is in it.
async fn until(answer: &mut Response, text: &str) -> String {
    let mut read = String::new();
    while !read.contains(text) {
        read.push_str(std::str::from_utf8(&answer.chunk().await.unwrap().unwrap()).unwrap());
    }
    read
}

#[tokio::test]
async fn a_chat_backend_answers_a_message() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello there")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let answer = gateway.program().await.message("m").send().await.unwrap();
    assert!(answer.headers().contains_key("request-id"));
    let answer: Value = answer.json().await.unwrap();
    assert_eq!((&answer["type"], &answer["role"], &answer["model"]), (&json!("message"), &json!("assistant"), &json!("m")));
    assert_eq!(answer["content"], json!([{"type": "text", "text": "Hello there"}]));
    assert_eq!((&answer["usage"]["input_tokens"], &answer["usage"]["output_tokens"]), (&json!(3), &json!(2)));
    let received = provider.request(0).await;
    assert_eq!((received.path.as_str(), &received.json()["model"]), ("/v1/chat/completions", &json!("provider-model")));
}

#[tokio::test]
async fn p48_a_translated_stream_comes_event_by_event() {
    let provider = Provider::start();
    let gate = Gate::new();
    let reply = Reply::events().event(&openai::chunk("Hel")).wait(&gate).event(&openai::chunk("lo"));
    provider.will(reply.event(&openai::stop()).event(&openai::usage()).done());
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let mut answer = gateway.program().await.message_stream("m").send().await.unwrap();
    let before = until(&mut answer, "\"Hel\"").await;
    gate.open();
    let all = events(&(before + &answer.text().await.unwrap()));
    let texts: String = all.iter().filter_map(|event| event["delta"]["text"].as_str()).collect();
    assert_eq!(texts, "Hello");
    let kinds: Vec<_> = types(&all).into_iter().filter(|kind| *kind != "ping" && *kind != "content_block_delta").collect();
    assert_eq!(kinds, ["message_start", "content_block_start", "content_block_stop", "message_delta", "message_stop"]);
}

#[tokio::test]
async fn p50_a_broken_stream_ends_with_an_error_event_and_no_message_stop() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    for breaking in [Reply::reset, Reply::end] {
        provider.will(breaking(Reply::events().event(&openai::chunk("Hel"))));
        let answer = gateway.program().await.message_stream("m").send().await.unwrap();
        let all = events(&answer.text().await.unwrap());
        let kinds = types(&all);
        assert_eq!(kinds.last(), Some(&"error"), "{kinds:?}");
        assert!(!kinds.contains(&"message_stop"), "{kinds:?}");
    }
}

#[tokio::test]
async fn a_stream_of_the_same_dialect_passes_as_it_is() {
    let provider = Provider::start();
    let gateway = anthropic_gateway(&provider).await;
    let text = "event: message_start\ndata: {\"type\":\"message_start\", \"message\":{\"usage\":{\"input_tokens\":3}}}\n\n\
                event: ping\ndata: {\"type\": \"ping\"}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    for size in [1, 10, text.len()] {
        provider.will(text.as_bytes().chunks(size).fold(Reply::events(), Reply::bytes).end());
        let answer = gateway.program().await.message_stream("m").send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), text, "in pieces of {size}");
    }
    assert_eq!(provider.request(0).await.path, "/v1/messages");
}

#[tokio::test]
async fn an_anthropic_backend_answers_a_message() {
    let provider = Provider::always(Reply::json(&anthropic::message("Hello there")));
    let gateway = anthropic_gateway(&provider).await;
    let answer: Value = gateway.program().await.message("m").send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["content"][0]["text"], "Hello there");
}

#[tokio::test]
async fn p50_an_anthropic_stream_without_its_end_is_a_break() {
    let provider = Provider::always(anthropic::named(Reply::events(), anthropic::delta("Hel")).end());
    let gateway = anthropic_gateway(&provider).await;
    let answer = gateway.program().await.message_stream("m").send().await.unwrap();
    let all = events(&answer.text().await.unwrap());
    assert_eq!(types(&all).last(), Some(&"error"));
}

#[tokio::test]
async fn failures_have_anthropics_shape() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    let cases = [
        (message("unknown"), 404, "not_found_error"),
        (json!({"model": "m", "max_tokens": 1}), 400, "invalid_request_error"),
        (json!({"model": "m", "max_tokens": 1, "messages": "Hello"}), 400, "invalid_request_error"),
    ];
    for (body, status, kind) in cases {
        let failed = failure(program.post("/v1/messages").json(&body).send().await.unwrap()).await;
        assert_eq!((failed.status, failed.code()), (status, kind), "{}", failed.body);
        assert!(failed.body["request_id"].is_string(), "{}", failed.body);
    }
    provider.will(Reply::raw("").close());
    let failed = failure(program.message("m").send().await.unwrap()).await;
    assert_eq!((failed.status, failed.code()), (502, "api_error"));
}

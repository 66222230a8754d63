//! Streams: which bytes the client receives and when, and what a break becomes.

use harness::provider::{Provider, Reply, openai};
use harness::{Gate, Gateway};
use reqwest::Response;
use serde_json::{Value, json};

/// The next bytes of a streamed answer, as soon as they come.
async fn next(answer: &mut Response) -> String {
    String::from_utf8(answer.chunk().await.unwrap().unwrap_or_default().into()).unwrap()
}

fn event(data: &Value) -> String {
    format!("data: {data}\n\n")
}

/// What passes is as the provider sent it, but for the model's name.
fn named(text: &str) -> String {
    text.replace("provider-model", "m")
}

#[tokio::test]
async fn p48_a_stream_passes_event_by_event_as_the_provider_sends_it() {
    let provider = Provider::start();
    let gates = [Gate::new(), Gate::new(), Gate::new()];
    let (first, second) = (openai::chunk("Hel"), openai::chunk("lo"));
    let reply = Reply::events()
        .event(&first)
        .wait(&gates[0])
        .bytes(": ping\n\n")
        .wait(&gates[1])
        .event(&second);
    provider.will(reply.wait(&gates[2]).done());
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let mut answer = gateway.program().await.chat_stream("m").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(next(&mut answer).await, named(&event(&first)));
    for (gate, expected) in gates.iter().zip([
        ": ping\n\n".to_owned(),
        named(&event(&second)),
        "data: [DONE]\n\n".to_owned(),
    ]) {
        gate.open();
        assert_eq!(next(&mut answer).await, expected);
    }
    assert_eq!(next(&mut answer).await, "");
}

#[tokio::test]
async fn p48_a_stream_passes_byte_by_byte_however_the_provider_cuts_it() {
    let stream = format!(
        "{}: ping\r\n\r\nid: 7\n{}data: [DONE]\n\n",
        event(&openai::chunk("Grüße 🌊")),
        event(&openai::usage())
    );
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    for size in [1, 2, 3, 7, 64, stream.len()] {
        provider.will(stream.as_bytes().chunks(size).fold(Reply::events(), Reply::bytes).end());
        let answer = program.chat_stream("m").send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), named(&stream), "in pieces of {size}");
    }
}

#[tokio::test]
async fn p50_a_break_after_the_first_byte_is_one_error_event_and_no_end_mark() {
    let first = openai::chunk("Hel");
    let begun = || Reply::events().event(&first);
    let nonsense = json!({"error": {"message": "overheated"}});
    let breaks = [
        (
            "closed in mid-chunk",
            begun().event(&openai::chunk("lo")).cut(25).close(),
        ),
        ("reset", begun().reset()),
        ("ended without its end mark", begun().end()),
        ("garbage", begun().bytes("data: <html>\n\n").stall()),
        ("an error object", begun().event(&nonsense).stall()),
        (
            "an endless event",
            begun().bytes("data: 0123456789abcdef0123456789abcdef").endless(),
        ),
    ];
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    for (what, reply) in breaks {
        provider.will(reply);
        let answer = program.chat_stream("m").send().await.unwrap();
        assert_eq!(answer.status(), 200, "{what}");
        let body = answer.text().await.unwrap();
        let rest = body
            .strip_prefix(&named(&event(&first)))
            .unwrap_or_else(|| panic!("{what}: {body}"));
        let error: Value = serde_json::from_str(rest.strip_prefix("data: ").unwrap()).unwrap();
        assert!(
            error["error"]["message"].is_string() && rest.ends_with("\n\n"),
            "{what}: {rest}"
        );
    }
}

#[tokio::test]
async fn p51_a_client_that_leaves_ends_the_backends_work() {
    let provider = Provider::start();
    provider.will(Reply::events().event(&openai::chunk("Hel")).wait(&Gate::new()));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let mut answer = gateway.program().await.chat_stream("m").send().await.unwrap();
    next(&mut answer).await;
    drop(answer);
    provider.request(0).await.abandoned().await;
}

//! Backends that speak the Messages API themselves: bytes are passed on.

use harness::client::BACKEND_KEY;
use harness::provider::anthropic;

use super::*;

async fn native() -> Bench {
    Bench::with(json!({"protocol": "anthropic"})).await
}

#[tokio::test]
async fn s7_bytes_pass_but_for_the_models_name() {
    let bench = native().await;
    let body = r#"{ "max_tokens":1e2, "model" : "m","new_field":[1.0],"messages":[{"role":"user","content":"Hi"}]}"#;
    let mut said = anthropic::message("Hi");
    said["container"] = json!({"id": "container_1"});
    bench.provider.will(Reply::json(&said));
    let request = bench
        .program
        .post("/v1/messages?beta=true")
        .header("content-type", "application/json");
    let answer = Answer::of(request.body(body)).await;
    assert_eq!(answer.text, said.to_string().replace("provider-model", "m"));
    let received = bench.received();
    assert_eq!(received.path, "/v1/messages");
    assert_eq!(received.body, body.replace("\"m\"", "\"provider-model\""));
}

#[tokio::test]
async fn s7_rule_p9_version_and_betas_go_with_the_body_and_the_key_is_the_backends() {
    let bench = native().await;
    bench.provider.will(Reply::json(&anthropic::message("Hi")));
    Answer::of(bench.messages(&json!({}))).await;
    let received = bench.received();
    assert_eq!(
        (received.header("anthropic-version"), received.header("anthropic-beta")),
        ("2023-06-01", "")
    );
    assert_eq!(
        (received.header("x-api-key"), received.header("authorization")),
        (BACKEND_KEY, "")
    );

    bench.provider.will(Reply::json(&anthropic::message("Hi")));
    let request = bench
        .messages(&json!({}))
        .header("anthropic-version", "2026-10-21")
        .header("anthropic-beta", "a-1,b-2");
    Answer::of(request).await;
    let received = bench.received();
    assert_eq!(
        (received.header("anthropic-version"), received.header("anthropic-beta")),
        ("2026-10-21", "a-1,b-2")
    );
}

#[tokio::test]
async fn th4_our_own_thinking_does_not_reach_a_native_backend() {
    let bench = native().await;
    let ours = json!({"type": "thinking", "thinking": "x", "signature": "gw1.abc"});
    let theirs = json!({"type": "thinking", "thinking": "y", "signature": "EqQB"});
    let turn = |content: Value| json!([user(json!("a")), {"role": "assistant", "content": content}, user(json!("b"))]);
    let text = json!({"type": "text", "text": "Hi"});
    bench
        .ask(
            json!({"messages": turn(json!([ours, theirs, text]))}),
            Reply::json(&anthropic::message("Hi")),
        )
        .await;
    assert_eq!(bench.received().json()["messages"], turn(json!([theirs, text])));
}

#[tokio::test]
async fn s7_a_stream_passes_byte_by_byte() {
    let bench = native().await;
    let answer = bench
        .ask(json!({"stream": true}), anthropic::stream(&["Hel", "lo"]))
        .await;
    assert_eq!(answer.event_types().last().unwrap(), "message_stop");
    assert_eq!(answer.events()[0]["message"]["id"], "msg_1");
    assert!(
        answer
            .text
            .ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
    );
}

#[tokio::test]
async fn p50_a_native_stream_that_breaks_ends_with_one_error_event() {
    let bench = native().await;
    let start = json!({"type": "message_start", "message": anthropic::message("")});
    let begun = || anthropic::named(Reply::events(), start.clone());
    let overloaded = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    for (reply, kind) in [
        (begun().close(), "api_error"),
        (begun().end(), "api_error"),
        (anthropic::named(begun(), overloaded.clone()).end(), "overloaded_error"),
    ] {
        let answer = bench.ask(json!({"stream": true}), reply).await;
        assert_eq!(answer.event_types(), ["message_start", "error"]);
        assert_eq!(answer.events()[1]["error"]["type"], kind);
    }
    let first = bench
        .ask(
            json!({"stream": true}),
            anthropic::named(Reply::events(), overloaded).end(),
        )
        .await;
    assert_eq!(
        first.error(529),
        ("overloaded_error".to_owned(), "Overloaded".to_owned())
    );
}

//! Refusals and errors, before a backend is asked, instead of its answer, and in the middle of it.

use harness::provider::anthropic;

use super::*;

#[tokio::test]
async fn o25_what_a_backend_cannot_do_is_refused_before_it_is_asked() {
    let bench = Bench::start().await;
    let answer = bench.send(json!({"n": 2})).await;
    assert_eq!(answer.status, 400);
    let error = &answer.json()["error"];
    assert_eq!(error["message"], "`n` cannot be used with this model's backend.");
    assert_eq!(
        (&error["type"], &error["param"], &error["code"]),
        (
            &json!("invalid_request_error"),
            &json!("n"),
            &json!("unsupported_parameter")
        )
    );
    let answer = bench
        .send(json!({"messages": [{"role": "tool", "tool_call_id": "x", "content": ""}]}))
        .await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["error"]["param"]),
        (400, &json!("messages.0.tool_call_id"))
    );
    assert!(bench.provider.received().is_empty());
}

#[tokio::test]
async fn o35_an_error_before_the_first_event_is_an_http_error_in_the_clients_dialect() {
    let bench = Bench::start().await;
    for (kind, status, expected, code) in [
        ("rate_limit_error", 429, 429, "upstream_rate_limited"),
        ("overloaded_error", 529, 503, "overloaded"),
        ("invalid_request_error", 400, 400, "invalid_value"),
    ] {
        let body = json!({"type": "error", "error": {"type": kind, "message": "not now"}, "request_id": "req_x"});
        let refused = bench.ask(json!({}), Reply::error(status, &body)).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["error"]["code"]),
            (expected, &json!(code))
        );
        assert_eq!(refused.json()["error"]["message"], "not now");
        let events = anthropic::named(Reply::events(), body).end();
        let streamed = bench.ask(json!({"stream": true}), events).await;
        assert_eq!(
            (streamed.status.as_u16(), &streamed.json()["error"]["code"]),
            (expected, &json!(code))
        );
        let healthy = bench.ask(json!({}), Reply::json(&anthropic::message("Hi"))).await;
        assert_eq!(healthy.status, 200, "{}", healthy.text);
    }
    let long = json!({"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"}});
    let answer = bench.ask(json!({}), Reply::error(400, &long)).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["error"]["code"]),
        (400, &json!("context_length_exceeded"))
    );
}

#[tokio::test]
async fn o35_an_error_in_the_stream_and_a_cut_are_an_event_without_an_end_mark() {
    let bench = Bench::start().await;
    let begun = || {
        let mut start = anthropic::message("");
        start["content"] = json!([]);
        let reply = anthropic::named(Reply::events(), json!({"type": "message_start", "message": start}));
        anthropic::named(reply, anthropic::delta("Hel"))
    };
    let failure = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    for (reply, message, code) in [
        (anthropic::named(begun(), failure).end(), "Overloaded", "overloaded"),
        (
            begun().end(),
            "upstream closed the stream before finishing",
            "upstream_error",
        ),
        (
            begun().close(),
            "upstream closed the stream before finishing",
            "upstream_error",
        ),
    ] {
        let answer = bench.ask(json!({"stream": true}), reply).await;
        let (chunks, is_done) = answer.chunks();
        assert!(
            !is_done && !answer.text.contains("\"finish_reason\":\""),
            "{}",
            answer.text
        );
        assert_eq!(gathered(&chunks)["content"], "Hel");
        let error = &chunks.last().unwrap()["error"];
        assert_eq!(
            (&error["message"], &error["code"], &error["param"]),
            (&json!(message), &json!(code), &Value::Null)
        );
    }
}

//! Streams: the order of events, their ends, and their being passed on as they come.

use futures_util::StreamExt as _;
use harness::Gate;
use harness::provider::openai;

use super::*;

fn streamed() -> Value {
    json!({"stream": true})
}

fn calls(answer: &Answer) -> Vec<(String, String)> {
    let events = answer.events();
    let starts = events
        .iter()
        .filter(|event| event["content_block"]["type"] == "tool_use");
    let pieces = |index: &Value| {
        let deltas = events.iter().filter(|event| event["index"] == *index);
        deltas
            .filter_map(|event| event["delta"]["partial_json"].as_str())
            .collect::<String>()
    };
    starts
        .map(|start| {
            (
                start["content_block"]["id"].as_str().unwrap().to_owned(),
                pieces(&start["index"]),
            )
        })
        .collect()
}

#[tokio::test]
async fn i1_i7_text_comes_between_a_start_and_one_end() {
    let bench = Bench::start().await;
    let answer = bench.ask(streamed(), openai::stream(&["Hel", "lo"])).await;
    assert_eq!(
        (answer.header("cache-control"), answer.header("x-accel-buffering")),
        ("no-cache", "no")
    );
    let events = answer.events();
    assert_eq!(events[0]["message"]["model"], "m");
    assert!(events[0]["message"]["usage"]["input_tokens"].is_u64());
    let types = [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
    ];
    assert_eq!(
        answer.event_types(),
        [&types[..], &["message_delta", "message_stop"]].concat()
    );
    let end = &events[5];
    assert_eq!(end["delta"]["stop_reason"], "end_turn");
    assert_eq!(
        (&end["usage"]["input_tokens"], &end["usage"]["output_tokens"]),
        (&json!(3), &json!(2))
    );
    let sent = bench.received().json();
    assert_eq!(
        (&sent["stream"], &sent["stream_options"]),
        (&json!(true), &json!({"include_usage": true}))
    );
}

#[tokio::test]
async fn rule_p7_a_delta_is_passed_on_before_the_next_one_comes() {
    let bench = Bench::start().await;
    let gate = Gate::new();
    bench.provider.will(
        Reply::events()
            .event(&openai::chunk("Hel"))
            .wait(&gate)
            .event(&openai::chunk("lo"))
            .event(&openai::stop())
            .done(),
    );
    let mut chunks = bench.messages(&streamed()).send().await.unwrap().bytes_stream();
    let mut heard = String::new();
    while !heard.contains("Hel") {
        heard += std::str::from_utf8(&chunks.next().await.unwrap().unwrap()).unwrap();
    }
    gate.open();
    while let Some(chunk) = chunks.next().await {
        heard += std::str::from_utf8(&chunk.unwrap()).unwrap();
    }
    assert!(heard.ends_with("data: {\"type\":\"message_stop\"}\n\n"), "{heard}");
}

#[tokio::test]
async fn i2_s5_5_interleaved_calls_become_one_block_after_the_other() {
    let bench = Bench::start().await;
    let named = |index: u64, id: &str, name: &str| {
        call_piece(index, json!({"id": id, "function": {"name": name, "arguments": ""}}))
    };
    let more = |index: u64, arguments: &str| call_piece(index, json!({"function": {"arguments": arguments}}));
    let pieces = [
        named(0, "call_a", "f"),
        named(1, "call_b", "g"),
        more(0, "{\"a\""),
        more(1, "{\"b\":"),
        more(0, ":1}"),
        more(1, "2}"),
    ];
    // Also servers that finish a turn of calls with `stop`.
    let answer = bench.ask(streamed(), chunks(pieces, "stop")).await;
    assert_eq!(
        calls(&answer),
        [
            ("call_a".to_owned(), "{\"a\":1}".to_owned()),
            ("call_b".to_owned(), "{\"b\":2}".to_owned())
        ]
    );
    let events = answer.events();
    let indices: Vec<u64> = events.iter().filter_map(|event| event["index"].as_u64()).collect();
    assert!(indices.is_sorted(), "{indices:?}");
    assert_eq!(events[events.len() - 2]["delta"]["stop_reason"], "tool_use");
}

#[tokio::test]
async fn i5_thinking_is_signed_and_comes_back_as_the_backends_own() {
    let bench = Bench::start().await;
    let pieces = [
        chunk(json!({"reasoning_content": "Let me "})),
        chunk(json!({"reasoning_content": "see."})),
        chunk(json!({"content": "Hi"})),
    ];
    let members = json!({"stream": true, "thinking": {"type": "adaptive"}});
    let answer = bench.ask(members, chunks(pieces, "stop")).await;
    let events = answer.events();
    let kinds: Vec<&str> = events
        .iter()
        .filter_map(|event| event["delta"]["type"].as_str())
        .collect();
    assert_eq!(
        kinds,
        ["thinking_delta", "thinking_delta", "signature_delta", "text_delta"]
    );
    let signature = events
        .iter()
        .find_map(|event| event["delta"]["signature"].as_str())
        .unwrap();
    let content = json!([{"type": "thinking", "thinking": "Let me see.", "signature": signature}, {"type": "text", "text": "Hi"}]);
    let messages = json!([user(json!("a")), {"role": "assistant", "content": content}, user(json!("b"))]);
    bench
        .ask(json!({"messages": messages}), Reply::json(&openai::completion(".")))
        .await;
    let sent = bench.received();
    assert_eq!(
        sent.json()["messages"][1],
        json!({"role": "assistant", "content": "Hi", "reasoning_content": "Let me see."})
    );
    assert!(!String::from_utf8_lossy(&sent.body).contains("gw1."));
}

#[tokio::test]
async fn th1_thinking_that_the_client_does_not_see_comes_back_too() {
    let bench = Bench::start().await;
    let pieces = [
        chunk(json!({"reasoning_content": "Let me see."})),
        chunk(json!({"content": "Hi"})),
    ];
    let members = json!({"stream": true, "thinking": {"type": "adaptive", "display": "omitted"}});
    let answer = bench.ask(members, chunks(pieces, "stop")).await;
    assert!(!answer.text.contains("Let me see."));
    let signature = answer
        .events()
        .iter()
        .find_map(|event| event["delta"]["signature"].as_str().map(str::to_owned))
        .unwrap();
    let content = json!([{"type": "thinking", "thinking": "", "signature": signature}, {"type": "text", "text": "Hi"}]);
    let messages = json!([user(json!("a")), {"role": "assistant", "content": content}, user(json!("b"))]);
    bench
        .ask(json!({"messages": messages}), Reply::json(&openai::completion(".")))
        .await;
    assert_eq!(
        bench.received().json()["messages"][1]["reasoning_content"],
        "Let me see."
    );
}

#[tokio::test]
async fn s5_1_bytes_may_be_split_anywhere() {
    let bench = Bench::start().await;
    let text = "Grüße \u{2028} 🌊";
    let whole = format!(
        "data: {}\r\n\r\n: comment\n\ndata: {}\n\ndata: [DONE]\n\n",
        openai::chunk(text),
        openai::stop()
    );
    let split = whole
        .as_bytes()
        .iter()
        .fold(Reply::events(), |reply, byte| reply.bytes([*byte]))
        .end();
    let answer = bench.ask(streamed(), split).await;
    let said: String = answer
        .events()
        .iter()
        .filter_map(|event| event["delta"]["text"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(said, text);
}

#[tokio::test]
async fn w1_w2_an_error_before_the_first_event_is_an_http_error() {
    let bench = Bench::start().await;
    let error = json!({"error": {"message": "too many", "code": 429}});
    let with_status = bench.ask(streamed(), Reply::error(429, &error)).await;
    let first_event = bench.ask(streamed(), Reply::events().event(&error).done()).await;
    let no_stream = bench.ask(streamed(), Reply::json(&error)).await;
    for answer in [with_status, first_event, no_stream] {
        assert_eq!(
            answer.error(429),
            ("rate_limit_error".to_owned(), "too many".to_owned())
        );
    }
    let empty = bench.ask(streamed(), Reply::events().end()).await;
    assert_eq!(empty.error(502).0, "api_error");
}

#[tokio::test]
async fn p50_i10_an_error_in_mid_stream_is_the_last_event() {
    let bench = Bench::start().await;
    let error = json!({"error": {"message": "overheated", "code": 503}});
    let answer = bench
        .ask(
            streamed(),
            Reply::events().event(&openai::chunk("Hel")).event(&error).done(),
        )
        .await;
    let last = answer.events().pop().unwrap();
    assert_eq!(
        last["error"],
        json!({"type": "overloaded_error", "message": "overheated"})
    );
    assert!(!answer.event_types().contains(&"message_stop".to_owned()));
}

#[tokio::test]
async fn p50_s5_7_a_cut_stream_is_never_a_finished_one() {
    let bench = Bench::start().await;
    let begun = || Reply::events().event(&openai::chunk("Hel"));
    let garbled = Reply::events()
        .event(&openai::chunk("Hel"))
        .bytes("data: {\"cho\n\n")
        .done();
    for cut in [
        begun().end(),
        begun().close(),
        begun().reset(),
        begun().event(&openai::chunk("lo")).cut(30).close(),
        garbled,
    ] {
        let answer = bench.ask(streamed(), cut).await;
        let types = answer.event_types();
        assert_eq!(types.last().unwrap(), "error", "{types:?}");
        assert!(
            !types.contains(&"message_delta".to_owned()) && !types.contains(&"message_stop".to_owned()),
            "{types:?}"
        );
        assert_eq!(answer.events().pop().unwrap()["error"]["type"], "api_error");
    }
}

#[tokio::test]
async fn s5_7_a_stream_that_has_finished_needs_no_end_mark() {
    let bench = Bench::start().await;
    let answer = bench
        .ask(
            streamed(),
            Reply::events().event(&openai::chunk("Hi")).event(&openai::stop()).end(),
        )
        .await;
    assert_eq!(answer.event_types().last().unwrap(), "message_stop");
}

#[tokio::test]
async fn p51_rule_p8_a_client_that_leaves_in_mid_stream_ends_the_backends_work() {
    let bench = Bench::start().await;
    bench
        .provider
        .will(Reply::events().event(&openai::chunk("Hel")).stall());
    let mut response = bench.messages(&streamed()).send().await.unwrap();
    assert!(response.chunk().await.unwrap().is_some());
    drop(response);
    bench.provider.request(0).await.abandoned().await;
}

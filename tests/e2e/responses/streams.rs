//! Streams: their events, their ends, and their usage.

use std::time::Duration;

use harness::Gate;
use harness::provider::openai;
use local::Options;
use proxy::Limits;

use super::*;

fn types(answer: &Answer) -> Vec<String> {
    let events = answer.events();
    let kind = |event: &Value| event["type"].as_str().unwrap().replace("response.", "");
    events.iter().map(kind).collect()
}

#[tokio::test]
async fn rs1_rs2_pa4_text_comes_as_an_item_between_a_beginning_and_one_end() {
    let bench = Bench::start().await;
    let answer = bench.ask(json!({"stream": true}), openai::stream(&["Hel", "lo"])).await;
    assert_eq!(
        ["content-type", "cache-control", "x-accel-buffering"].map(|name| answer.header(name)),
        ["text/event-stream", "no-cache", "no"]
    );
    assert_eq!(
        types(&answer).join(" "),
        "created in_progress output_item.added content_part.added output_text.delta output_text.delta \
         output_text.done content_part.done output_item.done completed"
    );
    let events = answer.events();
    let last = &events[9]["response"];
    assert_eq!(last["output"][0]["content"][0]["text"], "Hello");
    assert_eq!(last["usage"]["output_tokens"], 2);
    assert_eq!(last["id"], events[0]["response"]["id"]);
    let sent = bench.received().json();
    assert_eq!(sent["stream_options"], json!({"include_usage": true}), "R23");
}

#[tokio::test]
async fn rs2_rs5_a_custom_call_streams_its_input() {
    let bench = Bench::start().await;
    let piece = |arguments: &str| {
        let mut chunk = openai::chunk("");
        let call = json!({"index": 0, "id": "c", "function": {"name": "apply_patch", "arguments": arguments}});
        chunk["choices"][0]["delta"] = json!({"tool_calls": [call]});
        chunk
    };
    let reply = Reply::events()
        .event(&piece("{\"input\":\"+a\\n"))
        .event(&piece("+b\"}"))
        .event(&openai::stop())
        .event(&openai::usage())
        .done();
    let answer = bench.ask(json!({"stream": true, "tools": tools()}), reply).await;
    assert_eq!(
        types(&answer).join(" "),
        "created in_progress output_item.added custom_tool_call_input.delta custom_tool_call_input.delta \
         custom_tool_call_input.done output_item.done completed"
    );
    assert_eq!(answer.events()[7]["response"]["output"][0]["input"], "+a\n+b");
}

#[tokio::test]
async fn rs7_rs8_a_break_after_the_head_is_a_failed_response_and_no_end() {
    let bench = Bench::start().await;
    let error = json!({"error": {"message": "slow down", "code": 429}});
    for (reply, code) in [
        (
            Reply::events().event(&openai::chunk("Once")).event(&error).end(),
            "rate_limit_exceeded",
        ),
        (Reply::events().event(&openai::chunk("Once")).end(), "server_error"),
        (Reply::events().event(&openai::chunk("Once")).reset(), "server_error"),
    ] {
        let answer = bench.ask(json!({"stream": true}), reply).await;
        assert_eq!(
            types(&answer).join(" "),
            "created in_progress output_item.added content_part.added output_text.delta failed"
        );
        let failed = &answer.events()[5]["response"];
        assert_eq!(
            (&failed["status"], &failed["error"]["code"]),
            (&json!("failed"), &json!(code))
        );
    }
}

#[tokio::test]
async fn ra7_a_stream_is_settled_under_its_own_endpoint() {
    let bench = Bench::start().await;
    bench.ask(json!({"stream": true}), openai::stream(&["Hello"])).await;
    bench.gateway.local().write_usage().await;
    let logs = bench.gateway.admin().get("/api/v1/admin/logs");
    let record = harness::client::data(logs, 200).await[0].clone();
    assert_eq!(
        harness::client::pick(
            &record,
            ["endpoint", "input_tokens", "output_tokens", "streamed", "outcome"]
        ),
        json!(["responses", 3, 2, true, "complete"])
    );
}

/// A gateway whose streams begin soon without a backend, and its program.
async fn hasty(provider: &Provider) -> (Gateway, Client) {
    let short = Duration::from_millis(200);
    let limits = Limits {
        begin_after: short,
        keep_alive: short,
        ..Limits::with_max_body(local::MAX_BODY_BYTES)
    };
    let gateway = Gateway::start_with(|options| Options { limits, ..options }).await;
    let gateway = gateway.with_model("m", provider).await;
    let program = gateway.program().await;
    (gateway, program)
}

#[tokio::test]
async fn rs6_a_response_begins_without_its_backend_and_goes_on_or_fails_as_the_same() {
    let provider = Provider::start();
    let (_gateway, program) = hasty(&provider).await;
    for (reply, end) in [
        (openai::stream(&["Hi"]), "completed"),
        (Reply::error(500, &json!({})), "failed"),
    ] {
        let gate = Gate::new();
        provider.will(Reply::raw("").wait(&gate).then(reply));
        let mut response = program.response_stream("m").send().await.unwrap();
        let mut text = String::new();
        // The beginning, and the event that shows life once more.
        while text.matches("event: response.in_progress").count() < 2 {
            text.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
        }
        gate.open();
        let (status, headers) = (response.status(), response.headers().clone());
        text.push_str(&response.text().await.unwrap());
        let answer = Answer { status, headers, text };
        let events = answer.events();
        let last = &events.last().unwrap()["response"];
        assert_eq!(
            (&last["status"], &last["id"]),
            (&json!(end), &events[0]["response"]["id"])
        );
    }
}

//! Responses as real servers send them: labels, forms, compression, connections that are closed early (B8, B9).

use std::time::Duration;

use harness::client::Client;
use harness::provider::{Provider, Reply, openai};
use harness::{Gate, Gateway};
use local::Options;
use proxy::Limits;
use serde_json::{Value, json};

const SHORT: Duration = Duration::from_millis(200);

/// A program at a gateway whose streams begin soon without a backend.
async fn hasty(provider: &Provider) -> (Gateway, Client) {
    let limits = Limits {
        begin_after: SHORT,
        keep_alive: SHORT,
        ..Limits::with_max_body(local::MAX_BODY_BYTES)
    };
    let gateway = Gateway::start_with(|options| Options { limits, ..options }).await;
    let gateway = gateway.with_model("m", provider).await;
    let program = gateway.program().await;
    (gateway, program)
}

async fn program(provider: &Provider) -> (Gateway, Client) {
    let gateway = Gateway::start().await.with_model("m", provider).await;
    let program = gateway.program().await;
    (gateway, program)
}

/// The body of a streamed answer up to and with `word`.
async fn read_up_to(answer: &mut reqwest::Response, word: &str) -> String {
    let mut body = String::new();
    while !body.contains(word) {
        body.push_str(std::str::from_utf8(&answer.chunk().await.unwrap().unwrap()).unwrap());
    }
    body
}

/// A stream whose first event comes when the gate is open.
fn late(gate: &Gate) -> Reply {
    Reply::events()
        .wait(gate)
        .event(&openai::chunk("Hi"))
        .event(&openai::stop())
        .done()
}

#[tokio::test]
async fn b8_3_a_stream_begins_without_its_backend_whether_the_head_came_or_not() {
    let provider = Provider::start();
    let (_gateway, program) = hasty(&provider).await;
    for head_first in [true, false] {
        for (request, sign, end) in [
            (program.chat_stream("m"), ": keep-alive\n\n", "data: [DONE]\n\n"),
            (program.message_stream("m"), "event: ping\n", "event: message_stop\n"),
        ] {
            let gate = Gate::new();
            let late = late(&gate);
            provider.will(if head_first {
                late
            } else {
                Reply::raw("").wait(&gate).then(late)
            });
            let mut answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200);
            let begun = read_up_to(&mut answer, sign).await;
            assert!(!begun.contains("\"Hi\""), "{begun}");
            let again = read_up_to(&mut answer, sign).await;
            gate.open();
            let all = format!("{begun}{again}{}", answer.text().await.unwrap());
            assert!(all.contains("\"Hi\"") && all.contains(end), "{all}");
            assert!(all.matches("message_start\"").count() <= 1, "{all}");
        }
    }
}

#[tokio::test]
async fn b8_3_failover_goes_on_behind_a_response_that_has_begun_and_errors_are_events_then() {
    for other_fails in [false, true] {
        let (slow, other) = (Provider::start(), Provider::start());
        let (gateway, program) = hasty(&slow).await;
        gateway
            .admin()
            .create_backend_with("m", &other, &json!({"weight": 0}))
            .await;
        for (request, sign, error) in [
            (program.chat_stream("m"), ": keep-alive\n\n", "\"upstream_error\""),
            (program.message_stream("m"), "event: ping\n", "event: error\n"),
        ] {
            let gate = Gate::new();
            slow.will(Reply::raw("").wait(&gate).then(Reply::error(500, &json!({}))));
            other.will(if other_fails {
                Reply::error(500, &json!({"error": {"message": "melted"}}))
            } else {
                openai::stream(&["Hi"])
            });
            let mut answer = request.send().await.unwrap();
            let mut all = read_up_to(&mut answer, sign).await;
            gate.open();
            all.push_str(&answer.text().await.unwrap());
            assert_eq!(all.contains("\"Hi\""), !other_fails, "{all}");
            assert_eq!(all.contains(error), other_fails, "{all}");
            assert!(
                !other_fails || !(all.contains("[DONE]") || all.contains("message_stop")),
                "{all}"
            );
        }
    }
}

#[tokio::test]
async fn b8_2_the_backends_timeout_counts_until_the_first_event_whether_the_head_came_or_not() {
    let (silent, well) = (Provider::always(Reply::events().stall()), Provider::start());
    let gateway = Gateway::start().await;
    let short = json!({"timeout_ms": 100, "weight": 1000});
    gateway.admin().create_model_with("m", &silent, &short).await;
    gateway
        .admin()
        .create_backend_with("m", &well, &json!({"weight": 0}))
        .await;
    well.will(openai::stream(&["Hi"]));
    let answer = gateway.program().await.chat_stream("m").send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("\"Hi\""));
    silent.request(0).await.abandoned().await;
}

#[tokio::test]
async fn b8_1_a_backends_own_idle_timeout_counts_in_mid_stream() {
    let provider = Provider::always(Reply::events().event(&openai::chunk("Hel")).stall());
    let limits = Limits {
        keep_alive: Duration::from_millis(90),
        ..Limits::with_max_body(local::MAX_BODY_BYTES)
    };
    let gateway = Gateway::start_with(|options| Options { limits, ..options }).await;
    gateway
        .admin()
        .create_model_with("m", &provider, &json!({"idle_timeout_ms": 150}))
        .await;
    let body = gateway
        .program()
        .await
        .chat_stream("m")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(body.contains("Hel") && body.contains("upstream_timeout"), "{body}");
}

#[tokio::test]
async fn b9_1_a_whole_answer_to_a_stream_becomes_a_stream_whatever_its_label() {
    for label in ["application/json", "text/event-stream", "text/plain"] {
        let completion = format!("\n\n{}", openai::completion("Hello whole"));
        let provider = Provider::always(Reply::new(200, label, completion));
        let (_gateway, program) = program(&provider).await;
        let body = program.message_stream("m").send().await.unwrap().text().await.unwrap();
        assert!(
            body.contains("Hello whole") && body.contains("event: message_stop\n"),
            "{label}: {body}"
        );
    }
}

#[tokio::test]
async fn b9_1_an_error_object_with_any_label_is_that_error() {
    let error = json!({"error": {"message": "model is loading", "type": "server_error", "code": 503}});
    for label in ["application/json", "text/event-stream"] {
        let provider = Provider::always(Reply::new(200, label, error.to_string()));
        let (_gateway, program) = program(&provider).await;
        let answer = program.message_stream("m").send().await.unwrap();
        assert_eq!(answer.status(), 529);
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"]["message"], "model is loading", "{label}");
    }
}

#[tokio::test]
async fn b9_2_an_event_of_a_megabyte_and_more_passes() {
    let image = "iVBORw0K".repeat(150_000);
    let provider = Provider::always(openai::stream(&[&image]));
    let (_gateway, program) = program(&provider).await;
    let body = program.chat_stream("m").send().await.unwrap().text().await.unwrap();
    assert!(body.contains(&image) && body.ends_with("data: [DONE]\n\n"));
}

#[tokio::test]
async fn b9_3_identity_is_asked_for_and_gzip_is_read_all_the_same() {
    let provider = Provider::start();
    let (_gateway, program) = program(&provider).await;
    provider.will(Reply::gzip("application/json", openai::completion("Hello").to_string()));
    let whole: Value = program.chat("m").send().await.unwrap().json().await.unwrap();
    assert_eq!(whole["choices"][0]["message"]["content"], "Hello");
    let events = format!(
        "data: {}\n\ndata: {}\n\ndata: [DONE]\n\n",
        openai::chunk("Hi"),
        openai::stop()
    );
    provider.will(Reply::gzip("text/event-stream", events));
    let body = program.message_stream("m").send().await.unwrap().text().await.unwrap();
    assert!(body.contains("\"Hi\"") && body.contains("message_stop"), "{body}");
    assert_eq!(provider.request(0).await.header("accept-encoding"), "identity");
}

#[tokio::test]
async fn b9_4_h11_a_kept_connection_that_fails_is_tried_once_more_on_a_fresh_one() {
    let provider = Provider::start();
    let (gateway, program) = program(&provider).await;
    for number in 0..6 {
        if number > 0 {
            // The server closes, or resets, as the request arrives.
            provider.will(if number % 2 == 0 {
                Reply::raw("").close()
            } else {
                Reply::raw("").reset()
            });
        }
        provider.will(Reply::json(&openai::completion("Hello")));
        // What went over the new connection is not kept, so that each round needs one that is.
        assert_eq!(program.chat("m").send().await.unwrap().status(), 200, "{number}");
        provider.will(Reply::json(&openai::completion("Hello")));
        assert_eq!(program.chat("m").send().await.unwrap().status(), 200, "{number}");
    }
    let shown = harness::client::data(gateway.admin().get("/api/v1/admin/backends"), 200).await;
    assert_eq!(
        (&shown[0]["healthy"], &shown[0]["health"]["last_error"]),
        (&json!(true), &Value::Null)
    );
}

#[tokio::test]
async fn b9_4_a_connection_that_the_server_keeps_for_four_seconds_is_not_used_again() {
    let provider = Provider::start();
    let (_gateway, program) = program(&provider).await;
    for _ in 0..4 {
        provider.will(Reply::json(&openai::completion("Hello")).header("keep-alive", "timeout=4"));
        assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
    }
    assert!(provider.connections() >= 4, "{}", provider.connections());
}

#[tokio::test]
async fn b7_5_ha13_a_client_that_leaves_pays_for_what_was_sent_and_heard() {
    let provider = Provider::start();
    let (gateway, program) = program(&provider).await;
    let zero = json!({"choices": [{"index": 0, "delta": {"content": "a word and one more"}}], "usage": {"prompt_tokens": 0, "completion_tokens": 0}});
    for (number, (request, reply, output)) in [
        (program.chat("m"), Reply::silence(), false),
        (program.message_stream("m"), Reply::silence(), false),
        (program.chat_stream("m"), Reply::events().event(&zero).stall(), true),
        (
            program.message_stream("m"),
            Reply::events().event(&openai::chunk("a word and one more")).stall(),
            true,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        provider.will(reply);
        let received = if output {
            read_up_to(&mut request.send().await.unwrap(), "a word").await;
            provider.request(number).await
        } else {
            tokio::select! {
                received = provider.request(number) => received,
                answer = request.send() => panic!("{answer:?}"),
            }
        };
        received.abandoned().await;
        let record = settled(&gateway, number + 1).await;
        assert!(record["input_tokens"].as_u64().unwrap() > 0, "{number}: {record}");
        assert_eq!(
            record["output_tokens"].as_u64().unwrap() > 0,
            output,
            "{number}: {record}"
        );
        assert_eq!(
            (&record["outcome"], &record["estimated"]),
            (&json!("client_gone"), &json!(true)),
            "{record}"
        );
    }
}

/// The latest record, once there are `number`: a settlement runs beside the client.
async fn settled(gateway: &Gateway, number: usize) -> Value {
    loop {
        let records = harness::client::data(gateway.admin().get("/api/v1/admin/logs"), 200).await;
        let records = records.as_array().unwrap();
        if records.len() == number {
            return records[0].clone();
        }
        tokio::task::yield_now().await;
    }
}

//! Answers that are not streamed.

use harness::provider::openai;

use super::*;

#[tokio::test]
async fn s4_1_an_answer_has_our_id_and_the_clients_model() {
    let bench = Bench::start().await;
    let answer = bench
        .ask(
            json!({}),
            completion(json!({"role": "assistant", "content": "Hi"}), "stop"),
        )
        .await;
    let mut body = answer.json();
    let id = body["id"].take();
    assert_eq!(
        (id.as_str().unwrap().len(), &id.as_str().unwrap()[..4]),
        (4 + 24, "msg_")
    );
    let expected = json!({
        "id": null, "type": "message", "role": "assistant", "model": "m",
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn", "stop_sequence": null, "stop_details": null,
        "usage": {"input_tokens": 4, "output_tokens": 4, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 0}
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn s4_1_the_backends_id_is_a_header_of_every_translated_answer() {
    let bench = Bench::start().await;
    let whole = bench.ask(json!({}), Reply::json(&openai::completion("Hi"))).await;
    let stream = bench.ask(json!({"stream": true}), openai::stream(&["Hi"])).await;
    for answer in [whole, stream] {
        assert_eq!(answer.header("x-upstream-id"), "chatcmpl-1", "{}", answer.text);
        assert!(!answer.text.contains("chatcmpl-1"));
    }
}

#[tokio::test]
async fn s6_3_both_families_of_sdks_find_the_request_id() {
    let bench = Bench::start().await;
    let whole = bench.ask(json!({}), Reply::json(&openai::completion("Hi"))).await;
    let stream = bench.ask(json!({"stream": true}), openai::stream(&["Hi"])).await;
    let error = bench
        .ask(json!({"messages": []}), Reply::json(&openai::completion("never")))
        .await;
    let ids = [whole, stream, error].map(|answer| {
        assert_eq!(answer.header("request-id"), answer.header("x-request-id"));
        answer.header("request-id").to_owned()
    });
    assert!(!ids[0].is_empty() && ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
}

#[tokio::test]
async fn s4_1_no_answer_in_an_answer_is_an_error() {
    let bench = Bench::start().await;
    for (body, status, kind) in [
        (
            json!({"error": {"message": "Model is overloaded", "code": 503}}),
            529,
            "overloaded_error",
        ),
        (
            json!({"code": "1302", "msg": "rate limit reached"}),
            429,
            "rate_limit_error",
        ),
        (json!({"choices": []}), 502, "api_error"),
    ] {
        let answer = bench.ask(json!({}), Reply::json(&body)).await;
        assert_eq!(answer.error(status).0, kind);
    }
    let page = bench
        .ask(json!({}), Reply::new(200, "text/html", "<html>It works!</html>"))
        .await;
    let (kind, message) = page.error(502);
    assert!(kind == "api_error" && !message.contains('<'), "{message}");
}

#[tokio::test]
async fn rule_p8_a_client_that_leaves_before_the_answer_ends_the_backends_work() {
    let bench = Bench::start().await;
    for stream in [false, true] {
        bench.provider.will(Reply::silence());
        let number = bench.provider.received().len();
        let asking = bench.messages(&json!({"stream": stream})).send();
        tokio::select! {
            _ = asking => panic!("there is no answer"),
            _ = bench.provider.request(number) => {}
        }
        bench.provider.request(number).await.abandoned().await;
    }
}

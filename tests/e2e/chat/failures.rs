//! Failures of a backend before its first byte.

use harness::Gateway;
use harness::client::BACKEND_KEY;
use harness::provider::{Provider, Reply, openai};
use serde_json::json;

use crate::failures::failure;

/// Replies that are no answer, each with what the backend does.
fn useless_replies() -> [(&'static str, Reply); 10] {
    [
        ("closes before the head", Reply::raw("").close()),
        ("resets before the head", Reply::raw("").reset()),
        ("is no HTTP server", Reply::raw("+OK hello\r\n").close()),
        ("sends a web page", Reply::new(200, "text/html", "<html>welcome</html>")),
        (
            "sends half an answer",
            Reply::json(&openai::completion("Hello")).cut(30).close(),
        ),
        (
            "answers with an error object",
            Reply::json(&json!({"error": {"message": "no"}})),
        ),
        ("redirects", Reply::redirect("http://127.0.0.1:9/")),
        ("fails", Reply::error(500, &json!({"error": {"message": "boom"}}))),
        (
            "refuses our credential",
            Reply::error(401, &json!({"error": {"message": BACKEND_KEY}})),
        ),
        (
            "forbids us",
            Reply::error(403, &json!({"error": {"message": "this key has no rights"}})),
        ),
    ]
}

#[tokio::test]
async fn p52_a_backend_that_fails_before_its_first_byte_is_a_502() {
    let provider = Provider::start();
    let gateway = Gateway::start().await;
    let program = gateway.program().await;
    for (number, (what, reply)) in useless_replies().into_iter().enumerate() {
        // Each has backends of its own: one that has failed may be out.
        let (whole, streamed) = (format!("whole-{number}"), format!("streamed-{number}"));
        gateway.admin().create_model(&whole, &provider).await;
        gateway.admin().create_model(&streamed, &provider).await;
        for request in [program.chat(&whole), program.chat_stream(&streamed)] {
            provider.will(reply.clone());
            let failed = failure(request).await;
            assert_eq!(
                (failed.status, failed.code()),
                (502, "upstream_error"),
                "a backend that {what}: {}",
                failed.body
            );
            assert!(!failed.body.to_string().contains(BACKEND_KEY), "{}", failed.body);
        }
    }
}

#[tokio::test]
async fn a_backend_that_is_down_is_a_502_that_does_not_tell_its_address() {
    let provider = Provider::start();
    let address = provider.base_url();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    drop(provider);
    let failed = failure(gateway.program().await.chat("m")).await;
    assert_eq!((failed.status, failed.code()), (502, "upstream_error"));
    assert!(
        !failed.body.to_string().contains(address.trim_start_matches("http://")),
        "{}",
        failed.body
    );
}

#[tokio::test]
async fn p52_another_backend_answers_where_one_fails() {
    let (sick, well) = (
        Provider::always(Reply::raw("").close()),
        Provider::always(openai::stream(&["Hel", "lo"])),
    );
    let gateway = Gateway::start().await.with_model("m", &sick).await;
    gateway.admin().create_backend("m", &well).await;
    let program = gateway.program().await;
    for conversation in 0..8 {
        let request = program.chat_stream("m").header("session-id", conversation.to_string());
        let answer = request.send().await.unwrap();
        assert!(answer.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    }
    assert!(
        !sick.received().is_empty(),
        "with equal weights, eight requests all went to the second backend"
    );
}

#[tokio::test]
async fn a_backends_refusal_of_the_request_is_the_clients() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    for (status, expected) in [(400, 400), (422, 400), (429, 429)] {
        provider.will(
            Reply::error(status, &json!({"error": {"message": "temperature is too high"}})).header("retry-after", "7"),
        );
        let failed = failure(program.chat("m")).await;
        assert_eq!(failed.status, expected, "{}", failed.body);
        assert!(
            status != 429 || failed.retry_after.as_deref() == Some("7"),
            "{:?}",
            failed.retry_after
        );
    }
}

//! The headers of answers once a limit is nearly full (promise 95).

use harness::Gateway;
use harness::client::Client;
use harness::provider::{Provider, Reply, openai};
use reqwest::RequestBuilder;
use serde_json::json;

/// A program whose day has ten requests, and the model `m`.
async fn bench(mode: &str) -> (Gateway, Provider, Client) {
    let provider = Provider::answering(|request| {
        if request.json()["stream"] == true {
            openai::stream(&["Hel", "lo"])
        } else {
            Reply::json(&openai::completion("Hello"))
        }
    });
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let limits = json!({"request_quota_daily": 10, "mode": mode});
    gateway.admin().create_policy("team", &limits).await;
    let program = gateway.admin().create_program_under("team").await;
    (gateway, provider, program)
}

/// The warning of the answer, which is read to its end.
async fn warning(request: RequestBuilder) -> Option<String> {
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let warning = answer.headers().get("x-budget-warning").cloned();
    answer.bytes().await.unwrap();
    warning.map(|warning| warning.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn p95_b12_whole_answers_and_streams_of_every_dialect_warn() {
    let (_gateway, _provider, program) = bench("enforce").await;
    for _ in 0..7 {
        assert_eq!(warning(program.chat("m")).await, None);
    }
    let mut percents = Vec::new();
    for request in [
        program.chat_stream("m"),
        program.message_stream("m"),
        program.response_stream("m"),
    ] {
        percents.push(warning(request).await.unwrap());
    }
    let expected = [80, 90, 100].map(|percent| format!("user requests/day {percent}%"));
    assert_eq!(percents, expected);
}

#[tokio::test]
async fn p95_b12_whole_messages_and_responses_warn() {
    let (_gateway, _provider, program) = bench("enforce").await;
    for _ in 0..7 {
        warning(program.chat("m")).await;
    }
    let whole_response = program
        .post("/v1/responses")
        .json(&json!({"model": "m", "input": "Hello"}));
    for (request, percent) in [(program.message("m"), 80), (whole_response, 90)] {
        let expected = format!("user requests/day {percent}%");
        assert_eq!(warning(request).await, Some(expected));
    }
}

#[tokio::test]
async fn p95_b12_a_limit_in_shadow_warns_nobody() {
    let (_gateway, _provider, program) = bench("shadow").await;
    for _ in 0..11 {
        assert_eq!(warning(program.chat("m")).await, None);
    }
}

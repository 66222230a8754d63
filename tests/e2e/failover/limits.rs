//! Limits of time (promise 49), and what a client hears while it waits (promise 48).

use std::time::Duration;

use harness::client::Client;
use harness::provider::{Provider, Reply, openai};
use harness::{Gate, Gateway};
use local::Options;
use proxy::Limits;

use crate::failures::failure;

const SHORT: Duration = Duration::from_millis(250);

/// A program at a gateway with these limits, whose model `m` has `provider`.
async fn program(provider: &Provider, change: impl FnOnce(Limits) -> Limits) -> (Gateway, Client) {
    let limits = change(Limits::with_max_body(local::MAX_BODY_BYTES));
    let gateway = Gateway::start_with(|options| Options { limits, ..options })
        .await
        .with_model("m", provider)
        .await;
    let program = gateway.program().await;
    (gateway, program)
}

/// A stream that has said something, and says nothing more.
fn stalled() -> Reply {
    Reply::events().event(&openai::chunk("Hel")).stall()
}

#[tokio::test]
async fn p49_a_backend_that_is_silent_before_its_first_byte_is_a_504() {
    let provider = Provider::always(Reply::silence());
    let (_gateway, program) = program(&provider, |limits| Limits {
        first_byte: SHORT,
        ..limits
    })
    .await;
    for (number, request) in [program.chat("m"), program.chat_stream("m")].into_iter().enumerate() {
        let failed = failure(request).await;
        assert_eq!((failed.status, failed.code()), (504, "upstream_timeout"));
        provider.request(number).await.abandoned().await;
    }
    let failed = failure(program.message("m")).await;
    assert_eq!((failed.status, failed.code()), (504, "timeout_error"));
}

#[tokio::test]
async fn p49_the_time_of_the_first_byte_is_that_of_all_attempts_together() {
    let providers = [Provider::always(Reply::silence()), Provider::always(Reply::silence())];
    let (gateway, program) = program(&providers[0], |limits| Limits {
        first_byte: SHORT,
        ..limits
    })
    .await;
    gateway.admin().create_backend("m", &providers[1]).await;
    let failed = failure(program.chat("m")).await;
    assert_eq!((failed.status, failed.code()), (504, "upstream_timeout"));
    assert_eq!(
        providers
            .iter()
            .map(|provider| provider.received().len())
            .sum::<usize>(),
        1
    );
}

#[tokio::test]
async fn p49_a_backend_that_is_silent_in_mid_stream_is_given_up() {
    let provider = Provider::always(stalled());
    let (_gateway, program) = program(&provider, |limits| Limits {
        idle: SHORT,
        keep_alive: SHORT,
        ..limits
    })
    .await;
    for (number, (request, error)) in [
        (program.chat_stream("m"), "upstream_timeout"),
        (program.message_stream("m"), "timeout_error"),
    ]
    .into_iter()
    .enumerate()
    {
        let body = request.send().await.unwrap().text().await.unwrap();
        assert!(body.contains("Hel") && body.contains(error), "{body}");
        assert!(!body.contains("[DONE]") && !body.contains("message_stop"), "{body}");
        provider.request(number).await.abandoned().await;
    }
}

#[tokio::test]
async fn p49_a_stream_that_goes_on_is_ended_when_its_time_is_up() {
    let provider = Provider::always(stalled());
    let (_gateway, program) = program(&provider, |limits| Limits { total: SHORT, ..limits }).await;
    let body = program.chat_stream("m").send().await.unwrap().text().await.unwrap();
    assert!(body.contains("\"error\"") && !body.contains("[DONE]"), "{body}");
    provider.request(0).await.abandoned().await;
}

#[tokio::test]
async fn p49_an_answer_that_does_not_come_to_its_end_is_given_up_when_its_time_is_up() {
    let begun = || Reply::json(&openai::completion("Hello")).cut(9).stall();
    for change in [
        |limits| Limits { idle: SHORT, ..limits },
        |limits| Limits { total: SHORT, ..limits },
    ] {
        let provider = Provider::always(begun());
        let (_gateway, program) = program(&provider, change).await;
        for (number, (request, code)) in [
            (program.chat("m"), "upstream_timeout"),
            (program.message("m"), "timeout_error"),
        ]
        .into_iter()
        .enumerate()
        {
            let failed = failure(request).await;
            assert_eq!((failed.status, failed.code()), (504, code));
            provider.request(number).await.abandoned().await;
        }
    }
}

#[tokio::test]
async fn p48_in_a_silence_the_client_hears_that_the_stream_is_alive() {
    let provider = Provider::start();
    let (_gateway, program) = program(&provider, |limits| Limits {
        keep_alive: SHORT,
        ..limits
    })
    .await;
    for (request, sign) in [
        (program.chat_stream("m"), ": keep-alive\n\n"),
        (program.message_stream("m"), "event: ping\n"),
    ] {
        let gate = Gate::new();
        provider.will(
            Reply::events()
                .event(&openai::chunk("Hel"))
                .wait(&gate)
                .event(&openai::stop())
                .done(),
        );
        let mut answer = request.send().await.unwrap();
        let mut heard = String::new();
        while heard.split_once("Hel").is_none_or(|(_, after)| !after.contains(sign)) {
            heard.push_str(std::str::from_utf8(&answer.chunk().await.unwrap().unwrap()).unwrap());
        }
        gate.open();
        assert!(answer.text().await.unwrap().contains("stop"));
    }
}

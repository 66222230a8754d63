//! Backends that fail, time that runs out and clients that leave, where the proxy is a function of Lambda.

use std::time::Duration;

use domain::clock::Clock;
use harness::provider::{Provider, Reply, openai};
use harness::{Gate, lambda::Answer};
use serde_json::{Value, json};

use crate::lambda::Cloud;

/// How long the exchange of [`p49_in_lambda_a_stream_ends_20_s_before_its_invocation`] may take.
const LEFT: Duration = Duration::from_secs(2);

/// A stream that has said something, and says nothing more.
fn stalled() -> Reply {
    Reply::events().event(&openai::chunk("Hel")).wait(&Gate::new())
}

/// Adds a backend that is asked when the others of the model fail.
async fn add_spare(cloud: &mut Cloud, provider: &Provider) {
    let mut event = cloud.event("admin/create_backend");
    let mut entry: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
    for (member, value) in [
        ("id", json!("spare")),
        ("base_url", json!(provider.base_url())),
        ("weight", json!(0)),
    ] {
        entry[member] = value;
    }
    event["body"] = entry.to_string().into();
    assert_eq!(cloud.function("admin").await.invoke(event).answer().await.status, 201);
}

async fn begun(answer: &mut Answer) {
    assert_eq!(answer.status, 200);
    assert!(
        String::from_utf8(answer.chunk().await.unwrap().bytes.into())
            .unwrap()
            .contains("Hel")
    );
}

#[tokio::test]
async fn p52_in_lambda_another_backend_begins_the_stream() {
    let (sick, spare) = (
        Provider::always(Reply::events().reset()),
        Provider::always(openai::stream(&["Hel", "lo"])),
    );
    let mut cloud = Cloud::with_model(&sick).await;
    add_spare(&mut cloud, &spare).await;
    for asked in 1..=2 {
        let answer = cloud.invoke("proxy/chat_stream").await;
        assert_eq!(answer.status, 200);
        assert!(answer.text().await.ends_with("data: [DONE]\n\n"));
        assert_eq!((sick.received().len(), spare.received().len()), (asked, asked));
    }
}

#[tokio::test]
async fn p49_in_lambda_a_stream_ends_20_s_before_its_invocation() {
    let provider = Provider::always(stalled());
    let mut cloud = Cloud::with_model(&provider).await;
    let event = cloud.event("proxy/chat_stream");
    let proxy = cloud.function("proxy").await;
    let deadline = Clock::system()
        .now()
        .checked_add(LEFT + Duration::from_secs(20))
        .unwrap();
    let mut answer = proxy.invoke_until(event, deadline.as_millisecond()).answer().await;
    begun(&mut answer).await;
    let rest = answer.text().await;
    assert!(rest.contains("upstream_timeout") && !rest.contains("[DONE]"), "{rest}");
    provider.request(0).await.abandoned().await;
}

#[tokio::test]
async fn p51_in_lambda_a_broken_answer_ends_the_backends_work_and_not_the_process() {
    let provider = Provider::start();
    provider.will(stalled());
    provider.will(openai::stream(&["Hel", "lo"]));
    let mut cloud = Cloud::with_model(&provider).await;
    let mut answer = cloud.invoke("proxy/chat_stream").await;
    begun(&mut answer).await;
    answer.hang_up();
    provider.request(0).await.abandoned().await;
    assert!(
        cloud
            .invoke("proxy/chat_stream")
            .await
            .text()
            .await
            .ends_with("data: [DONE]\n\n")
    );
    assert!(cloud.function("proxy").await.is_running());
}

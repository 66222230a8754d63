//! How long a stream is waited for, and what comes behind a finish reason.

use super::*;

#[tokio::test(start_paused = true)]
async fn s5_7_usage_is_awaited_for_2_s_after_the_finish_reason() {
    let received = received(&[TEXT, FINISH, ""], translated()).await;
    let (second, last) = received.last().unwrap();
    assert_eq!(*second, 1 + 2);
    assert!(
        last.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
        "{last}"
    );
}

#[tokio::test(start_paused = true)]
async fn b8_1_a_backend_may_be_silent_for_300_s_and_is_given_up_then() {
    let borne = received(
        &[[TEXT].as_slice(), &[""; 299], &[TEXT, FINISH, ""]].concat(),
        translated(),
    )
    .await;
    let (_, last) = borne.last().unwrap();
    assert!(last.contains("message_stop"), "{last}");
    let given_up = received(&[TEXT, ""], translated()).await;
    let (second, last) = given_up.last().unwrap();
    assert!((300..=310).contains(second), "{second}");
    assert!(
        last.starts_with("event: error\n") && last.contains("timeout_error"),
        "{last}"
    );
}

/// A finish reason on every chunk, as some servers send it.
const EARLY_FINISH: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":\"stop\"}]}\n\n";

fn texts(received: &[(u64, String)]) -> usize {
    received.iter().map(|(_, frame)| frame.matches("\"Hi\"").count()).sum()
}

#[tokio::test(start_paused = true)]
async fn b1_2_each_chunk_behind_a_finish_reason_starts_the_two_seconds_anew() {
    let events: Vec<_> = [EARLY_FINISH; 8].into_iter().chain([""]).collect();
    let all = received(&events, translated()).await;
    let (second, last) = all.last().unwrap();
    assert_eq!((texts(&all), *second), (8, 7 + 2), "{all:?}");
    assert!(
        last.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
        "{last}"
    );
    let late = received(&[EARLY_FINISH, "", "", "", EARLY_FINISH, ""], translated()).await;
    assert_eq!((texts(&late), late.last().unwrap().0), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn b1_2_a_client_that_reads_slowly_gets_all_that_came_behind_a_finish_reason() {
    let events: Vec<_> = [EARLY_FINISH; 100].into_iter().chain([""]).collect();
    let Ok(begun) = begun(&events, translated()).await.0 else {
        panic!("the stream did not begin")
    };
    let (_, mut body) = running(begun);
    let mut all = Vec::new();
    while let Some(frame) = body.frame().await {
        all.push((
            0,
            String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap(),
        ));
        sleep(Duration::from_secs(7)).await;
    }
    assert_eq!(texts(&all), 100);
    assert!(all.last().unwrap().1.contains("message_stop"), "{:?}", all.last());
}

//! When a stream begins, and with what.

use super::*;

#[tokio::test(start_paused = true)]
async fn w3_an_event_within_10_s_begins_the_response_at_once() {
    let (begun, seconds) = begun(&["", COMMENT, "", TEXT], translated()).await;
    assert_eq!(seconds, 3);
    assert_eq!(
        begun.as_ref().ok().and_then(|begun| begun.stream.upstream_id()),
        Some("up-1")
    );
    assert!(head_of(begun).contains("Hi"));
}

#[tokio::test(start_paused = true)]
async fn w2_an_error_behind_comments_is_still_no_stream() {
    for converter in [
        translated(),
        chat(),
        ResponseConverter::Messages(Box::new(PassthroughContext::named("m"))),
    ] {
        let (begun, _) = begun(
            &[COMMENT, "data: {\"error\":{\"message\":\"full\",\"code\":429}}\n\n"],
            converter,
        )
        .await;
        let Err(FirstEventError::Backend(error)) = begun else {
            panic!("an error is no stream")
        };
        assert_eq!((error.status, error.message.as_str()), (429, "full"));
    }
}

#[tokio::test(start_paused = true)]
async fn w3_a_stream_that_is_passed_through_begins_with_the_backends_bytes() {
    let (late, seconds) = begun(&[[""; 20].as_slice(), &[TEXT]].concat(), chat()).await;
    assert_eq!((head_of(late).as_str(), seconds), (TEXT, 20));
    let (commented, seconds) = begun(&[COMMENT, "", TEXT], chat()).await;
    assert_eq!((head_of(commented), seconds), (format!("{COMMENT}{TEXT}"), 2));
}

#[tokio::test(start_paused = true)]
async fn b8_3_a_response_that_has_begun_goes_on_without_a_second_beginning() {
    const START: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n";
    const BLOCK: &str = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0}\n\n";
    let messages = ResponseConverter::Messages(Box::new(PassthroughContext::named("m")));
    for (events, converter, first) in [
        (vec![START, BLOCK], messages, "event: content_block_start\n"),
        (vec![TEXT], translated(), "event: content_block_start\n"),
        (vec![TEXT], chat(), "data: "),
    ] {
        let client = ClientState::default();
        client.begin();
        let Ok(started) = start(backend(&events).await, converter, MAX_EVENT, &client).await else {
            panic!("the stream did not begin")
        };
        let (_, mut body) = running(started);
        let mut head = String::new();
        while head.is_empty() {
            head = String::from_utf8(body.frame().await.unwrap().unwrap().into_data().unwrap().to_vec()).unwrap();
        }
        assert!(head.starts_with(first) && !head.contains("message_start"), "{head}");
    }
}

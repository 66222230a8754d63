//! When a stream begins, and with what.

use super::*;

#[tokio::test(start_paused = true)]
async fn w3_after_10_s_without_an_event_the_response_begins_with_a_ping() {
    for silence in ["", COMMENT] {
        let (begun, seconds) = begun(&[silence], translated()).await;
        let head = head_of(begun);
        assert_eq!(seconds, 10, "comments are no events");
        assert!(
            head.starts_with("event: message_start\n") && head.ends_with("event: ping\ndata: {\"type\":\"ping\"}\n\n"),
            "{head}"
        );
    }
}

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
    let (commented, seconds) = begun(&[COMMENT, ""], chat()).await;
    assert_eq!((head_of(commented).as_str(), seconds), (COMMENT, 10));
}

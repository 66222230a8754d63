//! Silence, slow clients and ends of a stream that has begun.

use service::http::Code;

use super::*;

#[tokio::test(start_paused = true)]
async fn w4_a_ping_after_15_s_without_a_frame_for_the_client() {
    for silence in ["", COMMENT] {
        let received = received(
            &[&[TEXT], [silence; 20].as_slice(), &[FINISH, ""]].concat(),
            translated(),
        )
        .await;
        let pings: Vec<u64> = received
            .iter()
            .filter(|(_, frame)| frame.starts_with("event: ping"))
            .map(|(second, _)| *second)
            .collect();
        assert_eq!(pings, [15], "{received:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn p48_a_silent_stream_that_is_passed_through_has_a_ping_every_15_s() {
    const START: &str =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3}}}\n\n";
    let messages = || ResponseConverter::Messages(Box::new(PassthroughContext::named("m")));
    for (converter, event, ping) in [
        (chat(), TEXT, ": keep-alive\n\n"),
        (messages(), START, "event: ping\ndata: {\"type\":\"ping\"}\n\n"),
    ] {
        let received = received(&[[event].as_slice(), &[""; 40], &[event, ""]].concat(), converter).await;
        let pings: Vec<u64> = received
            .iter()
            .filter(|(_, frame)| frame == ping)
            .map(|(second, _)| *second)
            .collect();
        // The backend sent an event at 41; the timer period is 5 s.
        assert_eq!(pings[..3], [15, 30, 55], "{received:?}");
    }
}

/// A backend that sends as fast as it is read, and counts its frames.
struct FastBackend(Arc<AtomicUsize>);

impl http_body::Body for FastBackend {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(TEXT.as_bytes())))))
    }
}

/// The frames that are held for a client that does not read.
async fn held(sent: &AtomicUsize) -> usize {
    // The buffers on the way fill within a second.
    sleep(Duration::from_secs(1)).await;
    let held = sent.load(Ordering::Relaxed);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(
        sent.load(Ordering::Relaxed),
        held,
        "the client does not read, so neither does the gateway"
    );
    held
}

#[tokio::test(start_paused = true)]
async fn p48_the_backend_is_not_read_while_the_client_does_not_read() {
    for converter in [chat(), translated()] {
        let sent = Arc::new(AtomicUsize::new(0));
        let endless = over_http(FastBackend(sent.clone())).await;
        let Ok(begun) = start(endless, converter, MAX_EVENT, &ClientState::default()).await else {
            panic!("the stream did not begin")
        };
        let (exchange, mut body) = running(begun);
        let held = held(&sent).await;
        while sent.load(Ordering::Relaxed) == held {
            body.frame().await.unwrap().unwrap();
        }
        drop(body);
        let result = exchange.await.unwrap();
        assert_eq!((result.outcome, result.code), (Outcome::ClientGone, None));
    }
}

#[tokio::test(start_paused = true)]
async fn p49_a_client_that_does_not_read_is_ended_at_the_deadline_and_loses_nothing() {
    let endless = over_http(FastBackend(Arc::default())).await;
    let Ok(begun) = start(endless, chat(), MAX_EVENT, &ClientState::default()).await else {
        panic!("the stream did not begin")
    };
    let started = Instant::now();
    let (exchange, body) = running(begun);
    let result = exchange.await.unwrap();
    assert_eq!((result.outcome, started.elapsed()), (Outcome::Stopped, TOTAL));
    assert_eq!(result.code, Some(Code::UpstreamTimeout), "the code of its error event");
    let all = body.collect().await.unwrap().to_bytes();
    let (first, last) = all.split_at(TEXT.len());
    assert_eq!(first, TEXT.as_bytes(), "frames that were held are not lost");
    assert!(
        String::from_utf8_lossy(last).contains("error"),
        "a client that reads later gets an error event"
    );
}

#[tokio::test(start_paused = true)]
async fn i10_bytes_after_the_end_in_the_same_chunk_are_not_read() {
    let ends = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n: bye\n\ndata: {\"cho";
    let received = received(&[TEXT, ends, ""], translated()).await;
    let (_, last) = received.last().unwrap();
    assert!(
        last.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
        "{last}"
    );
    let fails = "data: {\"error\":{\"message\":\"full\"}}\n\ndata: [DONE]\n\n";
    let (begun, _) = begun(&[fails], translated()).await;
    assert!(matches!(begun, Err(FirstEventError::Backend(error)) if error.message.as_str() == "full"));
}

#[tokio::test(start_paused = true)]
async fn w2_an_error_after_the_first_event_is_an_event_even_in_the_same_chunk() {
    const ERROR: &str = "data: {\"error\":{\"message\":\"full\",\"code\":429}}\n\n";
    let together: &'static str = Box::leak(format!("{TEXT}{ERROR}").into_boxed_str());
    for events in [vec![TEXT, ERROR], vec![together]] {
        let received = received(&events, translated()).await;
        let all: String = received.into_iter().map(|(_, frame)| frame).collect();
        let (_, error) = all.rsplit_once("event: ").unwrap();
        assert!(
            error.starts_with("error\n") && error.contains("rate_limit_error"),
            "{all}"
        );
        assert!(!all.contains("message_stop"), "{all}");
    }
}

//! The timers of a stream. Time is paused: it advances only while every task waits.

#![expect(clippy::disallowed_methods, reason = "tests do not run on Lambda")]

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use domain::models::RequestId;
use domain::models::usage::Outcome;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{client, server};
use hyper_util::rt::TokioIo;
use service::outbound::Pieces;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, sleep};
use tokio_util::sync::CancellationToken;
use translators::context::ResponseContext;

use super::driver::DrivenBody;
use super::*;
use crate::limits::Limits;
use crate::response::convert::ResponseConverter;
use crate::response::model_name::ModelName;
use crate::upstream::first_event::{FirstEventError, StartedStream, start};
use crate::upstream::pool::CallResult;

const TOTAL: Duration = Duration::from_mins(14);
const MAX_EVENT: usize = 1000;
const COMMENT: &str = ": still thinking\n\n";
const TEXT: &str = "data: {\"id\":\"up-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n";
const FINISH: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

fn chat() -> ResponseConverter {
    ResponseConverter::Chat {
        hides_usage: false,
        model_name: ModelName::new("m"),
    }
}

fn translated() -> ResponseConverter {
    ResponseConverter::ChatToMessages(Box::new(ResponseContext {
        model: "m".into(),
        ..ResponseContext::default()
    }))
}

/// A backend that sends one of `events` each second, nothing for an empty one, and repeats the last one.
async fn backend(events: &[&'static str]) -> Incoming {
    let events = events.to_vec();
    let (sender, frames) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut seconds = interval(Duration::from_secs(1));
        for number in 0.. {
            seconds.tick().await;
            let event = events[number.min(events.len() - 1)];
            if !event.is_empty() && sender.send(Bytes::from_static(event.as_bytes())).await.is_err() {
                return;
            }
        }
    });
    over_http(SentBytes(frames)).await
}

/// A body of the bytes that are sent to it.
struct SentBytes(mpsc::Receiver<Bytes>);

impl http_body::Body for SentBytes {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_recv(context)
            .map(|event| event.map(|event| Ok(Frame::data(event))))
    }
}

/// `body` as a backend sends it, over HTTP in memory.
async fn over_http<B>(body: B) -> Incoming
where
    B: http_body::Body<Data = Bytes, Error = Infallible> + Send + 'static,
{
    let (near, far) = tokio::io::duplex(64 * 1024);
    let body = Mutex::new(Some(body));
    let service = service_fn(move |_| {
        let body = body.lock().unwrap().take().unwrap();
        async { Ok::<_, Infallible>(Response::new(Body::new(body))) }
    });
    tokio::spawn(server::conn::http1::Builder::new().serve_connection(TokioIo::new(far), service));
    let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(near)).await.unwrap();
    tokio::spawn(connection);
    sender
        .send_request(Request::new(Pieces::default()))
        .await
        .unwrap()
        .into_body()
}

/// The result of `start`, and the seconds that it took.
async fn begun(events: &[&'static str], converter: ResponseConverter) -> (Result<StartedStream, FirstEventError>, u64) {
    let started = Instant::now();
    let begun = start(backend(events).await, converter, MAX_EVENT).await;
    (begun, started.elapsed().as_secs())
}

/// A running stream: the task is the exchange, the body is the client's.
fn running(begun: StartedStream) -> (JoinHandle<RelayResult>, DrivenBody) {
    let limits = Limits::with_max_body(1000);
    let (mut driver, body) = drive(Pump::new(begun, limits), &limits);
    let exchange = tokio::spawn(async move {
        let halt = driver.halted(&CancellationToken::new(), Instant::now() + TOTAL).await;
        RelayResult::of_stream(halt, driver.finish(halt, &RequestId::generate()).await)
    });
    (exchange, body)
}

/// All frames of a client that reads at once, each with its second.
async fn received(events: &[&'static str], converter: ResponseConverter) -> Vec<(u64, String)> {
    let Ok(begun) = begun(events, converter).await.0 else {
        panic!("the stream did not begin")
    };
    let started = Instant::now();
    let (_, mut body) = running(begun);
    let mut received = Vec::new();
    while let Some(frame) = body.frame().await {
        let text = String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap();
        received.push((started.elapsed().as_secs(), text));
    }
    received
}

fn head_of(begun: Result<StartedStream, FirstEventError>) -> String {
    let Ok(begun) = begun else {
        panic!("the stream did not begin")
    };
    String::from_utf8(begun.head.concat()).unwrap()
}

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
        ResponseConverter::Messages {
            model_name: ModelName::new("m"),
        },
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

#[tokio::test(start_paused = true)]
async fn w4_a_ping_after_15_s_without_a_frame_for_the_client() {
    for silence in ["", COMMENT] {
        let received = received(&[&[TEXT], [silence; 20].as_slice(), &[FINISH]].concat(), translated()).await;
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
    let messages = || ResponseConverter::Messages {
        model_name: ModelName::new("m"),
    };
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

#[tokio::test(start_paused = true)]
async fn p53_a_backend_that_stays_silent_after_the_response_was_begun_without_it_has_failed() {
    for stays in [true, false] {
        let Ok(begun) = begun(&[""], translated()).await.0 else {
            panic!("the stream did not begin")
        };
        let (exchange, mut body) = running(begun);
        tokio::spawn(async move { while stays && body.frame().await.is_some() {} });
        let result = exchange.await.unwrap();
        assert_eq!(result.outcome, Outcome::Failed, "nothing of the backend was delivered");
        assert_eq!(
            matches!(result.call, Some(CallResult::Failed { .. })),
            stays,
            "a client that leaves says nothing about the backend"
        );
        assert!(stays || result.call.is_none());
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
        let Ok(begun) = start(endless, converter, MAX_EVENT).await else {
            panic!("the stream did not begin")
        };
        let (exchange, mut body) = running(begun);
        let held = held(&sent).await;
        while sent.load(Ordering::Relaxed) == held {
            body.frame().await.unwrap().unwrap();
        }
        drop(body);
        assert_eq!(exchange.await.unwrap().outcome, Outcome::ClientGone);
    }
}

#[tokio::test(start_paused = true)]
async fn p49_a_client_that_does_not_read_is_ended_at_the_deadline_and_loses_nothing() {
    let endless = over_http(FastBackend(Arc::default())).await;
    let Ok(begun) = start(endless, chat(), MAX_EVENT).await else {
        panic!("the stream did not begin")
    };
    let started = Instant::now();
    let (exchange, body) = running(begun);
    let result = exchange.await.unwrap();
    assert_eq!((result.outcome, started.elapsed()), (Outcome::Stopped, TOTAL));
    let all = body.collect().await.unwrap().to_bytes();
    let (first, last) = all.split_at(TEXT.len());
    assert_eq!(first, TEXT.as_bytes(), "frames that were held are not lost");
    assert!(
        String::from_utf8_lossy(last).contains("error"),
        "a client that reads later gets an error event"
    );
}

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
async fn p49_a_stream_ends_after_60_s_of_silence() {
    let received = received(&[TEXT, ""], translated()).await;
    let (second, last) = received.last().unwrap();
    assert_eq!(*second, 60);
    assert!(
        last.starts_with("event: error\n") && last.contains("timeout_error"),
        "{last}"
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
    assert!(matches!(begun, Err(FirstEventError::Backend(error)) if error.message == "full"));
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

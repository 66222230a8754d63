//! The clocks of a stream, on a time that goes on only when everybody waits for it.

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

/// A backend that says one of `words` each second, nothing where it is empty, and the last one for ever.
async fn backend(words: &[&'static str]) -> Incoming {
    let words = words.to_vec();
    let (speaker, frames) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut seconds = interval(Duration::from_secs(1));
        for number in 0.. {
            seconds.tick().await;
            let word = words[number.min(words.len() - 1)];
            if !word.is_empty() && speaker.send(Bytes::from_static(word.as_bytes())).await.is_err() {
                return;
            }
        }
    });
    over_http(Words(frames)).await
}

/// A body of what is sent.
struct Words(mpsc::Receiver<Bytes>);

impl http_body::Body for Words {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_recv(context)
            .map(|word| word.map(|word| Ok(Frame::data(word))))
    }
}

/// `body` as it comes from a backend, over HTTP in memory.
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

/// What `start` comes to, and after how many seconds.
async fn begun(words: &[&'static str], converter: ResponseConverter) -> (Result<StartedStream, FirstEventError>, u64) {
    let started = Instant::now();
    let begun = start(backend(words).await, converter, MAX_EVENT).await;
    (begun, started.elapsed().as_secs())
}

/// A stream on its way to a client, which reads the body; the outcome is that of the exchange.
fn running(begun: StartedStream) -> (JoinHandle<RelayResult>, DrivenBody) {
    let limits = Limits::with_max_body(1000);
    let (mut driver, body) = drive(Pump::new(begun, limits), &limits);
    let exchange = tokio::spawn(async move {
        let halt = driver.halted(&CancellationToken::new(), Instant::now() + TOTAL).await;
        RelayResult::of_stream(halt, driver.finish(halt, &RequestId::generate()).await)
    });
    (exchange, body)
}

/// All that a client gets that reads at once, with the seconds at which it came.
async fn heard(words: &[&'static str], converter: ResponseConverter) -> Vec<(u64, String)> {
    let Ok(begun) = begun(words, converter).await.0 else {
        panic!("the stream did not begin")
    };
    let started = Instant::now();
    let (_, mut body) = running(begun);
    let mut heard = Vec::new();
    while let Some(frame) = body.frame().await {
        let text = String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap();
        heard.push((started.elapsed().as_secs(), text));
    }
    heard
}

fn head_of(begun: Result<StartedStream, FirstEventError>) -> String {
    let Ok(begun) = begun else {
        panic!("the stream did not begin")
    };
    String::from_utf8(begun.head.concat()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn w3_after_10_s_without_an_event_the_answer_begins_with_a_ping() {
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
async fn w3_an_event_within_10_s_begins_the_answer_at_once() {
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
async fn w3_bytes_that_are_passed_on_begin_with_the_backends_own() {
    let (late, seconds) = begun(&[[""; 20].as_slice(), &[TEXT]].concat(), chat()).await;
    assert_eq!((head_of(late).as_str(), seconds), (TEXT, 20));
    let (commented, seconds) = begun(&[COMMENT, ""], chat()).await;
    assert_eq!((head_of(commented).as_str(), seconds), (COMMENT, 10));
}

#[tokio::test(start_paused = true)]
async fn w4_a_ping_after_15_s_in_which_the_client_heard_nothing() {
    for silence in ["", COMMENT] {
        let heard = heard(&[&[TEXT], [silence; 20].as_slice(), &[FINISH]].concat(), translated()).await;
        let pings: Vec<u64> = heard
            .iter()
            .filter(|(_, frame)| frame.starts_with("event: ping"))
            .map(|(second, _)| *second)
            .collect();
        assert_eq!(pings, [15], "{heard:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn p48_in_a_silence_a_stream_that_is_passed_on_says_every_15_s_that_it_is_alive() {
    const START: &str =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3}}}\n\n";
    let messages = || ResponseConverter::Messages {
        model_name: ModelName::new("m"),
    };
    for (converter, word, sign) in [
        (chat(), TEXT, ": keep-alive\n\n"),
        (messages(), START, "event: ping\ndata: {\"type\":\"ping\"}\n\n"),
    ] {
        let heard = heard(&[[word].as_slice(), &[""; 40], &[word, ""]].concat(), converter).await;
        let signs: Vec<u64> = heard
            .iter()
            .filter(|(_, frame)| frame == sign)
            .map(|(second, _)| *second)
            .collect();
        // The backend spoke at 41; silence is looked at every 5 s.
        assert_eq!(signs[..3], [15, 30, 55], "{heard:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn p53_a_backend_that_stays_silent_behind_a_head_that_was_begun_without_it_has_failed() {
    for stays in [true, false] {
        let Ok(begun) = begun(&[""], translated()).await.0 else {
            panic!("the stream did not begin")
        };
        let (exchange, mut body) = running(begun);
        tokio::spawn(async move { while stays && body.frame().await.is_some() {} });
        let passed = exchange.await.unwrap();
        assert_eq!(
            passed.outcome,
            Outcome::Failed,
            "nothing of the backend's was delivered"
        );
        assert_eq!(
            matches!(passed.call, Some(CallResult::Failed { .. })),
            stays,
            "who leaves says nothing about it"
        );
        assert!(stays || passed.call.is_none());
    }
}

/// A backend that speaks as fast as it is heard, and counts its words.
struct Talker(Arc<AtomicUsize>);

impl http_body::Body for Talker {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(TEXT.as_bytes())))))
    }
}

/// A body that is no sooner polled than it is read: what a client that reads nothing has of it.
async fn held(said: &AtomicUsize) -> usize {
    // What the buffers on the way hold, and no more.
    sleep(Duration::from_secs(1)).await;
    let held = said.load(Ordering::Relaxed);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(
        said.load(Ordering::Relaxed),
        held,
        "nobody reads, so nobody is asked for more"
    );
    held
}

#[tokio::test(start_paused = true)]
async fn p48_a_client_that_does_not_read_stops_the_reading_from_the_backend() {
    for converter in [chat(), translated()] {
        let said = Arc::new(AtomicUsize::new(0));
        let endless = over_http(Talker(said.clone())).await;
        let Ok(begun) = start(endless, converter, MAX_EVENT).await else {
            panic!("the stream did not begin")
        };
        let (exchange, mut body) = running(begun);
        let held = held(&said).await;
        while said.load(Ordering::Relaxed) == held {
            body.frame().await.unwrap().unwrap();
        }
        drop(body);
        assert_eq!(exchange.await.unwrap().outcome, Outcome::ClientGone);
    }
}

#[tokio::test(start_paused = true)]
async fn p49_a_client_that_does_not_read_holds_nothing_beyond_its_time_and_loses_nothing() {
    let endless = over_http(Talker(Arc::default())).await;
    let Ok(begun) = start(endless, chat(), MAX_EVENT).await else {
        panic!("the stream did not begin")
    };
    let started = Instant::now();
    let (exchange, body) = running(begun);
    let passed = exchange.await.unwrap();
    assert_eq!((passed.outcome, started.elapsed()), (Outcome::Stopped, TOTAL));
    let all = body.collect().await.unwrap().to_bytes();
    let (first, last) = all.split_at(TEXT.len());
    assert_eq!(first, TEXT.as_bytes(), "what was there for it is not lost");
    assert!(
        String::from_utf8_lossy(last).contains("error"),
        "who reads after all is told that it is no end"
    );
}

#[tokio::test(start_paused = true)]
async fn s5_7_usage_is_waited_for_2_s_behind_the_finish_reason() {
    let heard = heard(&[TEXT, FINISH, ""], translated()).await;
    let (second, last) = heard.last().unwrap();
    assert_eq!(*second, 1 + 2);
    assert!(
        last.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
        "{last}"
    );
}

#[tokio::test(start_paused = true)]
async fn p49_a_backend_that_is_silent_for_60_s_is_given_up() {
    let heard = heard(&[TEXT, ""], translated()).await;
    let (second, last) = heard.last().unwrap();
    assert_eq!(*second, 60);
    assert!(
        last.starts_with("event: error\n") && last.contains("timeout_error"),
        "{last}"
    );
}

#[tokio::test(start_paused = true)]
async fn i10_what_follows_the_end_in_one_piece_is_not_read() {
    let ends = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n: bye\n\ndata: {\"cho";
    let heard = heard(&[TEXT, ends, ""], translated()).await;
    let (_, last) = heard.last().unwrap();
    assert!(
        last.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"),
        "{last}"
    );
    let fails = "data: {\"error\":{\"message\":\"full\"}}\n\ndata: [DONE]\n\n";
    let (begun, _) = begun(&[fails], translated()).await;
    assert!(matches!(begun, Err(FirstEventError::Backend(error)) if error.message == "full"));
}

#[tokio::test(start_paused = true)]
async fn w2_an_error_right_behind_the_first_event_is_an_event_however_they_came() {
    const ERROR: &str = "data: {\"error\":{\"message\":\"full\",\"code\":429}}\n\n";
    let together: &'static str = Box::leak(format!("{TEXT}{ERROR}").into_boxed_str());
    for words in [vec![TEXT, ERROR], vec![together]] {
        let heard = heard(&words, translated()).await;
        let all: String = heard.into_iter().map(|(_, frame)| frame).collect();
        let (_, error) = all.rsplit_once("event: ").unwrap();
        assert!(
            error.starts_with("error\n") && error.contains("rate_limit_error"),
            "{all}"
        );
        assert!(!all.contains("message_stop"), "{all}");
    }
}

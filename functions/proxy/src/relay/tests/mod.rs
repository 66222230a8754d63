//! The timers of a stream. Time is paused: it advances only while every task waits.

#![expect(clippy::disallowed_methods, reason = "tests do not run on Lambda")]

mod beginning;
mod closing;
mod odd;
mod running;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use bytes::Bytes;
use domain::models::RequestId;
use domain::models::usage::Outcome;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::BodyExt as _;
use hyper::service::service_fn;
use hyper::{client, server};
use hyper_util::rt::TokioIo;
use service::outbound::{Pieces, ResponseBody};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, interval, sleep};
use tokio_util::sync::CancellationToken;
use translators::context::ResponseContext;
use translators::directions::{ApiDialect, ClientContext, Direction};

use super::driver::DrivenBody;
use super::*;
use crate::downstream::ClientState;
use crate::limits::Limits;
use crate::response::context::PassthroughContext;
use crate::response::convert::ResponseConverter;
use crate::upstream::first_event::{FirstEventError, StartedStream, start};

const TOTAL: Duration = Duration::from_mins(14);
const MAX_EVENT: usize = 1000;
const COMMENT: &str = ": still thinking\n\n";
const TEXT: &str = "data: {\"id\":\"up-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n";
const FINISH: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

fn chat() -> ResponseConverter {
    ResponseConverter::Chat(Box::new(PassthroughContext::named("m")))
}

fn translated() -> ResponseConverter {
    let context = ResponseContext {
        model: "m".into(),
        ..ResponseContext::default()
    };
    ResponseConverter::Translated(Box::new(Direction {
        client: ClientContext::Messages(context),
        backend: ApiDialect::Chat,
    }))
}

/// A backend that sends one of `events` each second, nothing for an empty one, and repeats the last one.
async fn backend(events: &[&'static str]) -> ResponseBody {
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
async fn over_http<B>(body: B) -> ResponseBody
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
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
        .into()
}

/// The result of `start`, and the seconds that it took.
async fn begun(events: &[&'static str], converter: ResponseConverter) -> (Result<StartedStream, FirstEventError>, u64) {
    let started = Instant::now();
    let begun = start(backend(events).await, converter, MAX_EVENT, &ClientState::default()).await;
    (begun, started.elapsed().as_secs())
}

/// A running stream: the task is the exchange, the body is the client's.
fn running(begun: StartedStream) -> (JoinHandle<RelayResult>, DrivenBody) {
    let limits = Limits::with_max_body(1000);
    let (mut driver, body) = drive(Pump::new(begun, limits, limits.idle), &limits);
    let exchange = tokio::spawn(async move {
        let halt = driver.halted(&CancellationToken::new(), Instant::now() + TOTAL).await;
        let (ending, last) = driver.finish(halt, &RequestId::generate(), None).await;
        driver.send_last(last).await;
        RelayResult::of_stream(halt, ending)
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

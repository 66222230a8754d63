//! The Runtime API's two endpoints: the next event out, its answer in.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, mpsc};

use super::answer::{Invocation, Piece};
use crate::Gate;

/// When an invocation has to end, in milliseconds since 1970: far away.
const DEADLINE: &str = "4102444800000";

#[derive(Debug)]
pub(super) struct Api {
    /// Opened by the function's first call.
    pub(super) polled: Gate,
    count: AtomicUsize,
    sender: mpsc::UnboundedSender<Work>,
    work: Mutex<mpsc::UnboundedReceiver<Work>>,
    /// Where the answers to what was handed out go.
    running: Mutex<HashMap<String, mpsc::UnboundedSender<Piece>>>,
}

#[derive(Debug)]
struct Work {
    id: String,
    event: Value,
    pieces: mpsc::UnboundedSender<Piece>,
}

impl Default for Api {
    fn default() -> Self {
        let (sender, work) = mpsc::unbounded_channel();
        Self { polled: Gate::new(), count: AtomicUsize::new(0), sender, work: Mutex::new(work), running: Mutex::default() }
    }
}

impl Api {
    pub(super) fn invoke(&self, event: Value) -> Invocation {
        let (pieces, answer) = mpsc::unbounded_channel();
        let id = format!("invocation-{}", self.count.fetch_add(1, Ordering::Relaxed));
        self.sender.send(Work { id, event, pieces }).unwrap();
        Invocation::new(answer)
    }

    async fn route(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        let path = path.strip_prefix("/2018-06-01/runtime/").unwrap_or_default().split('/').collect::<Vec<_>>();
        match (request.method(), path.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => self.response(id, request).await,
            (&Method::POST, ["invocation", id, "error"]) => self.error(id, request).await,
            (&Method::POST, ["init", "error"]) => accepted(),
            (method, _) => panic!("the Runtime API has no {method} {}", request.uri()),
        }
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        self.polled.open();
        let work = self.work.lock().await.recv().await.expect("events can be handed out as long as the API lives");
        self.running.lock().await.insert(work.id.clone(), work.pieces);
        Response::builder()
            .header("lambda-runtime-aws-request-id", work.id)
            .header("lambda-runtime-deadline-ms", DEADLINE)
            .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-central-1:123456789012:function:function")
            .header("lambda-runtime-trace-id", "Root=1-5e1b4151-5ac6c58f3e2f0b8d1d9a0b11;Parent=53995c3f42cd8ad8;Sampled=0")
            .body(Full::from(work.event.to_string()))
            .unwrap()
    }

    /// Passes the answer on as it comes, frame by frame.
    async fn response(&self, id: &str, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let pieces = self.finish(id).await;
        let (parts, mut body) = request.into_parts();
        let _ = pieces.send(Piece::Head(parts.headers));
        let complete = loop {
            match body.frame().await {
                None => break true,
                Some(Err(_)) => break false,
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        let _ = pieces.send(Piece::Data(Instant::now(), bytes));
                    }
                }
            }
        };
        let _ = pieces.send(Piece::End { complete });
        accepted()
    }

    async fn error(&self, id: &str, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let pieces = self.finish(id).await;
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let _ = pieces.send(Piece::Error(serde_json::from_slice(&body).unwrap()));
        accepted()
    }

    async fn finish(&self, id: &str) -> mpsc::UnboundedSender<Piece> {
        self.running.lock().await.remove(id).unwrap_or_else(|| panic!("{id} was answered twice, or never handed out"))
    }
}

fn accepted() -> Response<Full<Bytes>> {
    Response::builder().status(202).body(Full::default()).unwrap()
}

/// Serves one of the function's connections.
pub(super) async fn serve(stream: TcpStream, api: Arc<Api>) {
    let service = service_fn(|request| {
        let api = api.clone();
        async move { Ok::<_, Infallible>(api.route(request).await) }
    });
    // An error means that the function has left, which tests see at its process.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

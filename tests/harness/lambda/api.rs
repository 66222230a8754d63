//! The Runtime API's two endpoints: the next event out, its answer in.

use std::collections::HashMap;
use std::io;
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

/// In 2100.
const FAR_AWAY: i64 = 4_102_444_800_000;

#[derive(Debug)]
pub(super) struct Api {
    /// Opened by the function's first call.
    pub(super) polled: Gate,
    count: AtomicUsize,
    sender: mpsc::UnboundedSender<Work>,
    work: Mutex<mpsc::UnboundedReceiver<Work>>,
    /// Where the answers to what was handed out go.
    running: Mutex<HashMap<String, Taker>>,
}

#[derive(Debug)]
struct Work {
    id: String,
    event: Value,
    /// In milliseconds since 1970.
    deadline: i64,
    taker: Taker,
}

/// Who takes an answer, piece by piece, until the gate is opened.
#[derive(Debug)]
struct Taker {
    pieces: mpsc::UnboundedSender<Piece>,
    hung_up: Gate,
}

impl Default for Api {
    fn default() -> Self {
        let (sender, work) = mpsc::unbounded_channel();
        Self {
            polled: Gate::new(),
            count: AtomicUsize::new(0),
            sender,
            work: Mutex::new(work),
            running: Mutex::default(),
        }
    }
}

impl Api {
    pub(super) fn invoke(&self, event: Value) -> Invocation {
        self.invoke_until(event, FAR_AWAY)
    }

    /// With the millisecond since 1970 when the invocation has to end.
    pub(super) fn invoke_until(&self, event: Value, deadline: i64) -> Invocation {
        let ((pieces, answer), hung_up) = (mpsc::unbounded_channel(), Gate::new());
        let id = format!("invocation-{}", self.count.fetch_add(1, Ordering::Relaxed));
        let taker = Taker {
            pieces,
            hung_up: hung_up.clone(),
        };
        self.sender
            .send(Work {
                id,
                event,
                deadline,
                taker,
            })
            .unwrap();
        Invocation::new(answer, hung_up)
    }

    async fn route(&self, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let path = request.uri().path().to_owned();
        let path = path
            .strip_prefix("/2018-06-01/runtime/")
            .unwrap_or_default()
            .split('/')
            .collect::<Vec<_>>();
        match (request.method(), path.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => Ok(self.next().await),
            (&Method::POST, ["invocation", id, "response"]) => self.response(id, request).await,
            (&Method::POST, ["invocation", id, "error"]) => Ok(self.error(id, request).await),
            (&Method::POST, ["init", "error"]) => Ok(accepted()),
            (method, _) => panic!("the Runtime API has no {method} {}", request.uri()),
        }
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        self.polled.open();
        let work = self
            .work
            .lock()
            .await
            .recv()
            .await
            .expect("events can be handed out as long as the API lives");
        self.running.lock().await.insert(work.id.clone(), work.taker);
        Response::builder()
            .header("lambda-runtime-aws-request-id", work.id)
            .header("lambda-runtime-deadline-ms", work.deadline)
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:eu-central-1:123456789012:function:function",
            )
            .header(
                "lambda-runtime-trace-id",
                "Root=1-5e1b4151-5ac6c58f3e2f0b8d1d9a0b11;Parent=53995c3f42cd8ad8;Sampled=0",
            )
            .body(Full::from(work.event.to_string()))
            .unwrap()
    }

    /// Passes the answer on as it comes, frame by frame.
    async fn response(&self, id: &str, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
        let Taker { pieces, hung_up } = self.finish(id).await;
        let (parts, mut body) = request.into_parts();
        let _ = pieces.send(Piece::Head(parts.headers));
        let complete = loop {
            let frame = tokio::select! {
                () = hung_up.opened() => return Err(io::ErrorKind::ConnectionAborted.into()),
                frame = body.frame() => frame,
            };
            match frame {
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
        Ok(accepted())
    }

    async fn error(&self, id: &str, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let Taker { pieces, .. } = self.finish(id).await;
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let _ = pieces.send(Piece::Error(serde_json::from_slice(&body).unwrap()));
        accepted()
    }

    async fn finish(&self, id: &str) -> Taker {
        self.running
            .lock()
            .await
            .remove(id)
            .unwrap_or_else(|| panic!("{id} was answered twice, or never handed out"))
    }
}

fn accepted() -> Response<Full<Bytes>> {
    Response::builder().status(202).body(Full::default()).unwrap()
}

/// Serves one of the function's connections.
pub(super) async fn serve(stream: TcpStream, api: Arc<Api>) {
    let service = service_fn(|request| {
        let api = api.clone();
        async move { api.route(request).await }
    });
    // An error means that either side has left, which tests see at the function's process.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

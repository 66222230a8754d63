//! A backend that says what it is scripted to, as fast as can be or at a steady pace.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::time::interval;

use crate::script::{self, Script};

pub(crate) type Body = UnsyncBoxBody<Bytes, hyper::Error>;

/// The model whose fragments come 10 ms apart, and how many they are.
pub(crate) const PACED: (&str, usize) = ("paced", 100);
/// The model whose fragments come with no gap.
pub(crate) const BURST: (&str, usize) = ("burst", 1000);
const PACE: Duration = Duration::from_millis(10);

const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1790000000,"model":"burst","choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog. The quick brown fox jumps over the lazy dog."},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":30,"total_tokens":40}}"#;

#[derive(Deserialize)]
struct Ask {
    model: String,
    #[serde(default)]
    stream: bool,
}

pub(crate) fn start() -> (Runtime, String, String) {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    runtime.spawn(serve(listener, answer));
    (runtime, address, "none".to_owned())
}

/// Answers every request with what `answer` makes of it.
pub(crate) async fn serve<A, F>(listener: TcpListener, answer: A)
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<Body>, hyper::Error>> + Send + 'static,
{
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).unwrap();
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer.clone()));
        tokio::spawn(connection);
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
    let script = script::of(request.uri().path());
    let body = request.into_body().collect().await?.to_bytes();
    let ask: Ask = serde_json::from_slice(&body).unwrap();
    let (kind, body) = match (ask.stream, ask.model == PACED.0) {
        (false, _) => ("application/json", full(ANSWER)),
        (true, true) => ("text/event-stream", streamed(paced(script))),
        (true, false) => ("text/event-stream", streamed(stream::iter(script.frames(BURST.1)))),
    };
    Ok(Response::builder().header("content-type", kind).body(body).unwrap())
}

fn full(text: &'static str) -> Body {
    Full::from(text).map_err(|never| match never {}).boxed_unsync()
}

fn streamed(fragments: impl Stream<Item = &'static str> + Send + 'static) -> Body {
    let frames = futures_util::StreamExt::map(fragments, |text| Ok::<_, Infallible>(Frame::data(Bytes::from(text))));
    StreamBody::new(frames).map_err(|never| match never {}).boxed_unsync()
}

fn paced(script: Script) -> impl Stream<Item = &'static str> + Send {
    stream::unfold(
        (interval(PACE), script.frames(PACED.1)),
        |(mut pace, mut script)| async move {
            pace.tick().await;
            script.next().map(|text| (text, (pace, script)))
        },
    )
}

//! Streamed responses, over connections on which nothing waits for an acknowledgement.
//!
//! `lambda_runtime` posts responses over a client of its own that never sets `TCP_NODELAY`, and takes no other: each
//! event of a stream then waits until the one before it is acknowledged, 40 ms where acknowledgements are delayed
//! (`docs/decisions/0025-answers-over-a-client-of-our-own.md`). So the runtime hands events out, and [`Streaming`]
//! posts the responses.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::response::Response;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, SET_COOKIE, TRAILER};
use http::{Method, Request};
use http_body::{Frame, SizeHint};
use hyper_util::client::legacy::connect::HttpConnector;
use lambda_http::request::LambdaRequest;
use lambda_http::{Error, LambdaEvent, RequestExt as _};
use lambda_runtime::{LambdaInvocation, MetadataPrelude};
use lambda_runtime_api_client::{PooledClient, body, build_request};
use service::http::edge::Edge;
use tower::{Layer, Service};

use crate::request::{harmless, plain};

/// The bytes between the head and the body of a response.
const DELIMITER: [u8; 8] = [0; 8];
const CONTENT_TYPE_OF_STREAMS: HeaderValue =
    HeaderValue::from_static("application/vnd.awslambda.http-integration-response");
const RESPONSE_MODE: HeaderName = HeaderName::from_static("lambda-runtime-function-response-mode");
const INVOCATION_ID: HeaderName = HeaderName::from_static("lambda-runtime-invocation-id");
const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");
/// The trailer that says that the body has failed.
const ERROR_TYPE: HeaderName = HeaderName::from_static("lambda-runtime-function-error-type");

/// Puts a [`Streaming`] in front of the runtime's own service.
#[derive(Clone, Debug)]
pub(crate) struct StreamingLayer {
    edge: Edge,
    api: Arc<PooledClient>,
}

/// Responds to the events that are HTTP requests; the others are `inner`'s to refuse.
#[derive(Clone, Debug)]
pub(crate) struct Streaming<S> {
    inner: S,
    layer: StreamingLayer,
}

impl StreamingLayer {
    pub(crate) fn new(edge: Edge) -> Self {
        Self {
            edge,
            api: Arc::new(PooledClient::builder().with_connector(connector()).build()),
        }
    }
}

/// Each event of a stream is to leave at once.
fn connector() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector
}

impl<S> Layer<S> for StreamingLayer {
    type Service = Streaming<S>;

    fn layer(&self, inner: S) -> Streaming<S> {
        Streaming {
            inner,
            layer: self.clone(),
        }
    }
}

impl<S> Service<LambdaInvocation> for Streaming<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = Error;
    type Future = BoxFuture<'static, Result<(), Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        match serde_json::from_slice(&invocation.body) {
            Ok(event) => {
                let event = harmless(LambdaEvent::new(event, invocation.context.clone()));
                self.layer.clone().respond(event, invocation).boxed()
            }
            Err(_) => self.inner.call(invocation).boxed(),
        }
    }
}

impl StreamingLayer {
    async fn respond(self, event: LambdaEvent<LambdaRequest>, invocation: LambdaInvocation) -> Result<(), Error> {
        let mut request = plain(Request::from(event.payload).with_lambda_context(event.context));
        let trace = invocation
            .context
            .xray_trace_id
            .as_deref()
            .and_then(|id| HeaderValue::from_str(id).ok());
        request.headers_mut().extend(trace.map(|id| (TRACE_ID, id)));
        let response = self.edge.respond(request).await;
        match self.api.call(post(response, &invocation)?).await {
            Ok(reply) if reply.status().is_success() => {}
            Ok(reply) => tracing::error!(status = reply.status().as_u16(), "the Runtime API refused a response"),
            // An error would end the process, which other requests are waiting for.
            Err(error) => tracing::error!(%error, "the Runtime API took no more of a response"),
        }
        Ok(())
    }
}

/// The request that brings `response` to Lambda, while it is still being made.
fn post(response: Response, invocation: &LambdaInvocation) -> Result<Request<body::Body>, Error> {
    let (parts, body) = response.into_parts();
    let head = head(parts.status, parts.headers)?;
    let uri = format!(
        "/2018-06-01/runtime/invocation/{}/response",
        invocation.context.request_id
    );
    let mut request = build_request()
        .method(Method::POST)
        .uri(uri)
        .body(body::Body::new(ResponseBody { head: Some(head), body }))?;
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, CONTENT_TYPE_OF_STREAMS);
    headers.insert(RESPONSE_MODE, HeaderValue::from_static("streaming"));
    headers.insert(TRAILER, ERROR_TYPE.into());
    // Where several run at once, Lambda distinguishes them by this id and wants it back.
    headers.extend(
        invocation
            .parts
            .headers
            .get(&INVOCATION_ID)
            .map(|id| (INVOCATION_ID, id.clone())),
    );
    Ok(request)
}

/// Status and headers as API Gateway reads them, with the delimiter behind them: they leave together.
fn head(status_code: http::StatusCode, mut headers: HeaderMap) -> Result<Bytes, Error> {
    let cookies = headers
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|cookie| cookie.to_str().ok())
        .map(str::to_owned)
        .collect();
    headers.remove(SET_COOKIE);
    let mut head = serde_json::to_vec(&MetadataPrelude {
        status_code,
        headers,
        cookies,
    })?;
    head.extend_from_slice(&DELIMITER);
    Ok(head.into())
}

/// A response's head, and then its body as it comes.
struct ResponseBody {
    head: Option<Bytes>,
    body: Body,
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(head) = self.head.take() {
            return Poll::Ready(Some(Ok(Frame::data(head))));
        }
        Pin::new(&mut self.body)
            .poll_frame(context)
            .map(|frame| Some(Ok(frame?.unwrap_or_else(|error| failed(&error)))))
    }

    fn is_end_stream(&self) -> bool {
        self.head.is_none() && self.body.is_end_stream()
    }

    /// Unknown, so that it is sent in chunks: a streamed response has no length.
    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// The trailers of a body that has failed.
fn failed(error: &axum::Error) -> Frame<Bytes> {
    tracing::error!(%error, "a response broke off");
    Frame::trailers(HeaderMap::from_iter([(
        ERROR_TYPE,
        HeaderValue::from_static("Runtime.StreamError"),
    )]))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tokio::net::TcpListener;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn no_event_waits_for_the_acknowledgement_of_the_one_before_it() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let connection = connector().oneshot(uri).await.unwrap();
        assert!(connection.inner().nodelay().unwrap());
    }

    #[tokio::test]
    async fn the_head_leaves_in_one_piece() {
        let response = Response::builder()
            .header(SET_COOKIE, "a=1")
            .header("x-a", "b")
            .body(Body::from("text"))
            .unwrap();
        let (parts, body) = response.into_parts();
        let mut body = ResponseBody {
            head: Some(head(parts.status, parts.headers).unwrap()),
            body,
        };
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        let (json, delimiter) = first.split_at(first.len() - DELIMITER.len());
        assert_eq!(
            std::str::from_utf8(json).unwrap(),
            r#"{"statusCode":200,"headers":{"x-a":"b"},"cookies":["a=1"]}"#
        );
        assert_eq!(delimiter, DELIMITER);
        assert_eq!(body.collect().await.unwrap().to_bytes(), "text");
    }

    #[tokio::test]
    async fn a_body_that_fails_ends_with_the_trailer_that_says_so() {
        let chunks = [Ok("text"), Err("broken")];
        let body = Body::from_stream(futures_util::stream::iter(chunks));
        let body = ResponseBody { head: None, body }.collect().await.unwrap();
        assert_eq!(body.trailers().unwrap()[&ERROR_TYPE], "Runtime.StreamError");
        assert_eq!(body.to_bytes(), "text");
    }
}

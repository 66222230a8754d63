//! The one HTTP client for addresses that administrators set: pooled, without redirects or proxies, and only to addresses that may be
//! called (promises 33 to 35).

mod authorities;
pub mod backend;
mod body;
mod connector;
mod error;

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use self::connector::Connector;
use domain::access::egress::AllowedNetworks;

pub use authorities::{Authorities, AuthoritiesError};
pub use body::Pieces;
pub use error::CallError;

/// How long a connection that nobody uses is kept.
const IDLE: Duration = Duration::from_secs(90);
/// What an HTTP/2 server may send of one stream that nobody reads (promise 48), and of all streams of a connection: enough
/// for as many as servers allow, so that slow clients do not stop the others.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * STREAM_WINDOW;
const AGENT: HeaderValue = HeaderValue::from_static(concat!("tidegate/", env!("CARGO_PKG_VERSION")));

#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be made")]
pub struct ClientError(#[from] rustls::Error);

/// The way to the backends: which addresses may be called, and the client that calls them. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Outbound {
    pub networks: AllowedNetworks,
    pub http: Client,
}

impl Outbound {
    pub fn new(networks: AllowedNetworks, authorities: &Authorities) -> Result<Self, ClientError> {
        let http = legacy::Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .build(Connector::new(networks.clone(), authorities)?);
        Ok(Self {
            networks,
            http: Client(http),
        })
    }
}

/// Calls. Nothing is between it and the HTTP library: each layer there would be paid by each request.
#[derive(Clone)]
pub struct Client(legacy::Client<Connector, Pieces>);

impl Client {
    /// Posts `body` with these headers.
    pub async fn post(&self, address: Uri, headers: HeaderMap, body: Pieces) -> Result<Response<Incoming>, CallError> {
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = address;
        *request.headers_mut() = headers;
        self.send(request).await
    }

    /// The head of the response to `request`, whose body is read by [`chunk`].
    pub async fn send(&self, mut request: Request<Pieces>) -> Result<Response<Incoming>, CallError> {
        request.headers_mut().entry(USER_AGENT).or_insert(AGENT);
        Ok(self.0.request(request).await?)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

/// The next bytes of a response's body; `None` at its end.
pub async fn chunk(body: &mut Incoming) -> Result<Option<Bytes>, CallError> {
    poll_fn(|context| poll_chunk(body, context)).await
}

/// The same for whoever waits for something else too.
pub fn poll_chunk(body: &mut Incoming, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, CallError>> {
    while let Some(frame) = ready!(Pin::new(&mut *body).poll_frame(context)) {
        // Trailers say nothing to us.
        if let Ok(bytes) = frame?.into_data() {
            return Poll::Ready(Ok(Some(bytes)));
        }
    }
    Poll::Ready(Ok(None))
}

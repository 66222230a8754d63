//! Calls of addresses that administrators set, over connections that are kept (B9.4).

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::connection::Reuse;
use super::connector::Connector;
use super::{CallError, Pieces, ResponseBody};

/// The longest time in seconds that a connection is kept which nobody uses.
const IDLE_SECONDS: u64 = 30;
/// One for each second, and one that keeps none.
const POOLS: usize = 31;
/// What is left of the time that the server keeps it, for a request on its way.
const IDLE_MARGIN_SECONDS: u64 = 4;
/// What an HTTP/2 server may send of one stream that nobody reads (promise 48), and of all streams of a connection:
/// enough for as many as servers allow, so that slow clients do not stop the others.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 256 * STREAM_WINDOW;
/// HTTP/2 connections are asked by ping if they are alive, also while nobody uses them, and are closed without an
/// answer.
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(5);
const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const AGENT: HeaderValue = HeaderValue::from_static(concat!("tidegate/", env!("CARGO_PKG_VERSION")));
/// An answer is read as it comes; without the header any coding would be allowed (RFC 9110 §12.5.3).
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");

type HttpClient = legacy::Client<Connector, Pieces>;

/// Calls. Clones share the connections. Nothing is between it and the HTTP library: each request would pay for a layer.
#[derive(Clone)]
pub struct Client(Arc<Pools>);

struct Pools {
    connector: Connector,
    /// By the seconds that connections are kept; 0 keeps none.
    by_idle_time: [OnceLock<HttpClient>; POOLS],
}

/// How long connections to one server are kept that nobody uses, as the server has told.
#[derive(Debug)]
pub struct IdleTime(AtomicU64);

impl Client {
    pub(super) fn new(connector: Connector) -> Self {
        Self(Arc::new(Pools {
            connector,
            by_idle_time: [const { OnceLock::new() }; POOLS],
        }))
    }

    /// Posts `body` with these headers, over a connection that is kept for `idle`.
    pub async fn post(
        &self,
        address: Uri,
        headers: HeaderMap,
        body: Pieces,
        idle: &IdleTime,
    ) -> Result<Response<ResponseBody>, CallError> {
        let response = self.send_over(idle.seconds(), post(address, headers, body)).await?;
        idle.learn(response.headers());
        Ok(response)
    }

    /// Posts over a new connection.
    pub async fn post_anew(
        &self,
        address: Uri,
        headers: HeaderMap,
        body: Pieces,
    ) -> Result<Response<ResponseBody>, CallError> {
        self.send_over(0, post(address, headers, body)).await
    }

    /// The response to `request`, whose body is still to be read.
    pub async fn send(&self, request: Request<Pieces>) -> Result<Response<ResponseBody>, CallError> {
        self.send_over(IDLE_SECONDS, request).await
    }

    async fn send_over(&self, idle: u64, mut request: Request<Pieces>) -> Result<Response<ResponseBody>, CallError> {
        let headers = request.headers_mut();
        headers.entry(USER_AGENT).or_insert(AGENT);
        headers.entry(ACCEPT_ENCODING).or_insert(IDENTITY);
        let response = self.0.client(idle).request(request).await?;
        let acknowledging = Reuse::note(&response);
        Ok(ResponseBody::of(response, acknowledging))
    }
}

impl Pools {
    fn client(&self, idle: u64) -> &HttpClient {
        let seconds = idle.min(IDLE_SECONDS);
        let pool = usize::try_from(seconds).unwrap_or_default();
        self.by_idle_time[pool.min(POOLS - 1)].get_or_init(|| http_client(self.connector.clone(), seconds))
    }
}

fn post(address: Uri, headers: HeaderMap, body: Pieces) -> Request<Pieces> {
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = address;
    *request.headers_mut() = headers;
    request
}

fn http_client(connector: Connector, idle_seconds: u64) -> HttpClient {
    let mut builder = legacy::Client::builder(TokioExecutor::new());
    if idle_seconds == 0 {
        builder.pool_max_idle_per_host(0);
    }
    builder
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(Duration::from_secs(idle_seconds))
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .http2_keep_alive_while_idle(true)
        .build(connector)
}

impl Default for IdleTime {
    fn default() -> Self {
        Self(AtomicU64::new(IDLE_SECONDS))
    }
}

impl IdleTime {
    fn seconds(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn learn(&self, headers: &HeaderMap) {
        if let Some(told) = headers.get(KEEP_ALIVE).and_then(timeout_of) {
            self.0.store(
                told.saturating_sub(IDLE_MARGIN_SECONDS).min(IDLE_SECONDS),
                Ordering::Relaxed,
            );
        }
    }
}

/// Seconds of `Keep-Alive: timeout=5, max=100`.
fn timeout_of(header: &HeaderValue) -> Option<u64> {
    let mut parameters = header.to_str().ok()?.split(',');
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("timeout")
            .then(|| value.trim().parse().ok())?
    })
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b9_4_a_connection_is_kept_four_seconds_less_than_the_server_keeps_it() {
        for (header, seconds) in [
            ("timeout=5", 1),
            ("timeout=5, max=100", 1),
            ("max=100, Timeout = 20", 16),
            ("timeout=3", 0),
            ("timeout=600", 30),
            ("max=100", 30),
            ("timeout=soon", 30),
        ] {
            let idle = IdleTime::default();
            idle.learn(&HeaderMap::from_iter([(KEEP_ALIVE, HeaderValue::from_static(header))]));
            assert_eq!(idle.seconds(), seconds, "{header}");
        }
    }
}

//! The first checks of a request from a socket, which API Gateway does in the cloud.

use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::header::CONNECTION;
use http::request::Parts;
use http::{HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use service::http::edge::{ClientAddress, Edge, LoggedClient};
use service::http::{ApiError, Code, Dialect};

use crate::framing::Framing;
use crate::hosts::Hosts;
use crate::inflight::{Permits, PermittedBody};
use crate::proxies::TrustedProxies;

/// The longest head (docs/api.md §7).
const MAX_HEAD_BYTES: usize = 16 * 1024;

/// The gateway as connections see it.
#[derive(Debug)]
pub(crate) struct Front {
    pub(crate) edge: Edge,
    pub(crate) permits: Permits,
    pub(crate) hosts: Hosts,
    /// How long streams may go on after the request to stop.
    pub(crate) stream_grace: Duration,
    pub(crate) proxies: TrustedProxies,
}

impl Front {
    /// The response to a request that came from `peer`.
    pub(crate) async fn respond(&self, request: Request<Incoming>, peer: IpAddr) -> Response<PermittedBody> {
        if is_long(&request) {
            return too_long().map(|body| PermittedBody { body, _permit: None });
        }
        let framing = Framing::of(request.headers());
        let permit = self.permits.take();
        let (head, body) = request.into_parts();
        let refusal = framing
            .refusal()
            .or_else(|| self.unknown_host(&head))
            .or_else(|| permit.is_none().then(full));
        let mut request = Request::from_parts(head, Body::new(body));
        self.tell_client(&mut request, peer);
        let mut response = match refusal {
            None => self.edge.respond(request).await,
            Some(refusal) => self.edge.refuse(request, refusal).await,
        };
        framing.end(&mut response);
        response.map(|body| PermittedBody { body, _permit: permit })
    }

    /// Puts the client's address into the request: that of the connection, or whom a trusted proxy names.
    fn tell_client(&self, request: &mut Request<Body>, peer: IpAddr) {
        let named = self.proxies.client(peer, request.headers());
        let extensions = request.extensions_mut();
        extensions.insert(ClientAddress(named.unwrap_or(peer)));
        if let Some(client) = named {
            extensions.insert(LoggedClient(client));
        }
    }

    /// `/api/v1` is for people, whose browsers other pages use too; programs have a key that no page has.
    fn unknown_host(&self, head: &Parts) -> Option<ApiError> {
        let is_unknown = Dialect::of_path(head.uri.path()) == Dialect::Management && !self.hosts.knows_all(head);
        is_unknown.then(|| ApiError::new(Code::InvalidValue, "the gateway is not known by this name").field("Host"))
    }
}

fn full() -> ApiError {
    ApiError::new(Code::ConcurrencyLimitExceeded, "too many requests are under way")
}

/// True if the head is longer than [`MAX_HEAD_BYTES`].
fn is_long(request: &Request<Incoming>) -> bool {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    // With a colon, a blank and the end of the line.
    let headers = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4);
    target + headers.sum::<usize>() > MAX_HEAD_BYTES
}

/// As the library responds itself to a head that it finds too long; [`JsonErrors`](crate::json_errors::JsonErrors) adds
/// the body.
fn too_long() -> Response {
    let mut refusal = Response::new(Body::empty());
    *refusal.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    refusal
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    refusal
}

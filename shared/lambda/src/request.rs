//! The request of an HTTP event, as any HTTP server would give it.

use std::net::IpAddr;

use axum::body::Body;
use http::Uri;
use http::uri::PathAndQuery;
use jiff::Timestamp;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use service::http::edge::{ClientAddress, Deadline};

/// The event's request as any HTTP server would give it: the path without the stage, the caller's address.
pub(super) fn plain(request: Request) -> http::Request<Body> {
    let (address, deadline) = (source_address(&request), deadline(&request));
    let uri = without_stage(&request);
    let mut request = request.map(|body| match body {
        lambda_http::Body::Empty => Body::empty(),
        lambda_http::Body::Text(text) => Body::from(text),
        lambda_http::Body::Binary(bytes) => Body::from(bytes),
        _ => Body::empty(),
    });
    if let Some(uri) = uri {
        *request.uri_mut() = uri;
    }
    if let Some(address) = address {
        request.extensions_mut().insert(ClientAddress(address));
    }
    if let Some(deadline) = deadline {
        request.extensions_mut().insert(deadline);
    }
    request
}

/// When the invocation ends.
fn deadline(request: &Request) -> Option<Deadline> {
    let milliseconds = request.lambda_context_ref()?.deadline;
    Timestamp::from_millisecond(i64::try_from(milliseconds).ok()?)
        .ok()
        .map(Deadline)
}

/// What API Gateway says, which a client cannot forge as it can `X-Forwarded-For`.
fn source_address(request: &Request) -> Option<IpAddr> {
    let source = match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => context.identity.source_ip.as_deref(),
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref(),
        _ => None,
    };
    source?.parse().ok()
}

/// The URI with the path as the client sent it, where `lambda_http` has put the stage in front of it.
fn without_stage(request: &Request) -> Option<Uri> {
    let raw = request.raw_http_path();
    if raw.is_empty() || raw == request.uri().path() {
        return None;
    }
    let path_and_query = match request.uri().query() {
        Some(query) => PathAndQuery::try_from(format!("{raw}?{query}")),
        None => PathAndQuery::try_from(raw),
    };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = Some(path_and_query.ok()?);
    Uri::from_parts(parts).ok()
}

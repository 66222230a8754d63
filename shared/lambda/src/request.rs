//! The request of an HTTP event, as any HTTP server would give it.

use std::net::IpAddr;

use axum::body::Body;
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Uri};
use jiff::Timestamp;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{LambdaEvent, Request, RequestExt};
use service::http::edge::{ClientAddress, Deadline, LoggedClient};

/// The header in which `Host` waits while `lambda_http` makes a request of the event.
const HIDDEN_HOST: HeaderName = HeaderName::from_static("x-host-as-sent");

/// The event as `lambda_http` makes a request of it without a panic: it puts `X-Forwarded-Proto`, `Host` and the path
/// together, unwraps the address that comes of it, and takes the path alone where there is no host.
pub(super) fn harmless(mut event: LambdaEvent<LambdaRequest>) -> LambdaEvent<LambdaRequest> {
    match &mut event.payload {
        LambdaRequest::ApiGatewayV1(request) => {
            hide_host(&mut request.headers);
            hide_host(&mut request.multi_value_headers);
            request.request_context.domain_name = None;
        }
        LambdaRequest::ApiGatewayV2(request) => {
            hide_host(&mut request.headers);
            request.request_context.domain_name = None;
        }
        _ => {}
    }
    event
}

fn hide_host(headers: &mut HeaderMap) {
    headers.remove(HIDDEN_HOST);
    if let Some(host) = headers.remove(HOST) {
        headers.insert(HIDDEN_HOST, host);
    }
}

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
    if let Some(host) = request.headers_mut().remove(HIDDEN_HOST) {
        request.headers_mut().insert(HOST, host);
    }
    if let Some(address) = address {
        request.extensions_mut().insert(ClientAddress(address));
        request.extensions_mut().insert(LoggedClient(address));
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

#[cfg(test)]
mod tests {
    use lambda_http::Context;
    use serde_json::json;

    use super::*;

    /// The request of an event with these headers, as every function gets it.
    fn request(headers: &serde_json::Value) -> http::Request<Body> {
        let many: serde_json::Map<_, _> = headers
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| (name.clone(), json!([value])))
            .collect();
        let event = json!({
            "httpMethod": "GET", "path": "/v1/models", "resource": "/v1/{proxy+}", "headers": headers, "multiValueHeaders": many,
            "queryStringParameters": {"limit": "2"}, "multiValueQueryStringParameters": {"limit": ["2"]}, "pathParameters": null,
            "stageVariables": null, "body": null, "isBase64Encoded": false,
            "requestContext": {
                "stage": "prod", "httpMethod": "GET", "path": "/prod/v1/models", "identity": {"sourceIp": "192.0.2.1"},
                "domainName": "api.example.com"
            }
        });
        let payload: LambdaRequest = serde_json::from_value(event).unwrap();
        let event = harmless(LambdaEvent::new(payload, Context::default()));
        plain(Request::from(event.payload))
    }

    #[test]
    fn p30_no_scheme_or_host_that_a_client_makes_up_ends_a_request() {
        let (long, odd) = ("a".repeat(70_000), "user@[::g]:99999999/?#");
        for host in ["api.example.com", "", "[", "a b", odd, "%", ":", "..", long.as_str()] {
            for proto in ["https", "", "ht tp", "://", "h/t[", "https,http"] {
                let request = request(&json!({"Host": host, "X-Forwarded-Proto": proto}));
                assert_eq!(request.uri(), "/v1/models?limit=2", "{proto} {host}");
                assert_eq!(request.headers()[HOST], host, "{proto}");
                assert!(!request.headers().contains_key(HIDDEN_HOST));
            }
        }
    }

    #[test]
    fn p38_what_a_client_calls_like_the_hidden_host_is_none() {
        let request = request(&json!({"X-Host-As-Sent": "evil.example.com"}));
        assert!(!request.headers().contains_key(HOST) && !request.headers().contains_key(HIDDEN_HOST));
    }
}

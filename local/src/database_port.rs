//! The embedded `DynamoDB` on a socket, for the functions of `cargo lambda watch`: for the owner of this machine alone
//! (promise 68).
//!
//! A web page reaches any port of the machine that its browser runs on. So this one answers who signs with the key that
//! the start has printed, by a name of this machine, and nobody whom a browser speaks for.

use axum::body::Body;
use axum::response::Response;
use domain::clock::Clock;
use dynoxide::Database;
use http::header::{CONNECTION, CONTENT_TYPE, ORIGIN};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::embedded;
use crate::hosts::Hosts;
use crate::side_port;
use crate::sigv4::AccessKey;

/// More than `DynamoDB` takes in one request.
const MAX_BODY: usize = 17 * 1024 * 1024;
const TARGET: &str = "x-amz-target";
const TARGET_PREFIX: &str = "DynamoDB_20120810.";

/// The database behind its door.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) database: Database,
    pub(crate) key: AccessKey,
    pub(crate) hosts: Hosts,
}

/// Serves until `stop`.
pub(crate) async fn serve(listener: TcpListener, door: Door, stop: CancellationToken) {
    let respond = move |request| {
        let door = door.clone();
        async move { door.respond(request).await }
    };
    side_port::serve(listener, respond, stop).await;
}

impl Door {
    async fn respond(&self, request: Request<Incoming>) -> Response {
        let (head, body) = request.into_parts();
        if head.headers.contains_key(ORIGIN) || !self.hosts.knows_all(&head) {
            return refusal(StatusCode::FORBIDDEN);
        }
        let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
            return refusal(StatusCode::PAYLOAD_TOO_LARGE);
        };
        let body = body.to_bytes();
        if !self.key.has_signed(&head, &body, Clock::system().now()) {
            return refusal(StatusCode::FORBIDDEN);
        }
        let target = head.headers.get(TARGET).and_then(|target| target.to_str().ok());
        let Some(operation) = target
            .and_then(|target| target.strip_prefix(TARGET_PREFIX))
            .map(str::to_owned)
        else {
            return refusal(StatusCode::BAD_REQUEST);
        };
        let database = self.database.clone();
        match tokio::task::spawn_blocking(move || embedded::respond(&database, &operation, &body)).await {
            Ok(answered) => {
                let mut response = Response::new(Body::from(answered.body().bytes().unwrap_or_default().to_vec()));
                *response.status_mut() = StatusCode::from_u16(answered.status().as_u16()).unwrap_or_default();
                let kind = HeaderValue::from_static("application/x-amz-json-1.0");
                response.headers_mut().insert(CONTENT_TYPE, kind);
                response
            }
            Err(_) => refusal(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

/// In the form that the SDKs read; it tells nothing.
fn refusal(status: StatusCode) -> Response {
    let body = r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"refused"}"#;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.0"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

//! One call of one backend, until there is something to pass on.

use domain::models::catalog::Backend;
use http::{HeaderMap, HeaderValue, Response};
use hyper::body::Incoming;
use service::http::{ApiError, Code};
use tokio::time::timeout_at;

use super::backend_request::BackendRequest;
use super::body::{self, ReadError};
use super::client::{BackendClient, REQUEST_ID, disconnected, upstream_request_id};
use super::failure::Failure;
use super::first_event::{FirstEventError, StartedStream, start};
use super::response::{BackendResponse, Content};
use crate::deadlines::Deadlines;
use crate::limits::Limits;
use crate::quota::admission::Reservation;
use crate::request::CompletionRequest;
use crate::response::convert::ResponseConverter;
use crate::response::outcome::FullResponse;

/// Calls `backend`, and reads until the response has begun; until its end if it is not streamed.
pub(super) async fn attempt(
    client: &BackendClient,
    reservation: &Reservation,
    request: &CompletionRequest<'_>,
    backend: &Backend,
    deadlines: &Deadlines,
) -> Result<BackendResponse, Failure> {
    let grant = &reservation.grant;
    let endpoint = client.endpoints.get(&grant.entry.model, backend).await?;
    let BackendRequest {
        url,
        mut headers,
        body,
        converter,
        warnings,
    } = BackendRequest::new(request, grant, backend, &endpoint).map_err(Failure::not_sent)?;
    identify(&mut headers, reservation);
    let first_byte = timeout_at(deadlines.first_byte_of(backend), async {
        let response = client.post(url.clone(), headers, body, &endpoint.errors).await?;
        let headers = upstream_request_id(response.headers());
        let head = head(response, request.stream(), converter, &client.limits).await?;
        Ok((head, headers))
    });
    let (head, headers) = first_byte.await.unwrap_or_else(|_| Err(Failure::timed_out()))?;
    let content = timeout_at(deadlines.end, head.content(&client.limits));
    Ok(BackendResponse {
        content: content.await.unwrap_or_else(|_| Err(Failure::timed_out()))?,
        headers,
        warnings,
    })
}

/// Sends the gateway's request id, and the client's trace, for the backend's operators.
fn identify(headers: &mut HeaderMap, reservation: &Reservation) {
    if let Ok(id) = HeaderValue::from_str(reservation.request.request_id.as_str()) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(trace) = &reservation.grant.caller.trace {
        trace.insert_into(headers);
    }
}

/// A response that has begun.
enum Head {
    Stream(Box<StartedStream>),
    Full(Incoming, ResponseConverter),
}

impl Head {
    /// Reads a response that is not streamed to its end.
    async fn content(self, limits: &Limits) -> Result<Content, Failure> {
        match self {
            Self::Stream(started) => Ok(Content::Stream(started)),
            Self::Full(body, converter) => read_full(body, converter, limits).await.map(Content::Full),
        }
    }
}

async fn head(
    response: Response<Incoming>,
    is_streamed: bool,
    converter: ResponseConverter,
    limits: &Limits,
) -> Result<Head, Failure> {
    // JSON in place of a stream is told by its first byte, not by its label (B9.1).
    if !is_streamed {
        return Ok(Head::Full(response.into_body(), converter));
    }
    match start(response.into_body(), converter, limits.max_event_bytes).await {
        Ok(started) => Ok(Head::Stream(Box::new(started))),
        Err(FirstEventError::Disconnected(error)) => Err(disconnected(error)),
        Err(FirstEventError::Backend(error)) => Err(Failure::of_error_object(error)),
    }
}

async fn read_full(body: Incoming, converter: ResponseConverter, limits: &Limits) -> Result<FullResponse, Failure> {
    match body::read(body, limits.max_response_bytes, limits.idle).await {
        Ok(body) => converter.convert(body).map_err(Failure::of_error_object),
        Err(ReadError::TooLong) => Err(Failure::of_request(ApiError::new(
            Code::UpstreamResponseTooLarge,
            "the backend's answer is too long",
        ))),
        Err(ReadError::Stalled) => Err(Failure::timed_out()),
        Err(ReadError::Disconnected(error)) => Err(disconnected(error)),
    }
}

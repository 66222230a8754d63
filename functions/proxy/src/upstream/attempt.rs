//! One call of one backend, until there is something to pass on.

use std::time::Duration;

use bytes::Bytes;
use domain::models::catalog::Backend;
use http::{HeaderMap, HeaderValue, Response};
use service::http::{ApiError, Code};
use service::outbound::ResponseBody;
use tokio::time::{Instant, timeout_at};
use translators::responses::backend::native;

use super::backend_request::BackendRequest;
use super::body::{self, ReadError};
use super::client::{BackendClient, PostRequest, REQUEST_ID, disconnected, upstream_request_id};
use super::document;
use super::endpoint::BackendEndpoint;
use super::failure::Failure;
use super::first_event::{FirstEventError, start};
use super::response::{BackendResponse, Content};
use crate::deadlines::Deadlines;
use crate::downstream::ClientState;
use crate::quota::admission::Reservation;
use crate::request::CompletionRequest;
use crate::response::convert::ResponseConverter;
use crate::response::document::DocumentContext;

/// A call and all that it needs.
pub(super) struct Attempt<'a> {
    pub(super) client: &'a BackendClient,
    pub(super) reservation: &'a Reservation,
    pub(super) request: &'a CompletionRequest<'a>,
    pub(super) backend: &'a Backend,
    pub(super) deadlines: &'a Deadlines,
    pub(super) client_state: &'a ClientState,
}

impl Attempt<'_> {
    /// Calls the backend, and reads until the response has begun; until its end if it is not streamed.
    pub(super) async fn run(&self) -> Result<BackendResponse, Failure> {
        let called = self.call().await;
        called.map_err(|failure| failure.named(self.reservation.grant.response_model(self.request.model())))
    }

    async fn call(&self) -> Result<BackendResponse, Failure> {
        let model = &self.reservation.grant.entry.model;
        let endpoint = self.client.endpoints.get(model, self.backend).await?;
        let first_byte = self.deadlines.first_byte_of(self.backend);
        let posted = timeout_at(first_byte, self.post(&endpoint)).await;
        let (response, converter, warnings) = posted.unwrap_or_else(|_| Err(Failure::timed_out()))?;
        let headers = upstream_request_id(response.headers());
        let body = response.into_body();
        let content = match converter {
            ResponseConverter::Document(context) => self.document(body, *context).await?,
            converter if self.request.stream() => self.stream(body, converter, first_byte).await?,
            converter => self.full(body, converter).await?,
        };
        Ok(BackendResponse {
            content,
            headers,
            warnings,
            idle: self.idle(),
        })
    }

    /// The start of a stream, of which the first event is due at `first_event`.
    async fn stream(
        &self,
        body: ResponseBody,
        converter: ResponseConverter,
        first_event: Instant,
    ) -> Result<Content, Failure> {
        let start = start(body, converter, self.client.limits.max_event_bytes, self.client_state);
        match timeout_at(first_event, start).await {
            Ok(Ok(started)) => Ok(Content::Stream(Box::new(started))),
            Ok(Err(FirstEventError::Disconnected(error))) => Err(disconnected(error)),
            Ok(Err(FirstEventError::Backend(error))) => Err(Failure::of_error_object(error)),
            Err(_) => Err(Failure::timed_out()),
        }
    }

    /// A whole response.
    async fn full(&self, body: ResponseBody, converter: ResponseConverter) -> Result<Content, Failure> {
        let read = body::read(body, self.client.limits.max_response_bytes, self.idle());
        let response = converter.convert(self.in_time(read).await?);
        response.map(Content::full).map_err(Failure::of_error_object)
    }

    /// A response that passes without being read as a whole.
    async fn document(&self, body: ResponseBody, context: DocumentContext) -> Result<Content, Failure> {
        let start = document::start(body, context, self.client.limits.max_response_bytes, self.idle());
        self.in_time(start).await?.map_err(Failure::of_error_object)
    }

    async fn in_time<T>(&self, read: impl Future<Output = Result<T, ReadError>>) -> Result<T, Failure> {
        let read = timeout_at(self.deadlines.end, read).await;
        match read.unwrap_or(Err(ReadError::Stalled)) {
            Ok(body) => Ok(body),
            Err(ReadError::TooLong) => Err(Failure::of_request(ApiError::new(
                Code::UpstreamResponseTooLarge,
                "the backend's response is too long",
            ))),
            Err(ReadError::Stalled) => Err(Failure::timed_out()),
            Err(ReadError::Disconnected(error)) => Err(disconnected(error)),
        }
    }

    fn idle(&self) -> Duration {
        self.client.limits.idle_of(self.backend)
    }

    /// Sends the request, and gives the head of the response with what its body is read by.
    async fn post(
        &self,
        endpoint: &BackendEndpoint,
    ) -> Result<(Response<ResponseBody>, ResponseConverter, Vec<String>), Failure> {
        let (request, converter, mut warnings) = self.outgoing(endpoint)?;
        let same_dialect = converter.errors().same_dialect;
        let again = || self.outgoing(endpoint).map(|(request, ..)| request);
        let mut posted = self.client.post(endpoint, same_dialect, request, again).await;
        if posted.as_ref().is_err_and(|failure| failure.rejects_reasoning)
            && let Some(body) = self.body_without_reasoning(endpoint)?
        {
            warnings.push("reasoning".to_owned());
            let request = || {
                let (request, ..) = self.outgoing(endpoint)?;
                let body = body.clone().into();
                Ok(PostRequest { body, ..request })
            };
            posted = self.client.post(endpoint, same_dialect, request()?, request).await;
        }
        Ok((posted?, converter, warnings))
    }

    /// The request without the reasoning of earlier turns, which the backend cannot read (N7); `None` if it has none.
    fn body_without_reasoning(&self, endpoint: &BackendEndpoint) -> Result<Option<Bytes>, Failure> {
        let (request, ..) = self.outgoing(endpoint)?;
        let body: Vec<u8> = request.body.iter().flat_map(|piece| piece.iter().copied()).collect();
        Ok(native::without_reasoning(&body).map(Bytes::from))
    }

    fn outgoing<'e>(
        &self,
        endpoint: &'e BackendEndpoint,
    ) -> Result<(PostRequest<'e>, ResponseConverter, Vec<String>), Failure> {
        let now = self.client.clock.now();
        let outgoing = BackendRequest::new(self.request, &self.reservation.grant, self.backend, endpoint, now);
        let BackendRequest {
            url,
            mut headers,
            body,
            converter,
            warnings,
        } = outgoing.map_err(Failure::not_sent)?;
        self.identify(&mut headers);
        Ok((PostRequest { url, headers, body }, converter, warnings))
    }

    /// Sends the gateway's request id, and the client's trace, for the backend's operators.
    fn identify(&self, headers: &mut HeaderMap) {
        if let Ok(id) = HeaderValue::from_str(self.reservation.request.request_id.as_str()) {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(trace) = &self.reservation.grant.caller.trace {
            trace.insert_into(headers);
        }
    }
}

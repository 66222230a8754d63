//! The client for backends: it sends a request, and makes a failure of every response other than 200. Only attempts and
//! token counts call backends.

use domain::clock::Clock;
use domain::models::RequestId;
use domain::models::health::FailureClass;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use memchr::memmem;
use service::http::ApiError;
use service::identity::{Identity, Shown};
use service::outbound::{CallError, Client, Pieces, ResponseBody};
use tokio::time::Instant;
use translators::error::{BackendError, Dialect, ErrorContext};

use super::blame::Blame;
use super::body;
use super::endpoint::{BackendEndpoint, Endpoints, unidentified};
use super::failure::Failure;
use crate::limits::Limits;

/// Bytes read of an error response to find its message.
const MAX_ERROR_BYTES: usize = 64 * 1024;

/// The code of `OpenAI`'s refusal of reasoning that it has not sealed for this account (N7).
const FOREIGN_REASONING: &[u8] = b"invalid_encrypted_content";
/// Headers of a backend about retries, which the SDKs of both families obey (translation.md §6.3).
const RETRY_HINTS: [HeaderName; 2] = [
    HeaderName::from_static("retry-after-ms"),
    HeaderName::from_static("x-should-retry"),
];
/// The kind of an error of AWS (E2).
const AWS_ERROR_KIND: HeaderName = HeaderName::from_static("x-amzn-errortype");
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Headers with a backend's own id of the request: `OpenAI`'s, and Anthropic's.
const BACKEND_REQUEST_IDS: [HeaderName; 2] = [REQUEST_ID, HeaderName::from_static("request-id")];
/// The header for that id in the gateway's responses, whose request id is the gateway's (promise 38).
const UPSTREAM_REQUEST_ID: HeaderName = HeaderName::from_static("x-upstream-request-id");

#[derive(Clone, Debug)]
pub(crate) struct BackendClient {
    pub(crate) http: Client,
    pub(crate) endpoints: Endpoints,
    pub(crate) clock: Clock,
    pub(crate) limits: Limits,
}

pub(super) struct PostRequest<'a> {
    pub(super) url: &'a Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Pieces,
}

impl BackendClient {
    /// Shows this identity to the backends that are to see one.
    pub(crate) fn show(&mut self, identity: Identity) {
        self.endpoints.identity = identity;
    }

    /// The head of a response with status 200. An error passes as it is to a client of `same_dialect` (B6.6). Where the
    /// backend has refused what showed our identity, the request is made `again`, once, with another proof.
    pub(super) async fn post<'a>(
        &self,
        endpoint: &BackendEndpoint,
        same_dialect: Option<Dialect>,
        request: PostRequest<'a>,
        again: impl Fn() -> Result<PostRequest<'a>, Failure>,
    ) -> Result<Response<ResponseBody>, Failure> {
        let began = endpoint.proof.as_ref().map(|_| Instant::now());
        let (mut response, mut shown) = self.send(endpoint, request, &again).await?;
        if let (Some(proof), Some(refused), Some(began)) = (&endpoint.proof, &shown, began) {
            let told = (response.status(), aws_error_kind(response.headers()));
            if Box::pin(self.endpoints.identity.renews(proof, refused, began, told)).await {
                (response, shown) = self.send(endpoint, again()?, &again).await?;
            }
        }
        if response.status() == StatusCode::OK {
            Ok(response)
        } else {
            let mut errors = ErrorContext {
                same_dialect,
                ..endpoint.errors.clone()
            };
            if let Some(token) = shown.and_then(|shown| shown.token) {
                errors.secrets = errors.secrets.and_credential(token.expose());
            }
            Err(self.error(response, errors).await)
        }
    }

    /// The head of any response, and what showed our identity. Where a connection fails that was kept, the request is
    /// made `again` and sent over a new one: the server may just have closed it (B9.4).
    async fn send<'a>(
        &self,
        endpoint: &BackendEndpoint,
        request: PostRequest<'a>,
        again: &impl Fn() -> Result<PostRequest<'a>, Failure>,
    ) -> Result<(Response<ResponseBody>, Option<Shown>), Failure> {
        let (request, mut shown) = self.authorized(endpoint, request).await?;
        let PostRequest { url, headers, body } = request;
        let posted = match self.http.post(url.clone(), headers, body, &endpoint.idle).await {
            Err(error) if error.is_stale() => {
                let (request, shown_again) = self.authorized(endpoint, again()?).await?;
                shown = shown_again;
                let PostRequest { url, headers, body } = request;
                self.http.post_anew(url.clone(), headers, body).await
            }
            posted => posted,
        };
        Ok((posted.map_err(disconnected)?, shown))
    }

    /// The request with what shows the backend our identity, and what that is, if it is to see it.
    async fn authorized<'a>(
        &self,
        endpoint: &BackendEndpoint,
        mut request: PostRequest<'a>,
    ) -> Result<(PostRequest<'a>, Option<Shown>), Failure> {
        let Some(proof) = &endpoint.proof else {
            return Ok((request, None));
        };
        // Boxed, so that requests without it carry none of its state.
        let identity = &self.endpoints.identity;
        let PostRequest { url, headers, body } = &mut request;
        let shown = Box::pin(identity.authorize(proof, &self.http, url, headers, body)).await;
        let shown = shown.map_err(|error| unidentified(FailureClass::Credentials, error))?;
        Ok((request, Some(shown)))
    }

    /// The failure of a response with another status, with what the backend says about retries.
    async fn error(&self, response: Response<ResponseBody>, mut errors: ErrorContext) -> Failure {
        let (head, body) = response.into_parts();
        let kind = aws_error_kind(&head.headers);
        // What a redirect says is not about the request.
        let limit = if head.status.is_redirection() {
            0
        } else {
            MAX_ERROR_BYTES
        };
        let body = body::read(body, limit, self.limits.idle).await.unwrap_or_default();
        let status = head.status.as_u16();
        let blame = Blame::of(status, kind, &body);
        // A refusal of the content is the client's to know (B6.3).
        errors.passes_auth_errors |= matches!(blame, Blame::Content | Blame::Unclear);
        let error = BackendError::from_response(status, kind, &body, &errors);
        let blame = if error.context_overflow { Blame::Request } else { blame };
        let mut failure = Failure::of_status(blame, error);
        failure.rejects_reasoning = status == 400 && memmem::find(&body, FOREIGN_REASONING).is_some();
        let mut hints = retry_hints(&head.headers);
        hints.extend(upstream_request_id(&head.headers));
        let seconds = retry_after(&head.headers, self.clock.now());
        failure.map_error(|error| {
            let error = error.hints(hints).source(ErrorStatus(head.status));
            match seconds {
                Some(seconds) => error.retry_after(seconds),
                None => error,
            }
        })
    }
}

/// The cause of an error, for the log.
#[derive(Debug, thiserror::Error)]
#[error("the backend answered {0}")]
struct ErrorStatus(StatusCode);

/// The failure of a connection that could not be established, or broke.
pub(super) fn disconnected(error: CallError) -> Failure {
    let class = error.class();
    let reason = match class {
        FailureClass::Timeout => BackendError::timed_out(),
        _ if error.is_connect() => BackendError::unreachable(),
        _ => BackendError::broken_off(),
    };
    Failure::of_backend(class, ApiError::from(reason).source(error))
}

fn aws_error_kind(headers: &HeaderMap) -> Option<&str> {
    headers.get(AWS_ERROR_KIND).and_then(|kind| kind.to_str().ok())
}

/// Seconds of a `Retry-After`: a number, or a date (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let date = || rfc2822::DateTimeParser::new().parse_timestamp(text).ok();
    text.parse()
        .ok()
        .or_else(|| Some(u64::try_from(date()?.duration_since(now).as_secs()).unwrap_or(0)))
}

fn retry_hints(headers: &HeaderMap) -> HeaderMap {
    let hints = RETRY_HINTS
        .into_iter()
        .filter_map(|name| Some((name.clone(), headers.get(name)?.clone())));
    hints.collect()
}

/// The backend's id of the request, for the client; `None` if it does not look like an id.
pub(super) fn upstream_request_id(headers: &HeaderMap) -> HeaderMap {
    let id = BACKEND_REQUEST_IDS.iter().find_map(|name| headers.get(name));
    let is_plain = |id: &&HeaderValue| id.to_str().is_ok_and(RequestId::has_form);
    id.filter(is_plain)
        .map(|id| (UPSTREAM_REQUEST_ID, id.clone()))
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p52_retry_after_is_a_number_of_seconds_or_a_date() {
        let now = "1994-11-06T08:49:00Z".parse().unwrap();
        let seconds = |text: &'static str| {
            retry_after(
                &HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]),
                now,
            )
        };
        assert_eq!(seconds("7"), Some(7));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(37));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:48:00 GMT"), Some(0));
        for nonsense in ["soon", "-1", "1.5", ""] {
            assert_eq!(seconds(nonsense), None, "{nonsense}");
        }
    }
}

//! From a grant to a backend's answer that has begun: one backend after the other, before the first byte only
//! (promise 52). The only caller of [`reqwest`] besides the client's making.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use http_body::{Body, Frame, SizeHint};
use shared::http::{ApiError, Code};
use shared::models::catalog::Backend;
use shared::outbound;
use shared::random;
use shared::translators::error::BackendError;
use shared::translators::settings::UpstreamAuthErrors;
use shared::translators::sse::Decoder;
use tokio::time::{Instant, timeout_at};

use crate::ask::Ask;
use crate::exchange::Grant;
use crate::relay::watch::{Finding, Watch};
use crate::target::Target;
use crate::{State, backend};

/// Backends asked for one request at most.
const MAX_ATTEMPTS: usize = 3;
/// Of a refusal's body, what is read to find its message.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// A backend's answer, from its first byte on.
pub(crate) struct Upstream {
    pub(crate) backend: String,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Whole(Bytes),
    Stream(Begun),
}

/// A stream whose first event has come.
pub(crate) struct Begun {
    pub(crate) response: reqwest::Response,
    pub(crate) decoder: Decoder,
    pub(crate) watch: Watch,
    /// What came so far, to be passed on first.
    pub(crate) head: Vec<Bytes>,
}

/// One attempt that gave nothing to pass on.
struct Failure {
    error: ApiError,
    /// Whether another backend may be asked.
    retry: bool,
}

impl Failure {
    fn retryable(error: impl Into<ApiError>) -> Self {
        Self { error: error.into(), retry: true }
    }
}

/// The first backend's answer that can be passed on; else the last failure.
pub(crate) async fn open(state: &State, grant: &Grant, ask: &Ask) -> Result<Upstream, ApiError> {
    let deadline = Instant::now() + state.limits.first_byte;
    let mut tried = Vec::new();
    let mut last = None;
    while tried.len() < MAX_ATTEMPTS {
        let chance = u64::from_le_bytes(random::bytes());
        let Some(backend) = backend::pick(&grant.offer.backends, &tried, chance) else { break };
        tried.push(&backend.id);
        let attempt = timeout_at(deadline, attempt(state, ask, backend)).await;
        match attempt.unwrap_or_else(|_| Err(Failure::retryable(BackendError::timed_out()))) {
            Ok(content) => return Ok(Upstream { backend: backend.id.to_string(), content }),
            Err(Failure { error, retry: false }) => return Err(error),
            Err(Failure { error, retry: true }) => {
                tracing::warn!(backend = %backend.id, code = ?error.code(), cause = error.cause(), "attempt failed");
                last = Some(error);
            }
        }
        if Instant::now() >= deadline {
            break;
        }
    }
    Err(last.unwrap_or_else(|| ApiError::new(Code::NoBackendAvailable, "no backend can serve this model at the moment")))
}

async fn attempt(state: &State, ask: &Ask, backend: &Backend) -> Result<Content, Failure> {
    let target = Target::of(state, backend).await.map_err(Failure::retryable)?;
    let request = state.http.post(target.chat_completions.clone()).headers(target.headers.clone());
    let body = reqwest::Body::wrap(ask.body_for(&backend.model_name));
    let response = request.body(body).send().await.map_err(unreachable)?;
    if response.status() != StatusCode::OK {
        return Err(refused(response).await);
    }
    if ask.stream() { begin(state, response).await.map(Content::Stream) } else { whole(state, response).await.map(Content::Whole) }
}

fn unreachable(error: reqwest::Error) -> Failure {
    let told = if error.is_timeout() { BackendError::timed_out() } else { BackendError::unreachable() };
    tracing::debug!(reason = outbound::coarse_reason(&error), "no answer");
    // Without the URL, which may be told to nobody but the operator.
    Failure::retryable(ApiError::from(told).source(error.without_url()))
}

/// A status other than 200: 4xx is final but for those that say "not now" or "not you" (promise 52).
async fn refused(response: reqwest::Response) -> Failure {
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let body = read(response, MAX_REFUSAL_BYTES).await.unwrap_or_default();
    let told = BackendError::from_response(status.as_u16(), &body, UpstreamAuthErrors::Hide);
    let mut error = ApiError::from(told);
    if let Some(seconds) = retry_after {
        error = error.retry_after(seconds);
    }
    let retry = !status.is_client_error() || matches!(status.as_u16(), 401 | 403 | 408 | 429);
    Failure { error, retry }
}

/// Seconds of a `Retry-After` that is a number (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

/// An answer that is not streamed: whole, and a JSON object that is no error.
async fn whole(state: &State, response: reqwest::Response) -> Result<Bytes, Failure> {
    let body = match read(response, state.limits.max_answer_bytes).await {
        Ok(body) => body,
        Err(ReadError::TooLong) => {
            let error = ApiError::new(Code::UpstreamResponseTooLarge, "the backend's answer is too long");
            return Err(Failure { error, retry: false });
        }
        Err(ReadError::Broken(error)) => return Err(unreachable(error)),
    };
    match Finding::of(&body) {
        Finding::Answer => Ok(body),
        Finding::Error => Err(Failure::retryable(BackendError::from_error_object(&body))),
        Finding::Garbage => Err(Failure::retryable(BackendError::unreadable())),
    }
}

/// Holds a stream's head until its first event says that it is an answer: an error before that is still an HTTP
/// error, and another backend may be asked (translation.md W2).
async fn begin(state: &State, mut response: reqwest::Response) -> Result<Begun, Failure> {
    let mut decoder = Decoder::new(state.limits.max_event_bytes);
    let mut watch = Watch::default();
    let mut head = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        let passed = watch.take(&mut decoder, chunk);
        head.extend(passed.frames);
        if let Some(problem) = passed.problem {
            return Err(Failure::retryable(problem));
        }
        if watch.has_begun() {
            return Ok(Begun { response, decoder, watch, head });
        }
    }
    Err(Failure::retryable(BackendError::unreadable()))
}

enum ReadError {
    TooLong,
    Broken(reqwest::Error),
}

async fn read(mut response: reqwest::Response, limit: usize) -> Result<Bytes, ReadError> {
    let mut body = Vec::with_capacity(response.content_length().map_or(0, |length| limit.min(usize::try_from(length).unwrap_or(limit))));
    while let Some(chunk) = response.chunk().await.map_err(ReadError::Broken)? {
        if body.len() + chunk.len() > limit {
            return Err(ReadError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

/// A body of a few pieces of known length, sent without being joined.
#[derive(Clone, Debug)]
pub(crate) struct Pieces(VecDeque<Bytes>);

impl<const N: usize> From<[Bytes; N]> for Pieces {
    fn from(pieces: [Bytes; N]) -> Self {
        Self(pieces.into_iter().filter(|piece| !piece.is_empty()).collect())
    }
}

impl Pieces {
    #[cfg(test)]
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        self.0.iter().flatten().copied().collect()
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

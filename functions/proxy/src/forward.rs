//! From a grant to a backend's answer that has begun: one backend after the other, before the first byte only
//! (promise 52). Besides it only [`count`](mod@crate::count) calls backends.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, StatusCode};
use shared::http::{ApiError, Code};
use shared::models::BackendId;
use shared::models::catalog::Backend;
use shared::outbound;
use shared::random;
use shared::translators::error::BackendError;
use shared::translators::settings::UpstreamAuthErrors;
use tokio::time::{Instant, timeout_at};

use crate::answer::{Reader, Whole};
use crate::ask::Ask;
use crate::begin::{Begun, NoStream, begin};
use crate::call::Call;
use crate::exchange::Grant;
use crate::target::Target;
use crate::{State, backend};

/// Backends asked for one request at most.
const MAX_ATTEMPTS: usize = 3;
/// Of a refusal's body, what is read to find its message.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// What a backend says of another try, in headers that the SDKs of both families obey (translation.md §6.3).
const RETRY_HINTS: [HeaderName; 2] = [HeaderName::from_static("retry-after-ms"), HeaderName::from_static("x-should-retry")];

/// A backend's answer, from its first byte on.
pub(crate) struct Upstream {
    pub(crate) backend: BackendId,
    pub(crate) content: Content,
    /// Fields of the client's that the backend did not get.
    pub(crate) warnings: Vec<String>,
}

pub(crate) enum Content {
    Whole(Whole),
    Stream(Box<Begun>),
}

impl Content {
    /// The backend's id of an answer that the client knows by another one (translation.md §4.1).
    pub(crate) fn upstream_id(&self) -> Option<&str> {
        match self {
            Self::Whole(answer) => answer.notes.upstream_id.as_deref(),
            Self::Stream(begun) => begun.voice.upstream_id(),
        }
    }
}

/// One attempt that gave nothing to pass on.
pub(crate) struct Failure {
    pub(crate) error: ApiError,
    /// Whether another backend may be asked.
    pub(crate) retry: bool,
    /// The backend was not asked: it cannot be sent this request.
    pub(crate) is_unfit: bool,
}

impl Failure {
    pub(crate) fn retryable(error: impl Into<ApiError>) -> Self {
        Self { error: error.into(), retry: true, is_unfit: false }
    }

    pub(crate) fn unfit(error: ApiError) -> Self {
        Self { error, retry: true, is_unfit: true }
    }
}

/// The first backend's answer that can be passed on; else the last failure.
pub(crate) async fn open(state: &State, grant: &Grant, ask: &Ask<'_>) -> Result<Upstream, ApiError> {
    let deadline = Instant::now() + state.limits.first_byte;
    let mut tried = Vec::new();
    let mut asked = 0;
    let mut last = None;
    while asked < MAX_ATTEMPTS {
        let chance = u64::from_le_bytes(random::bytes());
        let Some(backend) = backend::pick(&grant.offer.backends, &tried, chance) else { break };
        tried.push(&backend.id);
        let attempt = timeout_at(deadline, attempt(state, grant, ask, backend)).await;
        match attempt.unwrap_or_else(|_| Err(Failure::retryable(BackendError::timed_out()))) {
            Ok(upstream) => return Ok(upstream),
            Err(Failure { error, retry: false, .. }) => return Err(error),
            // Why another backend failed says more than why this one cannot serve.
            Err(Failure { is_unfit: true, .. }) if last.is_some() => {}
            Err(Failure { error, is_unfit: true, .. }) => last = Some(error),
            Err(Failure { error, .. }) => {
                asked += 1;
                tracing::warn!(failed_attempts = 1, backend = %backend.id, reason = error.code().name(), cause = error.cause(), "attempt failed");
                last = Some(error.or_sooner(last.as_ref()));
            }
        }
        if Instant::now() >= deadline {
            break;
        }
    }
    Err(last.unwrap_or_else(|| ApiError::new(Code::NoBackendAvailable, "no backend can serve this model at the moment")))
}

async fn attempt(state: &State, grant: &Grant, ask: &Ask<'_>, backend: &Backend) -> Result<Upstream, Failure> {
    let target = Target::of(state, backend).await.map_err(Failure::retryable)?;
    let Call { url, mut headers, body, reader, warnings } = Call::new(ask, &grant.offer.model, backend, &target).map_err(Failure::unfit)?;
    if let Some(trace) = &grant.caller.trace {
        trace.insert_into(&mut headers);
    }
    let request = state.http.post(url.clone()).headers(headers).body(reqwest::Body::wrap(body));
    let response = request.send().await.map_err(unreachable)?;
    if response.status() != StatusCode::OK {
        return Err(refused(response, target.settings.upstream_auth_errors).await);
    }
    let content = match (ask.stream(), is_json(&response)) {
        (true, false) => Content::Stream(Box::new(stream(state, response, reader).await?)),
        (true, true) => return Err(no_stream(state, response, reader).await),
        (false, _) => Content::Whole(whole(state, response, reader).await?),
    };
    Ok(Upstream { backend: backend.id.clone(), content, warnings })
}

pub(crate) fn unreachable(error: reqwest::Error) -> Failure {
    let told = if error.is_timeout() { BackendError::timed_out() } else { BackendError::unreachable() };
    tracing::debug!(reason = outbound::failure_class(&error).name(), "no answer");
    // Without the URL, which may be told to nobody but the operator.
    Failure::retryable(ApiError::from(told).source(error.without_url()))
}

/// A status other than 200: 4xx is final but for those that say "not now" or "not you" (promise 52).
pub(crate) async fn refused(response: reqwest::Response, auth_errors: UpstreamAuthErrors) -> Failure {
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let hints = retry_hints(response.headers());
    let body = read(response, MAX_REFUSAL_BYTES).await.unwrap_or_default();
    let told = BackendError::from_response(status.as_u16(), &body, auth_errors);
    let mut error = ApiError::from(told).hints(hints);
    if let Some(seconds) = retry_after {
        error = error.retry_after(seconds);
    }
    let retry = !status.is_client_error() || matches!(status.as_u16(), 401 | 403 | 408 | 429);
    Failure { error, retry, is_unfit: false }
}

/// Seconds of a `Retry-After` that is a number (RFC 9110 §10.2.3).
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

fn retry_hints(headers: &HeaderMap) -> HeaderMap {
    let hints = RETRY_HINTS.into_iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone())));
    hints.collect()
}

async fn stream(state: &State, response: reqwest::Response, reader: Reader) -> Result<Begun, Failure> {
    begin(response, reader, state.limits.max_event_bytes).await.map_err(|none| match none {
        NoStream::Broken(error) => unreachable(error),
        NoStream::Told(error) => Failure::retryable(error),
    })
}

fn is_json(response: &reqwest::Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.trim_start().starts_with("application/json"))
}

/// Where a stream was asked for, JSON is an error that came with status 200 (translation.md §6.1), or no answer.
async fn no_stream(state: &State, response: reqwest::Response, reader: Reader) -> Failure {
    match whole(state, response, reader).await {
        Ok(_) => Failure::retryable(BackendError::unreadable()),
        Err(failure) => failure,
    }
}

async fn whole(state: &State, response: reqwest::Response, reader: Reader) -> Result<Whole, Failure> {
    match read(response, state.limits.max_answer_bytes).await {
        Ok(body) => reader.whole(body).map_err(Failure::retryable),
        Err(ReadError::TooLong) => {
            let error = ApiError::new(Code::UpstreamResponseTooLarge, "the backend's answer is too long");
            Err(Failure { error, retry: false, is_unfit: false })
        }
        Err(ReadError::Broken(error)) => Err(unreachable(error)),
    }
}

pub(crate) enum ReadError {
    TooLong,
    Broken(reqwest::Error),
}

pub(crate) async fn read(mut response: reqwest::Response, limit: usize) -> Result<Bytes, ReadError> {
    let mut body = Vec::with_capacity(response.content_length().map_or(0, |length| limit.min(usize::try_from(length).unwrap_or(limit))));
    while let Some(chunk) = response.chunk().await.map_err(ReadError::Broken)? {
        if body.len() + chunk.len() > limit {
            return Err(ReadError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.into())
}

//! From a grant to a backend's answer that has begun: one backend after the other, before the first byte only
//! (promise 52). The only caller of [`reqwest`] besides the client's making.

use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use shared::http::{ApiError, Code};
use shared::models::RequestId;
use shared::models::catalog::Backend;
use shared::outbound;
use shared::random;
use shared::translators::error::BackendError;
use shared::translators::settings::UpstreamAuthErrors;
use shared::translators::sse::Decoder;
use shared::translators::stream::{Progress, StreamEnd};
use tokio::time::{Instant, timeout, timeout_at};

use crate::answer::{Reader, Whole};
use crate::ask::Ask;
use crate::call::Call;
use crate::exchange::Grant;
use crate::relay::voice::Voice;
use crate::target::Target;
use crate::{State, backend};

/// Backends asked for one request at most.
const MAX_ATTEMPTS: usize = 3;
/// Of a refusal's body, what is read to find its message.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// How long a stream that has to be translated may be silent before the answer is begun without it (W3).
const COMMIT_AFTER: Duration = Duration::from_secs(10);

/// A backend's answer, from its first byte on.
pub(crate) struct Upstream {
    pub(crate) backend: String,
    pub(crate) content: Content,
    /// Fields of the client's that the backend did not get.
    pub(crate) warnings: Vec<String>,
}

pub(crate) enum Content {
    Whole(Whole),
    Stream(Box<Begun>),
}

/// A stream that has something to pass on.
pub(crate) struct Begun {
    pub(crate) response: reqwest::Response,
    pub(crate) decoder: Decoder,
    pub(crate) voice: Voice,
    /// What came so far, to be passed on first.
    pub(crate) head: Vec<Bytes>,
    pub(crate) progress: Progress,
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
pub(crate) async fn open(state: &State, grant: &Grant, ask: &Ask<'_>) -> Result<Upstream, ApiError> {
    let deadline = Instant::now() + state.limits.first_byte;
    let mut tried = Vec::new();
    let mut last = None;
    while tried.len() < MAX_ATTEMPTS {
        let chance = u64::from_le_bytes(random::bytes());
        let Some(backend) = backend::pick(&grant.offer.backends, &tried, chance) else { break };
        tried.push(&backend.id);
        let attempt = timeout_at(deadline, attempt(state, grant, ask, backend)).await;
        match attempt.unwrap_or_else(|_| Err(Failure::retryable(BackendError::timed_out()))) {
            Ok(upstream) => return Ok(upstream),
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

async fn attempt(state: &State, grant: &Grant, ask: &Ask<'_>, backend: &Backend) -> Result<Upstream, Failure> {
    let target = Target::of(state, backend).await.map_err(Failure::retryable)?;
    let Call { url, body, reader, warnings } = Call::new(ask, &grant.offer.model, backend, &target).map_err(Failure::retryable)?;
    let request = state.http.post(url.clone()).headers(target.headers.clone()).body(reqwest::Body::wrap(body));
    let response = request.send().await.map_err(unreachable)?;
    if response.status() != StatusCode::OK {
        return Err(refused(response, target.settings.upstream_auth_errors).await);
    }
    let content = if ask.stream() {
        Content::Stream(Box::new(begin(state, response, reader).await?))
    } else {
        Content::Whole(whole(state, response, reader).await?)
    };
    Ok(Upstream { backend: backend.id.to_string(), content, warnings })
}

fn unreachable(error: reqwest::Error) -> Failure {
    let told = if error.is_timeout() { BackendError::timed_out() } else { BackendError::unreachable() };
    tracing::debug!(reason = outbound::coarse_reason(&error), "no answer");
    // Without the URL, which may be told to nobody but the operator.
    Failure::retryable(ApiError::from(told).source(error.without_url()))
}

/// A status other than 200: 4xx is final but for those that say "not now" or "not you" (promise 52).
async fn refused(response: reqwest::Response, auth_errors: UpstreamAuthErrors) -> Failure {
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let body = read(response, MAX_REFUSAL_BYTES).await.unwrap_or_default();
    let told = BackendError::from_response(status.as_u16(), &body, auth_errors);
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

async fn whole(state: &State, response: reqwest::Response, reader: Reader) -> Result<Whole, Failure> {
    match read(response, state.limits.max_answer_bytes).await {
        Ok(body) => reader.whole(body).map_err(Failure::retryable),
        Err(ReadError::TooLong) => {
            let error = ApiError::new(Code::UpstreamResponseTooLarge, "the backend's answer is too long");
            Err(Failure { error, retry: false })
        }
        Err(ReadError::Broken(error)) => Err(unreachable(error)),
    }
}

/// Holds a stream's head until there is something to pass on: an error before that is still an HTTP error, and
/// another backend may be asked (translation.md W2).
async fn begin(state: &State, response: reqwest::Response, reader: Reader) -> Result<Begun, Failure> {
    let decoder = Decoder::new(state.limits.max_event_bytes);
    let mut begun = Begun { response, decoder, voice: reader.stream(), head: Vec::new(), progress: Progress::More };
    loop {
        let Ok(chunk) = timeout(COMMIT_AFTER, begun.response.chunk()).await else {
            let Some(commitment) = begun.voice.commit() else { continue };
            begun.head.push(commitment);
            return Ok(begun);
        };
        let end = match chunk {
            Ok(Some(chunk)) => {
                let spoken = begun.voice.take(&mut begun.decoder, chunk);
                begun.head.extend(spoken.frames);
                begun.progress = spoken.progress;
                (spoken.progress == Progress::Failed).then_some(StreamEnd::Closed)
            }
            Ok(None) => Some(StreamEnd::Closed),
            Err(error) => return Err(unreachable(error)),
        };
        if let Some(end) = end {
            return ended_early(begun, end);
        }
        if !begun.head.is_empty() {
            return Ok(begun);
        }
    }
}

/// A stream that was over before it had begun: an error, or an answer of one piece without an end mark.
fn ended_early(begun: Begun, end: StreamEnd) -> Result<Begun, Failure> {
    let Begun { response, decoder, voice, .. } = begun;
    let ended = voice.finish(decoder, end, &RequestId::generate());
    drop((response, ended.frames));
    Err(Failure::retryable(ended.ending.err().unwrap_or_else(BackendError::unreadable)))
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

//! One call of one backend, until there is something to pass on. Besides it only [`count`](mod@crate::upstream::token_count) calls
//! backends.

use domain::models::RequestId;
use domain::models::catalog::Backend;
use domain::models::health::FailureClass;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use hyper::body::Incoming;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use service::http::{ApiError, Code};
use service::outbound::CallError;
use tokio::time::timeout_at;
use translators::error::BackendError;
use translators::settings::UpstreamAuthErrors;

use super::backend_request::Call;
use super::body::{self, ReadError};
use super::endpoint::Target;
use super::failure::Failure;
use super::first_event::{Begun, NoStream, begin};
use crate::App;
use crate::deadlines::Times;
use crate::quota::admission::Reservation;
use crate::request::Ask;
use crate::response::convert::{Reader, Whole};

/// Of a refusal's body, what is read to find its message.
const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// What a backend says of another try, in headers that the SDKs of both families obey (translation.md §6.3).
const RETRY_HINTS: [HeaderName; 2] = [
    HeaderName::from_static("retry-after-ms"),
    HeaderName::from_static("x-should-retry"),
];
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Under which a backend tells its own id of the request: `OpenAI`'s, and Anthropic's.
const THEIR_REQUEST_IDS: [HeaderName; 2] = [REQUEST_ID, HeaderName::from_static("request-id")];
/// What that is called in our answers, which have a request id of ours (promise 38).
const UPSTREAM_REQUEST_ID: HeaderName = HeaderName::from_static("x-upstream-request-id");

/// A backend's answer, from its first byte on.
pub(crate) struct Answer {
    pub(crate) content: Content,
    /// What the client gets of its headers.
    pub(crate) headers: HeaderMap,
    /// Fields of the client's that the backend did not get.
    pub(crate) warnings: Vec<String>,
}

pub(crate) enum Content {
    Whole(Whole),
    Stream(Box<Begun>),
}

impl Content {
    /// Whether the backend has said something, and not only we (translation.md W3).
    pub(crate) fn has_begun(&self) -> bool {
        match self {
            Self::Whole(_) => true,
            Self::Stream(begun) => begun.voice.has_begun(),
        }
    }

    /// The backend's id of an answer that the client knows by another one (translation.md §4.1).
    pub(crate) fn upstream_id(&self) -> Option<&str> {
        match self {
            Self::Whole(answer) => answer.notes.upstream_id.as_deref(),
            Self::Stream(begun) => begun.voice.upstream_id(),
        }
    }
}

/// Calls `backend`, and reads until its answer has begun; until its end where nothing is streamed.
pub(crate) async fn attempt(
    app: &App,
    reservation: &Reservation,
    ask: &Ask<'_>,
    backend: &Backend,
    times: &Times,
) -> Result<Answer, Failure> {
    let grant = &reservation.grant;
    let target = Target::of(app, &grant.entry.model, backend).await?;
    let mut call = Call::new(ask, grant, backend, &target).map_err(Failure::unasked)?;
    identify(&mut call.headers, reservation);
    let warnings = call.warnings;
    let asked = app.http.post(call.url.clone(), call.headers, call.body);
    let begun = timeout_at(times.first_byte_of(backend), async {
        let response = asked.await.map_err(disconnected)?;
        if response.status() != StatusCode::OK {
            return Err(refused(app, response, target.settings.upstream_auth_errors).await);
        }
        let headers = request_id_of(response.headers());
        Ok((head(app, ask, response, call.reader).await?, headers))
    });
    let (head, headers) = begun.await.unwrap_or_else(|_| Err(Failure::timed_out()))?;
    let content = match head {
        Head::Stream(begun) => Content::Stream(begun),
        Head::Whole(body, reader) => {
            let whole = timeout_at(times.end, whole(app, body, reader));
            let whole = whole.await.unwrap_or_else(|_| Err(Failure::timed_out()))?;
            // Where a stream was asked for, JSON is an error that came with status 200 (translation.md §6.1), or no answer.
            if ask.stream() {
                return Err(Failure::unreadable());
            }
            Content::Whole(whole)
        }
    };
    Ok(Answer {
        content,
        headers,
        warnings,
    })
}

/// Lets the backend's operators find the request that we know by this id, and the client by its trace.
fn identify(headers: &mut HeaderMap, reservation: &Reservation) {
    if let Ok(id) = HeaderValue::from_str(reservation.request_id.as_str()) {
        headers.insert(REQUEST_ID, id);
    }
    if let Some(trace) = &reservation.grant.caller.trace {
        trace.insert_into(headers);
    }
}

/// An answer that has begun.
enum Head {
    Stream(Box<Begun>),
    Whole(Incoming, Reader),
}

async fn head(app: &App, ask: &Ask<'_>, response: Response<Incoming>, reader: Reader) -> Result<Head, Failure> {
    if !ask.stream() || is_json(&response) {
        return Ok(Head::Whole(response.into_body(), reader));
    }
    let begun = begin(response.into_body(), reader, app.limits.max_event_bytes)
        .await
        .map_err(|none| match none {
            NoStream::Broken(error) => disconnected(error),
            NoStream::Told(error) => Failure::told(error),
        });
    begun.map(|begun| Head::Stream(Box::new(begun)))
}

fn is_json(response: &Response<Incoming>) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.trim_start().starts_with("application/json"))
}

async fn whole(app: &App, body: Incoming, reader: Reader) -> Result<Whole, Failure> {
    match body::read(body, app.limits.max_answer_bytes, app.limits.idle).await {
        Ok(body) => reader.whole(body).map_err(Failure::told),
        Err(ReadError::TooLong) => Err(Failure::of_request(ApiError::new(
            Code::UpstreamResponseTooLarge,
            "the backend's answer is too long",
        ))),
        Err(ReadError::Silent) => Err(Failure::timed_out()),
        Err(ReadError::Broken(error)) => Err(disconnected(error)),
    }
}

/// A connection that did not come about, or broke.
pub(crate) fn disconnected(error: CallError) -> Failure {
    let class = error.class();
    let told = match class {
        FailureClass::Timeout => BackendError::timed_out(),
        _ if error.is_connect() => BackendError::unreachable(),
        _ => BackendError::broken_off(),
    };
    Failure::of_backend(class, ApiError::from(told).source(error))
}

/// For the log.
#[derive(Debug, thiserror::Error)]
#[error("the backend answered {0}")]
struct Refused(StatusCode);

/// A status other than 200, with what the backend says of another try.
pub(crate) async fn refused(app: &App, response: Response<Incoming>, auth_errors: UpstreamAuthErrors) -> Failure {
    let status = response.status();
    let retry_after = retry_after(response.headers(), app.store.clock().now());
    let mut hints = retry_hints(response.headers());
    hints.extend(request_id_of(response.headers()));
    let body = body::read(response.into_body(), MAX_REFUSAL_BYTES, app.limits.idle)
        .await
        .unwrap_or_default();
    let told = BackendError::from_response(status.as_u16(), &body, auth_errors);
    let error = ApiError::from(told).hints(hints).source(Refused(status));
    Failure::refused(
        status,
        if let Some(seconds) = retry_after {
            error.retry_after(seconds)
        } else {
            error
        },
    )
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

/// The backend's id of the request, for the client; none that could be anything else.
fn request_id_of(headers: &HeaderMap) -> HeaderMap {
    let id = THEIR_REQUEST_IDS.iter().find_map(|name| headers.get(name));
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

//! Bodies of `/api/v1`: strict JSON in, `{"data": …}` out.

mod duplicates;
mod objects;
mod plain;

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use super::body_budget::{BodyBudget, BudgetedBody};
use super::error::{ApiError, Code};
use super::single_header::single;
use duplicates::NoDuplicates;
use objects::Objects;

pub(super) use plain::refusal;

/// How long the next bytes of a body are waited for (promise 30).
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a body may take in all, besides the time for its bytes at [`SLOWEST`].
const TOTAL_TIMEOUT: Duration = Duration::from_mins(1);
/// Bytes a second of the slowest client.
const SLOWEST: usize = 64 * 1024;
/// The largest body of a management request (docs/api.md §7).
pub const MAX_MANAGEMENT_BODY: usize = 64 * 1024;

/// A JSON body as `T`. Unknown fields, wrong types and duplicate keys are 400 and name the field.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        parse(&read_management(request).await?).map(Self)
    }
}

/// The whole body of a management request, which says that it is JSON.
pub async fn read_management(request: Request) -> Result<Bytes, ApiError> {
    if !request.body().is_end_stream() && !single(request.headers(), CONTENT_TYPE)?.is_some_and(is_json) {
        return Err(no_json());
    }
    read_any(request, MAX_MANAGEMENT_BODY).await
}

/// Refuses a body of a type that a web page may send anywhere without asking first (the safelist of the Fetch
/// standard), or of none (promise 65).
pub(super) fn check_asked(request: &Request) -> Result<(), ApiError> {
    const UNASKED: [&str; 3] = ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"];
    let kind = single(request.headers(), CONTENT_TYPE)?
        .map(essence)
        .unwrap_or_default();
    let unasked = kind.is_empty() || UNASKED.iter().any(|unasked| kind.eq_ignore_ascii_case(unasked));
    if unasked && !request.body().is_end_stream() {
        Err(no_json())
    } else {
        Ok(())
    }
}

fn no_json() -> ApiError {
    ApiError::new(Code::UnsupportedMediaType, "the body must be application/json")
}

/// The whole body, if it is no longer than `limit` and not compressed.
pub async fn read(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    check_type(request.headers())?;
    read_any(request, limit).await
}

/// The same for a body of any type.
pub async fn read_any(request: Request, limit: usize) -> Result<Bytes, ApiError> {
    collect(request, limit, |_| Ok(())).await
}

/// A JSON body that takes its bytes from `budget` as they come.
pub async fn read_within(request: Request, limit: usize, budget: &BodyBudget) -> Result<BudgetedBody, ApiError> {
    check_type(request.headers())?;
    let mut share = budget.share();
    let bytes = collect(request, limit, |length| share.grow_to(length)).await?;
    Ok(BudgetedBody { bytes, share })
}

/// The whole body, at most `limit` bytes of it. `grow` is told each length that it reaches, before the bytes are kept.
async fn collect(
    request: Request,
    limit: usize,
    mut grow: impl FnMut(usize) -> Result<(), ApiError>,
) -> Result<Bytes, ApiError> {
    let length = check_frame(request.headers(), limit)?;
    let mut body = Incoming {
        body: request.into_body(),
        end: Instant::now() + TOTAL_TIMEOUT + Duration::from_secs((length.unwrap_or(limit) / SLOWEST) as u64),
    };
    let Some(first) = body.next().await? else {
        return Ok(Bytes::new());
    };
    let first = within(first, limit)?;
    grow(first.len())?;
    let Some(second) = body.next().await? else {
        return Ok(first);
    };
    // A length that was declared is not more than `limit`, and takes memory only where bytes have come.
    let mut whole = BytesMut::with_capacity(length.unwrap_or(0).max(first.len() + second.len()));
    whole.extend_from_slice(&first);
    let mut rest = Some(second);
    while let Some(bytes) = rest {
        let reached = whole.len() + bytes.len();
        if reached > limit {
            return Err(too_large(limit));
        }
        grow(reached)?;
        whole.extend_from_slice(&bytes);
        rest = body.next().await?;
    }
    Ok(whole.freeze())
}

/// A body that is being read.
struct Incoming {
    body: axum::body::Body,
    /// When it has to be complete.
    end: Instant,
}

impl Incoming {
    /// The next bytes of a body that does not stall; `None` at its end. Waiting costs a timer, bytes that are there do
    /// not.
    async fn next(&mut self) -> Result<Option<Bytes>, ApiError> {
        loop {
            let until = self.end.min(Instant::now() + BODY_TIMEOUT);
            let waiting = timeout_at(until, self.body.frame());
            let late = |_| ApiError::new(Code::InvalidJson, "the body did not come in time");
            let Some(frame) = waiting.await.map_err(late)? else {
                return Ok(None);
            };
            let frame = frame.map_err(|_| ApiError::new(Code::InvalidJson, "the body could not be read"))?;
            // Trailers say nothing.
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
    }
}

fn within(body: Bytes, limit: usize) -> Result<Bytes, ApiError> {
    if body.len() > limit {
        Err(too_large(limit))
    } else {
        Ok(body)
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), ApiError> {
    if single(headers, CONTENT_TYPE)?.is_some_and(|kind| !is_json(kind)) {
        return Err(no_json());
    }
    Ok(())
}

/// The length that the body is declared to have, if it is.
fn check_frame(headers: &HeaderMap, limit: usize) -> Result<Option<usize>, ApiError> {
    let is_coded = |encoding: &HeaderValue| !encoding.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(CONTENT_ENCODING).iter().any(is_coded) {
        return Err(ApiError::new(
            Code::UnsupportedMediaType,
            "compressed request bodies are not accepted",
        ));
    }
    let declared = single(headers, CONTENT_LENGTH)?.and_then(|length| length.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        Err(too_large(limit))
    } else {
        Ok(declared)
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = essence(content_type);
    essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json")
}

fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(
        Code::RequestTooLarge,
        format!("the body may have at most {limit} bytes"),
    )
}

/// `bytes` as `T`, with an error that names the field. Objects are objects, and none has a member twice, at any depth.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(Objects(&mut json)).map_err(refused)?;
    json.end().map_err(|error| malformed(&error))?;
    let mut json = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize::<_, NoDuplicates>(&mut json).map_err(refused)?;
    Ok(value)
}

fn refused(error: serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let field = error.path().to_string();
    let error = error.into_inner();
    if error.is_data() {
        return invalid(field, &error);
    }
    let error = malformed(&error);
    if field == "." { error } else { error.field(field) }
}

/// Fields whose values no response repeats, not even to say that they are wrong (promise 22).
const SECRET_FIELDS: [&str; 5] = ["password", "old_password", "new_password", "api_key", "client_secret"];

/// The refusal of the value at `field`, or of a member of it.
pub fn invalid(field: String, error: &serde_json::Error) -> ApiError {
    let is_secret = SECRET_FIELDS
        .iter()
        .any(|secret| field == *secret || field.ends_with(&format!(".{secret}")));
    if is_secret {
        ApiError::invalid(field, "the value is not allowed here")
    } else {
        refusal(&field, &error.to_string())
    }
}

fn malformed(error: &serde_json::Error) -> ApiError {
    let message = match (error.line(), error.column()) {
        (0, _) => "the body is not valid JSON".to_owned(),
        (line, column) => format!("the body is not valid JSON (line {line}, column {column})"),
    };
    ApiError::new(Code::InvalidJson, message)
}

/// A response `{"data": …}`.
#[derive(Clone, Copy, Debug)]
pub struct Data<T>(pub T);

/// A response `{"data": …}` with status 201.
#[derive(Clone, Copy, Debug)]
pub struct Created<T>(pub T);

/// A response `{"message": …}` of an action that has nothing to return.
#[derive(Clone, Copy, Debug)]
pub struct Message(pub &'static str);

/// The message of a response, for the edge to put it into the reader's language.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said(pub(super) &'static str);

/// The form of every response with data; its members keep the order in which they are declared.
#[derive(Serialize)]
struct Envelope<T> {
    data: T,
}

impl<T: Serialize> IntoResponse for Data<T> {
    fn into_response(self) -> Response {
        axum::Json(Envelope { data: self.0 }).into_response()
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Data(self.0)).into_response()
    }
}

impl IntoResponse for Message {
    fn into_response(self) -> Response {
        let mut response = axum::Json(serde_json::json!({"message": self.0})).into_response();
        response.extensions_mut().insert(Said(self.0));
        response
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use http::HeaderName;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[expect(dead_code, reason = "only its form is read")]
        name: String,
    }

    fn refusal(json: &str) -> (Code, String) {
        let error = parse::<Form>(json.as_bytes()).unwrap_err();
        let body = error.body(
            super::super::Dialect::Management,
            &domain::models::RequestId::generate(),
        );
        (
            error.code(),
            body["error"]["field"].as_str().unwrap_or_default().to_owned(),
        )
    }

    #[test]
    fn p28_a_wrong_value_names_its_field() {
        assert_eq!(refusal(r#"{"name": 1}"#), (Code::InvalidValue, "name".into()));
        assert_eq!(
            refusal(r#"{"name": "a", "nmae": "b"}"#),
            (Code::InvalidValue, "nmae".into())
        );
        assert_eq!(refusal("{}").0, Code::InvalidValue);
    }

    #[test]
    fn p28_numbers_are_called_what_people_call_them() {
        let error = parse::<u64>(b"-1").unwrap_err();
        assert_eq!(error.message(), "must be a whole number that is not negative");
        let error = parse::<f64>(br#""a lot""#).unwrap_err();
        assert_eq!(error.message(), "must be a number");
    }

    #[test]
    fn p22_a_secret_is_not_repeated_even_when_it_is_wrong() {
        #[derive(Debug, Deserialize)]
        struct Login {
            #[expect(dead_code, reason = "it is never read, since it is wrong")]
            password: String,
        }
        let error = parse::<Login>(br#"{"password": 12345678}"#).unwrap_err();
        assert!(!error.message().contains("12345678"), "{}", error.message());
    }

    #[test]
    fn p27_one_value_without_duplicates_or_trailing_bytes() {
        assert_eq!(refusal(r#"{"name": "a", "name": "b"}"#).0, Code::InvalidValue);
        assert_eq!(refusal(r#"{"name": "a"} x"#).0, Code::InvalidJson);
        assert_eq!(refusal("{\"name\": \"\u{0}\"}").0, Code::InvalidJson);
        assert_eq!(refusal("").0, Code::InvalidJson);
    }

    #[test]
    fn p27_ha17_objects_are_objects_and_their_members_are_unique_at_every_depth() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        #[expect(dead_code, reason = "only its form is read")]
        struct Outer {
            #[serde(default)]
            inner: Option<Form>,
            #[serde(default)]
            list: Vec<Form>,
            #[serde(default)]
            by_name: std::collections::BTreeMap<String, Form>,
            #[serde(default)]
            any: serde_json::Value,
        }
        let code = |json: &str| parse::<Outer>(json.as_bytes()).map_err(|error| error.code()).err();
        for good in [
            "{}",
            r#"{"inner": null, "list": [{"name": "a"}], "by_name": {"x": {"name": "a"}}}"#,
            r#"{"inner": {"name": "a"}, "any": [{"a": 1}, {"a": 1}]}"#,
        ] {
            assert_eq!(code(good), None, "{good}");
        }
        for bad in [
            "[]",
            r#"[{"name": "a"}]"#,
            r#"{"inner": ["a"]}"#,
            r#"{"list": [["a"]]}"#,
            r#"{"by_name": {"x": ["a"]}}"#,
            r#"{"by_name": {"x": {"name": "a"}, "x": {"name": "b"}}}"#,
            r#"{"any": {"a": 1, "a": 2}}"#,
            r#"{"any": [{"b": {"a": 1, "\u0061": 2}}]}"#,
        ] {
            assert_eq!(code(bad), Some(Code::InvalidValue), "{bad}");
        }
    }

    #[test]
    fn p78_ha17_a_word_is_no_object() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Word {
            One,
        }
        assert_eq!(parse::<Word>(br#""one""#).unwrap(), Word::One);
        for wrong in [r#"{"one": null}"#, r#"["one"]"#, "1", r#""two""#] {
            assert_eq!(
                parse::<Word>(wrong.as_bytes()).unwrap_err().code(),
                Code::InvalidValue,
                "{wrong}"
            );
        }
    }

    #[tokio::test]
    async fn p78_a_header_that_decides_comes_once() {
        let body = |headers: &[(HeaderName, &'static str)]| {
            let request = headers.iter().fold(http::Request::post("/"), |request, (name, value)| {
                request.header(name, *value)
            });
            read(request.body(axum::body::Body::from("{}")).unwrap(), 100)
        };
        let json = "application/json";
        assert!(body(&[(CONTENT_TYPE, json)]).await.is_ok());
        let twice = body(&[(CONTENT_TYPE, json), (CONTENT_TYPE, "text/plain")])
            .await
            .unwrap_err();
        assert_eq!(
            (twice.code(), twice.field_name()),
            (Code::InvalidValue, Some("content-type"))
        );
        let coded = body(&[(CONTENT_ENCODING, "identity"), (CONTENT_ENCODING, "gzip")]).await;
        assert_eq!(coded.unwrap_err().code(), Code::UnsupportedMediaType);
    }

    #[tokio::test(start_paused = true)]
    async fn p30_a_body_that_stops_coming_is_given_up() {
        let begun = futures_util::stream::iter([Ok::<_, std::io::Error>("{")]);
        let body = axum::body::Body::from_stream(begun.chain(futures_util::stream::pending()));
        let started = tokio::time::Instant::now();
        let error = read(Request::new(body), 100).await.unwrap_err();
        assert_eq!((error.code(), started.elapsed()), (Code::InvalidJson, BODY_TIMEOUT));
    }
    #[tokio::test(start_paused = true)]
    async fn ha15_a_body_has_a_time_in_all_however_steadily_it_trickles() {
        let trickle = futures_util::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(20)).await;
            Some((Ok::<_, std::io::Error>(" "), ()))
        });
        let request = Request::new(axum::body::Body::from_stream(trickle));
        let started = Instant::now();
        let error = read(request, 10 * SLOWEST).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidJson);
        assert_eq!(started.elapsed(), TOTAL_TIMEOUT + Duration::from_secs(10));
    }

    #[tokio::test]
    async fn p72_ha15_a_body_takes_its_bytes_of_the_budget_as_long_as_it_lives() {
        let budget = BodyBudget::of_bytes(100 * 1024);
        let request = |length: usize| Request::new(axum::body::Body::from(vec![b' '; length]));
        let body = read_within(request(60 * 1024), MAX_MANAGEMENT_BODY, &budget)
            .await
            .unwrap();
        assert_eq!((body.taken(), budget.available()), (60 * 1024, 40 * 1024));
        let refused = read_within(request(60 * 1024), MAX_MANAGEMENT_BODY, &budget).await;
        assert_eq!(refused.unwrap_err().code(), Code::Overloaded);
        drop(body);
        assert!(
            read_within(request(60 * 1024), MAX_MANAGEMENT_BODY, &budget)
                .await
                .is_ok()
        );
        assert_eq!(budget.available(), 100 * 1024);
    }
}

//! What every request crosses first and every response last.

use std::future::ready;
use std::net::IpAddr;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use jiff::Timestamp;
use tower_service::Service;

use super::error::{ApiError, Code, Dialect, shown};
use super::json::Said;
use super::language::{Language, RefusalLanguage};
use super::messages;
use super::trace::TraceContext;
use super::{accept, cors};
use crate::store::Store;
use domain::models::RequestId;

/// Both families of SDKs find the id: `OpenAI`'s read `x-request-id`, Anthropic's `request-id`.
const REQUEST_IDS: [HeaderName; 2] = [
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("request-id"),
];
const NOSNIFF: HeaderName = HeaderName::from_static("x-content-type-options");

/// The address that a request came from, put into its extensions by what received it: Lambda's event or our socket.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

/// The client that the log line names: where a proxy or API Gateway has brought its request, since the connection's own
/// address says nothing then.
#[derive(Clone, Copy, Debug)]
pub struct LoggedClient(pub IpAddr);

/// When the invocation ends that a request came with; nothing runs afterwards. Only Lambda sets it.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(pub Timestamp);

/// Marks a response whose log line is written elsewhere, when its stream has ended.
#[derive(Clone, Copy, Debug)]
pub struct LoggedAtEnd;

/// A function as it is served: its routes, inside the edge. Cheap to clone; clones share everything.
#[derive(Clone, Debug)]
pub struct Edge {
    routes: Router,
    /// Where the settings are; a function without a database lets no other origin in.
    store: Option<Store>,
}

impl Edge {
    /// Of `routes`; what matches none of them is 404 or 405, in the dialect that its path suggests.
    pub fn new(routes: Router, store: Option<Store>) -> Self {
        Self {
            routes: routes
                .fallback(not_found)
                .method_not_allowed_fallback(method_not_allowed),
            store,
        }
    }

    /// The response to `request`.
    pub async fn respond(&self, request: Request) -> Response {
        let routed = |request: Request| self.routes.clone().call(request).map(|Ok(response)| response);
        cross(self.store.as_ref(), request, routed).await
    }

    /// Refuses `request`, which no route sees, as the edge renders all errors.
    pub async fn refuse(&self, request: Request, refusal: ApiError) -> Response {
        cross(self.store.as_ref(), request, |request| {
            ready(unrouted(request.uri(), refusal))
        })
        .await
    }
}

async fn not_found(method: Method, uri: Uri) -> Response {
    let error = match Dialect::of_path(uri.path()) {
        Dialect::Management => ApiError::not_found("route"),
        Dialect::OpenAi | Dialect::Anthropic | Dialect::OAuth => {
            let path = shown(uri.path());
            ApiError::new(Code::UnknownUrl, format!("Unknown request URL: {method} {path}."))
        }
    };
    unrouted(&uri, error)
}

async fn method_not_allowed(uri: Uri) -> Response {
    unrouted(
        &uri,
        ApiError::new(Code::MethodNotAllowed, "this route does not offer the method"),
    )
}

/// The response to a request that has no route, whose dialect can only be guessed.
fn unrouted(uri: &Uri, error: ApiError) -> Response {
    let mut response = error.into_response();
    set_dialect(&mut response, Dialect::of_path(uri.path()));
    response
}

/// Says in which dialect [`cross`] renders the error that `response` may be. What is no completion is never cached.
pub(super) fn set_dialect(response: &mut Response, dialect: Dialect) {
    if let Some(error) = response.extensions_mut().get_mut::<ApiError>() {
        error.set_dialect(dialect);
    }
    if matches!(dialect, Dialect::Management | Dialect::OAuth) {
        let no_store = HeaderValue::from_static("no-store");
        response.headers_mut().insert(CACHE_CONTROL, no_store);
    }
}

/// Neither a layer nor a boxed service: each of those would be paid by each request.
async fn cross<F: Future<Output = Response>>(
    store: Option<&Store>,
    mut request: Request,
    inner: impl FnOnce(Request) -> F,
) -> Response {
    let head = Head::of(&mut request);
    let page = cors::Page::of(request.headers(), store).await;
    let mut response = match page
        .as_ref()
        .and_then(|page| page.preflight(&head.method, request.headers()))
    {
        Some(preflight) => preflight,
        None => inner(request).await,
    };
    let error = render_error(&mut response, &head);
    translate(&mut response, &head);
    add_headers(&mut response, &head.request_id);
    if let Some(page) = page {
        page.allow(response.headers_mut());
    }
    if response.extensions().get::<LoggedAtEnd>().is_none() {
        head.log(response.status(), error.as_ref());
    }
    response
}

/// The client's own id where it is harmless (promise 25), else a new one.
fn request_id(headers: &HeaderMap) -> RequestId {
    let given = headers.get(&REQUEST_IDS[0]).and_then(|value| value.to_str().ok());
    given
        .and_then(|id| RequestId::parse(id).ok())
        .unwrap_or_else(RequestId::generate)
}

/// Puts the message of a response of `/api/v1` into Chinese where the reader asks for it.
fn translate(response: &mut Response, head: &Head) {
    // The language is read only where there is a message: most responses have none.
    let Some(Said(english)) = response.extensions_mut().remove() else {
        return;
    };
    if head.language() == Language::Chinese {
        let told = messages::tell(english, Language::Chinese).text;
        *response.body_mut() = Body::from(serde_json::json!({"message": told}).to_string());
        response.headers_mut().remove(CONTENT_LENGTH);
    }
}

fn render_error(response: &mut Response, head: &Head) -> Option<ApiError> {
    let error = response.extensions_mut().remove::<ApiError>()?;
    let (dialect, request_id) = (error.dialect(), &head.request_id);
    *response.status_mut() = error.status(dialect);
    let body = match dialect {
        Dialect::Management => error.management_body(head.language(), request_id),
        Dialect::OpenAi | Dialect::Anthropic | Dialect::OAuth => error.body(dialect, request_id),
    };
    *response.body_mut() = Body::from(body.to_string());
    // The router has set the length of the empty body in the error's place.
    response.headers_mut().remove(CONTENT_LENGTH);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = error.retry_after_seconds() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
        .headers_mut()
        .extend(error.hint_headers().map(|(name, value)| (name.clone(), value.clone())));
    Some(error)
}

fn add_headers(response: &mut Response, request_id: &RequestId) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(request_id.as_str()) {
        for name in REQUEST_IDS {
            headers.insert(name, id.clone());
        }
    }
    headers.insert(NOSNIFF, HeaderValue::from_static("nosniff"));
}

/// What is kept of a request for its response and its log line.
struct Head {
    started: Instant,
    request_id: RequestId,
    trace: Option<TraceContext>,
    method: Method,
    path: String,
    client: Option<IpAddr>,
    /// The languages that the reader of a message has asked for (`Accept-Language`).
    languages: Option<HeaderValue>,
}

impl Head {
    /// Takes the head, and puts the ids into the request's extensions.
    fn of(request: &mut Request) -> Self {
        accept::join_lines(request.headers_mut());
        let head = Self {
            started: Instant::now(),
            request_id: request_id(request.headers()),
            trace: TraceContext::of(request.headers()),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            client: request.extensions().get().map(|LoggedClient(address)| *address),
            languages: request.headers().get(ACCEPT_LANGUAGE).cloned(),
        };
        request.extensions_mut().insert(head.request_id.clone());
        if let Some(trace) = &head.trace {
            request.extensions_mut().insert(trace.clone());
        }
        head
    }

    fn language(&self) -> Language {
        RefusalLanguage::of(self.languages.as_ref()).0
    }

    /// One line per request. A client's mistake is information; our own failure is an error that someone should look
    /// at.
    fn log(&self, status: StatusCode, error: Option<&ApiError>) {
        let Self {
            request_id: id,
            method,
            path,
            ..
        } = self;
        let trace = self.trace.as_ref().map(TraceContext::trace_id);
        let duration_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (status, code) = (status.as_u16(), error.map(|error| error.code().name()));
        let client = self.client.map(tracing::field::display);
        if status >= 500 {
            let cause = error.and_then(ApiError::cause);
            tracing::error!(
                request.id = %id, trace.id = trace, %method, path, status, code, duration_ms, client.address = client,
                cause, "request"
            );
        } else {
            tracing::info!(
                request.id = %id, trace.id = trace, %method, path, status, code, duration_ms, client.address = client,
                "request"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::aws;
    use crate::http::caller::KeyGate;
    use crate::http::routes::{Access, Routes};
    use domain::clock::Clock;

    /// A store that no test here reads.
    fn store() -> Store {
        let client = aws::embedded_dynamodb(aws::http_client(None));
        Store::new(client, "", Clock::system())
    }

    async fn respond(path: &str, header: Option<(&str, &str)>) -> (u16, HeaderMap, String) {
        let routes = Routes::new()
            .get("/v1/panic", Dialect::OpenAi, Access::Anyone, async || -> String {
                panic!("boom at /secret")
            })
            .get("/v1/ok", Dialect::OpenAi, Access::Anyone, async || "fine");
        let mut request = http::Request::get(path);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let response = routes
            .into_edge(KeyGate::new(store()))
            .respond(request.body(Body::empty()).unwrap())
            .await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (
            parts.status.as_u16(),
            parts.headers,
            String::from_utf8(body.to_vec()).unwrap(),
        )
    }

    #[tokio::test]
    async fn p30_a_panic_is_a_500_that_tells_nothing() {
        let (status, headers, body) = respond("/v1/panic", None).await;
        assert_eq!(status, 500);
        assert!(!body.contains("secret"));
        assert!(headers.contains_key("x-request-id"));
    }

    #[tokio::test]
    async fn p25_a_clients_request_id_is_used_only_in_a_harmless_form() {
        let (_, headers, _) = respond("/v1/ok", Some(("x-request-id", "mine-1"))).await;
        assert_eq!(headers["x-request-id"], "mine-1");
        assert_eq!(headers["request-id"], "mine-1");
        let (_, headers, _) = respond("/v1/ok", Some(("x-request-id", "no blanks"))).await;
        assert_ne!(headers["x-request-id"], "no blanks");
    }

    #[tokio::test]
    async fn p31_responses_have_their_headers() {
        let (_, headers, _) = respond("/v1/ok", None).await;
        assert_eq!(headers["x-content-type-options"], "nosniff");
        let (status, headers, body) = respond("/api/v1/nothing", None).await;
        assert_eq!(
            (status, &headers["cache-control"]),
            (404, &HeaderValue::from_static("no-store"))
        );
        assert!(body.contains("\"not_found\""), "{body}");
    }
}

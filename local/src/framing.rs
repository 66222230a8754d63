//! Framing that the HTTP library lets pass and promise 29 does not. Behind API Gateway its edge sees to this.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue};
use shared::http::{ApiError, Code, edge};

/// `routes`, where a message whose end can be taken for two places ends its connection.
pub(crate) fn guard(routes: Router) -> Router {
    edge::around(routes, from_fn(check))
}

async fn check(request: Request, next: Next) -> Response {
    if names_length(request.headers()) {
        let refusal = ApiError::new(Code::InvalidValue, "`Connection` must not name the headers that frame the message");
        return closing(refusal.into_response());
    }
    // hyper has taken a `Content-Length` beside it away already: whether there was one cannot be seen any more.
    let is_chunked = request.headers().contains_key(TRANSFER_ENCODING);
    let response = next.run(request).await;
    if is_chunked { closing(response) } else { response }
}

fn names_length(headers: &HeaderMap) -> bool {
    let names = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    names.map(str::trim).any(|name| name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding"))
}

/// No second request is read from bytes whose beginning another reader may see elsewhere.
fn closing(mut response: Response) -> Response {
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

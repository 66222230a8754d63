//! Vendors and how they are shown who the gateway is.

mod bedrock;
mod entra;
mod keys;

use http::StatusCode;
use reqwest::RequestBuilder;
use serde_json::Value;

/// The code and the field of a refusal with status 400.
async fn refused(request: RequestBuilder) -> (String, String) {
    let response = request.send().await.unwrap();
    let (status, body) = (response.status(), response.json::<Value>().await.unwrap());
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
    (text("code"), text("field"))
}

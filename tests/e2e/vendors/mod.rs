//! Vendors and how they are shown who the gateway is.

mod bedrock;
mod entra;
mod federation;
mod google;
mod keys;
mod roles;
mod vertex;

use aws_credential_types::provider::SharedCredentialsProvider;
use domain::clock::Clock;
use harness::Gateway;
use harness::bedrock::AWS_KEY;
use harness::provider::Provider;
use http::StatusCode;
use local::Options;
use reqwest::RequestBuilder;
use serde_json::Value;
use service::identity::Identity;
use service::token_endpoints::TokenEndpoints;

/// The code and the field of a refusal with status 400.
async fn refused(request: RequestBuilder) -> (String, String) {
    let response = request.send().await.unwrap();
    let (status, body) = (response.status(), response.json::<Value>().await.unwrap());
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
    (text("code"), text("field"))
}

/// A gateway with a role at AWS that asks for tokens at `endpoints`, and shows them to `models`.
async fn gateway_at(endpoints: TokenEndpoints, models: &[&Provider]) -> Gateway {
    let origins: Vec<String> = models.iter().map(|model| model.base_url()).collect();
    let credentials = SharedCredentialsProvider::new(AWS_KEY.credentials());
    let identity = Identity::at(origins.join(",").parse().unwrap(), Clock::system())
        .with_aws(credentials, Some("eu-central-1".to_owned()))
        .with_token_endpoints(endpoints);
    Gateway::start_with(|options| Options { identity, ..options }).await
}

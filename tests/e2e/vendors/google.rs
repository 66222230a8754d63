//! Models in Google Cloud by the gateway's role at AWS, and by a service account's key.

use domain::access::service_account::new_key_file;
use harness::Gateway;
use harness::bedrock::{self, AWS_KEY};
use harness::client::{data, status};
use harness::provider::{Provider, Received, Reply, openai};
use harness::sts::form;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Value, json};
use service::token_endpoints::TokenEndpoints;

use super::{gateway_at, refused};

const POOL: &str = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/aws";
const ACCOUNT: &str = "tidegate@p.iam.gserviceaccount.com";

/// A Google that gives `pool-token` to whoever shows a request that [`AWS_KEY`] has signed, `account-token` for that
/// one, and `key-token` for an assertion.
fn google() -> Provider {
    Provider::answering(|request| {
        let asked = form(request);
        let said = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
        let impersonation = format!("/v1/projects/-/serviceAccounts/{ACCOUNT}:generateAccessToken");
        if request.path == "/v1/token" && is_signed(said("subject_token")) && said("audience") == POOL {
            return Reply::json(&json!({"access_token": "pool-token", "expires_in": 3600}));
        }
        if request.path == impersonation && request.header("authorization") == "Bearer pool-token" {
            return Reply::json(&json!({"accessToken": "account-token", "expireTime": "2999-01-01T00:00:00Z"}));
        }
        if request.path == "/key" && said("assertion").split('.').count() == 3 {
            return Reply::json(&json!({"access_token": "key-token", "expires_in": 3600}));
        }
        Reply::error(400, &json!({"error": "invalid_grant", "error_description": "canary"}))
    })
}

/// True if the request within the token is one that AWS would answer, and is for [`POOL`].
fn is_signed(token: &str) -> bool {
    let quoted = format!("a={token}");
    let text = url::form_urlencoded::parse(quoted.as_bytes())
        .next()
        .unwrap()
        .1
        .into_owned();
    let request: Value = serde_json::from_str(&text).unwrap_or_default();
    let pair = |header: &Value| {
        let name = HeaderName::try_from(header["key"].as_str()?).ok()?;
        Some((name, HeaderValue::try_from(header["value"].as_str()?).ok()?))
    };
    let headers = request["headers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let headers: HeaderMap = headers.iter().filter_map(pair).collect();
    let path = "/?Action=GetCallerIdentity&Version=2011-06-15".to_owned();
    let inner = Received::new(Method::POST, path, headers);
    let host = "sts.eu-central-1.amazonaws.com";
    let url = format!("https://{host}?Action=GetCallerIdentity&Version=2011-06-15");
    request["url"] == url.as_str()
        && inner.header("host") == host
        && inner.header("x-goog-cloud-target-resource") == POOL
        && inner.header("authorization").contains("x-goog-cloud-target-resource")
        && bedrock::check(&inner, &AWS_KEY).is_ok()
}

async fn gateway(google: &Provider, model: &Provider) -> Gateway {
    let endpoints = TokenEndpoints {
        google_sts: Some(google.base_url()),
        google_iam_credentials: Some(google.base_url()),
        google_token: Some(format!("{}/key", google.base_url())),
        ..TokenEndpoints::default()
    };
    gateway_at(endpoints, &[model]).await
}

/// The token that the model was shown with this `auth` and key.
async fn shown(auth: &Value, key: &Value) -> (Provider, String) {
    let (google, model) = (google(), Provider::start());
    let gateway = gateway(&google, &model).await;
    let entry = json!({"preset": "vertex", "auth": auth, "api_key": key});
    gateway.admin().create_model_with("m", &model, &entry).await;
    let program = gateway.program().await;
    for _ in 0..2 {
        model.will(Reply::json(&openai::completion("Hi")));
        assert_eq!(status(program.chat("m")).await, 200);
    }
    let shown = model.received().pop().unwrap().header("authorization").to_owned();
    (google, shown)
}

#[tokio::test]
async fn p94_google_takes_a_request_that_the_role_has_signed() {
    let federated = json!({"type": "gcp", "credential": "aws_federation", "audience": POOL});
    let (google, token) = shown(&federated, &Value::Null).await;
    assert_eq!((token.as_str(), google.received().len()), ("Bearer pool-token", 1));
}

#[tokio::test]
async fn p94_with_a_service_account_the_token_is_its_own() {
    let auth = json!({"type": "gcp", "credential": "aws_federation", "audience": POOL, "service_account": ACCOUNT});
    let (google, token) = shown(&auth, &Value::Null).await;
    assert_eq!((token.as_str(), google.received().len()), ("Bearer account-token", 2));
}

#[tokio::test]
async fn p94_a_service_accounts_key_signs_and_is_sent_to_nobody() {
    let file = new_key_file().unwrap();
    let auth = json!({"type": "gcp", "credential": "service_account_key"});
    let (google, token) = shown(&auth, &json!(file.expose())).await;
    assert_eq!((token.as_str(), google.received().len()), ("Bearer key-token", 1));
    assert!(!format!("{:?}", google.received()).contains("PRIVATE"));
}

#[tokio::test]
async fn p94_what_google_says_is_told_to_no_client() {
    let (google, model) = (google(), Provider::start());
    let gateway = gateway(&google, &model).await;
    let auth = json!({"type": "gcp", "credential": "aws_federation", "audience": format!("{POOL}2")});
    let entry = json!({"preset": "vertex", "auth": auth, "api_key": null});
    gateway.admin().create_model_with("m", &model, &entry).await;
    let response = gateway.program().await.chat("m").send().await.unwrap();
    assert!(response.status().is_server_error());
    let body = response.text().await.unwrap();
    assert!(!body.contains("canary") && !body.contains("invalid_grant"), "{body}");
    assert_eq!(model.received().len(), 0);
}

#[tokio::test]
async fn p23_a_service_accounts_file_is_a_key_for_google_alone() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    admin
        .create("/api/v1/admin/models", &json!({"id": "m", "name": "m"}))
        .await;
    let backends = "/api/v1/admin/models/m/backends";
    let file = new_key_file().unwrap();
    let by_key = json!({"type": "gcp", "credential": "service_account_key"});
    let entry = |auth: &Value, key: &str| {
        let base_url = "https://aiplatform.googleapis.com/v1/projects/p/locations/global/endpoints/openapi";
        json!({"name": "b", "base_url": base_url, "model_name": "n", "auth": auth, "api_key": key})
    };
    for (auth, key) in [
        (&by_key, "a-key"),
        (&by_key, "{}"),
        (&by_key, &file.expose().replace("client_email", "email")),
        (&json!({"type": "api_key", "header": "authorization"}), file.expose()),
        (&Value::Null, file.expose()),
    ] {
        let refusal = refused(admin.post(backends).json(&entry(auth, key))).await;
        assert_eq!(refusal, ("invalid_value".to_owned(), "api_key".to_owned()), "{auth}");
    }
    let made = admin.create(backends, &entry(&by_key, file.expose())).await;
    let path = format!("/api/v1/admin/backends/{}", made["id"].as_str().unwrap());
    let federated = json!({"type": "gcp", "credential": "aws_federation", "audience": POOL});
    let change = json!({"auth": federated});
    assert_eq!(refused(admin.put(&path).json(&change)).await.1, "api_key");
    let changed = data(admin.put(&path).json(&json!({"auth": federated, "api_key": null})), 200).await;
    assert_eq!((&changed["auth"], &changed["has_api_key"]), (&federated, &json!(false)));
}

//! Models in Azure by an application of Entra.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use harness::Gateway;
use harness::bedrock;
use harness::client::{BACKEND_KEY, data, status};
use harness::provider::{Provider, Reply, openai};
use harness::sts::{self, form};
use serde_json::{Value, json};
use service::token_endpoints::TokenEndpoints;

use super::{gateway_at, refused};

/// The number of the token that is good.
type Good = Arc<AtomicU32>;

/// An Entra that gives `token-1`, `token-2` and so on to whoever shows [`BACKEND_KEY`] or a token of [`sts`] for it.
fn entra() -> (Provider, Good) {
    let good = Good::default();
    let next = Arc::clone(&good);
    let provider = Provider::answering(move |request| {
        let form = form(request);
        let shown = form
            .get("client_secret")
            .or(form.get("client_assertion"))
            .map(String::as_str);
        if request.path != "/contoso/oauth2/v2.0/token"
            || !matches!(shown, Some(BACKEND_KEY | "head.api---AzureADTokenExchange.signature"))
        {
            let refusal = json!({"error": "invalid_client", "error_description": "canary: not known"});
            return Reply::error(401, &refusal);
        }
        let number = next.fetch_add(1, Ordering::Relaxed) + 1;
        Reply::json(&json!({"token_type": "Bearer", "expires_in": 3600, "access_token": format!("token-{number}")}))
    });
    (provider, good)
}

/// A model that takes the token of this number alone.
fn model(good: &Good) -> Provider {
    let good = Arc::clone(good);
    Provider::answering(move |request| {
        if request.header("authorization") == format!("Bearer token-{}", good.load(Ordering::Relaxed)) {
            Reply::json(&openai::completion("Hello"))
        } else {
            Reply::error(401, &json!({"error": {"message": "expired"}}))
        }
    })
}

async fn gateway(entra: &Provider, sts: Option<&Provider>, models: &[&Provider]) -> Gateway {
    let endpoints = TokenEndpoints {
        azure_authority: Some(entra.base_url()),
        sts: sts.map(Provider::base_url),
        ..TokenEndpoints::default()
    };
    gateway_at(endpoints, models).await
}

fn auth(credential: &str) -> Value {
    json!({"type": "azure_entra", "tenant_id": "contoso", "client_id": "app", "credential": credential})
}

fn by_secret() -> Value {
    json!({"preset": "azure", "auth": auth("client_secret")})
}

#[tokio::test]
async fn p94_one_token_serves_all_backends_of_an_application_and_the_secret_goes_to_entra_alone() {
    let (entra, good) = entra();
    let (one, other) = (model(&good), model(&good));
    let gateway = gateway(&entra, None, &[&one, &other]).await;
    gateway.admin().create_model_with("one", &one, &by_secret()).await;
    gateway.admin().create_model_with("other", &other, &by_secret()).await;
    let program = gateway.program().await;
    let (first, second) = tokio::join!(status(program.chat("one")), status(program.chat("other")));
    assert_eq!((first, second), (200, 200));
    assert_eq!(status(program.message("one")).await, 200);
    let asked = entra.received();
    assert_eq!(asked.len(), 1);
    let asked = form(&asked[0]);
    assert_eq!(asked["scope"], "https://ai.azure.com/.default");
    assert_eq!(
        (asked["grant_type"].as_str(), asked["client_id"].as_str()),
        ("client_credentials", "app")
    );
    for request in [one.received(), other.received()].concat() {
        assert!(!format!("{request:?}").contains(BACKEND_KEY));
    }
}

#[tokio::test]
async fn p94_a_refused_token_is_minted_anew_once_and_a_fresh_one_is_not() {
    let (entra, good) = entra();
    let model = model(&good);
    let gateway = gateway(&entra, None, &[&model]).await;
    gateway.admin().create_model_with("m", &model, &by_secret()).await;
    let program = gateway.program().await;
    assert_eq!(status(program.chat("m")).await, 200);
    // The token that the gateway holds is good no more.
    good.fetch_add(1, Ordering::Relaxed);
    assert_eq!(status(program.chat("m")).await, 200);
    assert_eq!((entra.received().len(), model.received().len()), (2, 3));
    model.will(Reply::error(401, &json!({"error": {"message": "never"}})));
    model.will(Reply::error(401, &json!({"error": {"message": "never"}})));
    assert!(status(program.chat("m")).await >= 500);
    assert_eq!(
        (entra.received().len(), model.received().len()),
        (3, 5),
        "asked twice, not more"
    );
}

#[tokio::test]
async fn p94_what_entra_says_is_told_to_no_client() {
    let (entra, good) = entra();
    let model = model(&good);
    let gateway = gateway(&entra, None, &[&model]).await;
    let mut wrong = by_secret();
    wrong["api_key"] = json!("another-secret");
    gateway.admin().create_model_with("m", &model, &wrong).await;
    let program = gateway.program().await;
    assert!(status(program.chat("m")).await >= 500);
    let response = program.chat("m").send().await.unwrap();
    assert!(response.status().is_server_error());
    let body = response.text().await.unwrap();
    assert!(!body.contains("canary") && !body.contains("invalid_client"), "{body}");
    assert_eq!(model.received().len(), 0);
    let backends = data(gateway.admin().get("/api/v1/admin/backends"), 200).await;
    let health = &backends[0]["health"];
    assert_eq!(health["last_error"]["class"], "credentials", "{health}");
    assert!(!health.to_string().contains("canary"), "{health}");
}

#[tokio::test]
async fn the_role_at_aws_is_shown_in_place_of_a_secret() {
    let ((entra, good), sts) = (entra(), sts::start());
    let model = model(&good);
    let gateway = gateway(&entra, Some(&sts), &[&model]).await;
    let federated = json!({"preset": "azure", "auth": auth("aws_federation"), "api_key": null});
    gateway.admin().create_model_with("m", &model, &federated).await;
    assert_eq!(status(gateway.program().await.chat("m")).await, 200);
    assert_eq!(bedrock::scope(&sts.received()[0]), "eu-central-1/sts");
    let asked = form(&entra.received()[0]);
    let jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    assert_eq!(asked["client_assertion_type"], jwt);
}

const BACKENDS: &str = "/api/v1/admin/models/m/backends";

fn entry(auth: &Value, key: &Value) -> Value {
    let base_url = "https://mine.openai.azure.com/openai/v1";
    json!({"name": "b", "base_url": base_url, "model_name": "n", "auth": auth, "api_key": key})
}

async fn gateway_with_model() -> Gateway {
    let gateway = Gateway::start().await;
    let model = json!({"id": "m", "name": "m"});
    gateway.admin().create("/api/v1/admin/models", &model).await;
    gateway
}

#[tokio::test]
async fn p28_an_application_is_refused_by_the_member_that_is_wrong() {
    let gateway = gateway_with_model().await;
    let create = |entry: &Value| gateway.admin().post(BACKENDS).json(entry);
    for (member, value) in [
        ("tenant_id", json!("../common")),
        ("tenant_id", json!("..")),
        ("tenant_id", Value::Null),
        ("client_id", json!("a/b")),
        ("credential", json!("service_account_key")),
        ("scope", json!("a b")),
        ("header", json!("api-key")),
        ("region", json!("eu-central-1")),
        ("authority", json!("https://evil.example")),
    ] {
        let mut wrong = auth("client_secret");
        wrong[member] = value;
        let found = refused(create(&entry(&wrong, &json!("k")))).await;
        assert_eq!(found, ("invalid_value".to_owned(), format!("auth.{member}")));
    }
    let keyless = entry(&auth("client_secret"), &Value::Null);
    let keyed = entry(&auth("aws_federation"), &json!("k"));
    for entry in [keyless, keyed] {
        assert_eq!(refused(create(&entry)).await.1, "api_key");
    }
}

#[tokio::test]
async fn p93_a_token_of_entra_is_for_hosts_of_azure() {
    let gateway = gateway_with_model().await;
    for host in [
        "mine.openai.azure.com.evil.example",
        "openai.azure.com",
        "a.b.openai.azure.com",
        "mine.azure-api.net",
        "mineopenai.azure.com",
    ] {
        let mut wrong = entry(&auth("client_secret"), &json!("k"));
        wrong["base_url"] = json!(format!("https://{host}/openai/v1"));
        let found = refused(gateway.admin().post(BACKENDS).json(&wrong)).await;
        assert_eq!(found, ("invalid_base_url".to_owned(), "base_url".to_owned()), "{host}");
    }
}

#[tokio::test]
async fn p23_a_client_secret_is_for_entra_alone() {
    let gateway = gateway_with_model().await;
    let admin = gateway.admin();
    let backend = admin
        .create(BACKENDS, &entry(&auth("client_secret"), &json!("k")))
        .await;
    let path = format!("/api/v1/admin/backends/{}", backend["id"].as_str().unwrap());
    let other = json!({"auth": {"type": "api_key", "header": "api-key"}});
    assert_eq!(refused(admin.put(&path).json(&other)).await.0, "secret_required");
    let federated = json!({"auth": auth("aws_federation"), "api_key": null});
    let changed = data(admin.put(&path).json(&federated), 200).await;
    assert_eq!(changed["has_api_key"], false);
}

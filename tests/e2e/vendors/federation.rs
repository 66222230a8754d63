//! `OpenAI` and Anthropic, which let the gateway's role at AWS in by federation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use harness::Gateway;
use harness::client::{message, status};
use harness::provider::{Provider, Reply, anthropic, openai};
use harness::sts::{self, token_for};
use serde_json::{Value, json};
use service::token_endpoints::TokenEndpoints;

use super::{gateway_at, refused};

const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// A token endpoint that gives `token-1`, `token-2` and so on to whoever asks with `expected`.
fn token_endpoint(expected: Value) -> Provider {
    let minted = Arc::new(AtomicU32::new(0));
    Provider::answering(move |request| {
        if request.json() != expected {
            return Reply::error(400, &json!({"error": "invalid_grant", "error_description": "canary"}));
        }
        let number = minted.fetch_add(1, Ordering::Relaxed) + 1;
        Reply::json(&json!({"token_type": "Bearer", "expires_in": 3600, "access_token": format!("token-{number}")}))
    })
}

async fn gateway(endpoints: TokenEndpoints, sts: &Provider, vendor: &Provider) -> Gateway {
    let sts = Some(sts.base_url());
    gateway_at(TokenEndpoints { sts, ..endpoints }, &[vendor]).await
}

#[tokio::test]
async fn p94_openai_gives_a_token_to_the_role() {
    let (sts, vendor) = (sts::start(), Provider::start());
    let endpoint = token_endpoint(json!({
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token_type": JWT,
        "subject_token": token_for("https://api.openai.com/v1"), "identity_provider_id": "idp_1",
        "service_account_id": "sa_1",
    }));
    let endpoints = TokenEndpoints {
        openai: Some(endpoint.base_url()),
        ..TokenEndpoints::default()
    };
    let gateway = gateway(endpoints, &sts, &vendor).await;
    let auth = json!({"type": "openai_federation", "identity_provider_id": "idp_1", "service_account_id": "sa_1"});
    let entry = json!({"preset": "openai", "auth": auth, "api_key": null});
    gateway.admin().create_model_with("m", &vendor, &entry).await;
    let program = gateway.program().await;
    for _ in 0..2 {
        vendor.will(Reply::json(&openai::completion("Hi")));
        assert_eq!(status(program.chat("m")).await, 200);
    }
    assert_eq!((sts.received().len(), endpoint.received().len()), (1, 1));
    assert!(
        vendor
            .received()
            .iter()
            .all(|one| one.header("authorization") == "Bearer token-1")
    );
}

#[tokio::test]
async fn p94_anthropic_gives_a_token_to_the_role_and_gets_the_beta_that_takes_it() {
    let (sts, vendor) = (sts::start(), Provider::start());
    let endpoint = token_endpoint(json!({
        "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "federation_rule_id": "fdrl_1",
        "assertion": token_for("https://api.anthropic.com"), "organization_id": "org_1", "workspace_id": "wrkspc_1",
    }));
    let endpoints = TokenEndpoints {
        anthropic: Some(endpoint.base_url()),
        ..TokenEndpoints::default()
    };
    let gateway = gateway(endpoints, &sts, &vendor).await;
    let auth = json!({
        "type": "anthropic_federation", "federation_rule_id": "fdrl_1", "organization_id": "org_1",
        "workspace_id": "wrkspc_1",
    });
    let entry = json!({"protocol": "anthropic", "preset": "anthropic", "auth": auth, "api_key": null});
    gateway.admin().create_model_with("m", &vendor, &entry).await;
    vendor.will(Reply::json(&anthropic::message("Hi")));
    let program = gateway.program().await;
    let asked = program
        .post("/v1/messages")
        .header("anthropic-beta", "a")
        .json(&message("m"));
    assert_eq!(status(asked).await, 200);
    assert_eq!(
        endpoint.received()[0].header("anthropic-beta"),
        "oauth-2025-04-20,oidc-federation-2026-04-01"
    );
    let asked = vendor.received().pop().unwrap();
    let betas = asked.headers.get_all("anthropic-beta").iter();
    let betas: Vec<&str> = betas.map(|beta| beta.to_str().unwrap()).collect();
    assert_eq!(betas, ["a", "oauth-2025-04-20"]);
    assert_eq!(
        (asked.header("authorization"), asked.header("x-api-key")),
        ("Bearer token-1", "")
    );
}

#[tokio::test]
async fn p93_the_role_is_shown_to_these_vendors_at_their_own_hosts() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    admin
        .create("/api/v1/admin/models", &json!({"id": "m", "name": "m"}))
        .await;
    let openai = json!({"type": "openai_federation", "identity_provider_id": "i", "service_account_id": "s"});
    let anthropic = json!({"type": "anthropic_federation", "federation_rule_id": "r", "organization_id": "o"});
    for (auth, url) in [
        (&openai, "https://api.openai.com.evil.example/v1"),
        (&openai, "https://api.anthropic.com"),
        (&anthropic, "https://api.openai.com/v1"),
        (&anthropic, "http://api.anthropic.com"),
    ] {
        let entry = json!({"name": "b", "base_url": url, "model_name": "n", "auth": auth});
        let found = refused(admin.post("/api/v1/admin/models/m/backends").json(&entry)).await;
        assert_eq!(found.1, "base_url", "{url}");
    }
}

//! Bedrock in another account, by a role that the gateway's own one assumes, and by keys that a signature makes.

use harness::Gateway;
use harness::bedrock::{self, ROLE_KEY};
use harness::client::{data, status};
use harness::provider::{Provider, Reply, openai};
use harness::sts::{self, ROLE};
use serde_json::{Value, json};
use service::token_endpoints::TokenEndpoints;

use super::{gateway_at, refused};

fn assuming(kind: &str, external_id: &str) -> Value {
    let auth = json!({"type": kind, "region": "us-east-1", "role_arn": ROLE.0, "external_id": external_id});
    json!({"preset": "bedrock", "auth": auth, "api_key": null})
}

async fn gateway(sts: &Provider, bedrock: &Provider) -> Gateway {
    let endpoints = TokenEndpoints {
        sts: Some(sts.base_url()),
        ..TokenEndpoints::default()
    };
    gateway_at(endpoints, &[bedrock]).await
}

#[tokio::test]
async fn p94_a_role_is_assumed_once_and_signs_for_all_its_backends() {
    let (sts, bedrock) = (sts::start(), bedrock::start_for(&ROLE_KEY));
    let gateway = gateway(&sts, &bedrock).await;
    let (admin, program) = (gateway.admin(), gateway.program().await);
    for model in ["a", "b"] {
        admin
            .create_model_with(model, &bedrock, &assuming("aws_sigv4", ROLE.1))
            .await;
    }
    let (a, b) = tokio::join!(status(program.chat("a")), status(program.chat("b")));
    assert_eq!((a, b), (200, 200));
    assert_eq!(sts.received().len(), 1);
    let asked = sts::form(&sts.received()[0]);
    assert_eq!(
        (asked["RoleSessionName"].as_str(), asked["DurationSeconds"].as_str()),
        ("tidegate", "3600")
    );
    let signed = bedrock.received().pop().unwrap();
    assert_eq!(bedrock::scope(&signed), "us-east-1/bedrock");
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_fails_its_backend_and_tells_no_client() {
    let (sts, bedrock) = (sts::start(), bedrock::start_for(&ROLE_KEY));
    let gateway = gateway(&sts, &bedrock).await;
    let wrong = assuming("aws_sigv4", "another/id");
    gateway.admin().create_model_with("m", &bedrock, &wrong).await;
    let program = gateway.program().await;
    assert!(status(program.chat("m")).await >= 500);
    let response = program.chat("m").send().await.unwrap();
    assert!(response.status().is_server_error());
    let body = response.text().await.unwrap();
    assert!(!body.contains("AccessDenied") && !body.contains(ROLE.0), "{body}");
    assert_eq!(bedrock.received().len(), 0);
    let backends = data(gateway.admin().get("/api/v1/admin/backends"), 200).await;
    assert_eq!(backends[0]["health"]["last_error"]["class"], "credentials");
}

#[tokio::test]
async fn p94_a_refused_session_is_assumed_anew() {
    let (sts, bedrock) = (sts::start(), bedrock::start_for(&ROLE_KEY));
    let gateway = gateway(&sts, &bedrock).await;
    gateway
        .admin()
        .create_model_with("m", &bedrock, &assuming("aws_sigv4", ROLE.1))
        .await;
    let program = gateway.program().await;
    assert_eq!(status(program.chat("m")).await, 200);
    bedrock.will(bedrock::refusal("ExpiredTokenException", "outdated"));
    assert_eq!(status(program.chat("m")).await, 200);
    assert_eq!((sts.received().len(), bedrock.received().len()), (2, 3));
}

#[tokio::test]
async fn p94_a_key_of_bedrock_is_made_of_a_signature_and_kept() {
    let sts = sts::start();
    let bedrock = Provider::answering(|request| {
        if request.header("authorization").starts_with("Bearer bedrock-api-key-") {
            Reply::json(&openai::completion("Hello"))
        } else {
            Reply::error(401, &json!({"error": {"message": "no key"}}))
        }
    });
    let gateway = gateway(&sts, &bedrock).await;
    let (admin, program) = (gateway.admin(), gateway.program().await);
    let own = json!({"preset": "bedrock", "auth": {"type": "bedrock_token"}, "api_key": null});
    admin.create_model_with("own", &bedrock, &own).await;
    admin
        .create_model_with("roles", &bedrock, &assuming("bedrock_token", ROLE.1))
        .await;
    for model in ["own", "own", "roles"] {
        assert_eq!(status(program.chat(model)).await, 200, "{model}");
    }
    let shown: Vec<String> = bedrock
        .received()
        .iter()
        .map(|one| one.header("authorization").to_owned())
        .collect();
    assert_eq!(shown[0], shown[1]);
    assert_ne!(shown[0], shown[2]);
    assert_eq!(sts.received().len(), 1, "the own role needs no network");
}

#[tokio::test]
async fn p28_a_role_is_refused_by_the_member_that_is_wrong() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    admin
        .create("/api/v1/admin/models", &json!({"id": "m", "name": "m"}))
        .await;
    for (auth, field) in [
        (json!({"type": "aws_sigv4", "role_arn": "models"}), "auth.role_arn"),
        (json!({"type": "aws_sigv4", "external_id": "ab"}), "auth.role_arn"),
        (
            json!({"type": "aws_sigv4", "role_arn": ROLE.0, "external_id": "a b"}),
            "auth.external_id",
        ),
        (json!({"type": "bedrock_token", "service": "bedrock"}), "auth.service"),
        (json!({"type": "gcp"}), "auth.credential"),
        (json!({"type": "gcp", "credential": "client_secret"}), "auth.credential"),
        (json!({"type": "gcp", "credential": "aws_federation"}), "auth.audience"),
        (
            json!({"type": "gcp", "credential": "aws_federation", "audience": "https://evil"}),
            "auth.audience",
        ),
        (
            json!({"type": "gcp", "credential": "service_account_key", "service_account": "a"}),
            "auth.service_account",
        ),
        (
            json!({"type": "openai_federation", "identity_provider_id": "i"}),
            "auth.service_account_id",
        ),
        (
            json!({"type": "anthropic_federation", "federation_rule_id": "r"}),
            "auth.organization_id",
        ),
    ] {
        let entry = json!({
            "name": "b", "base_url": "https://bedrock-runtime.eu-central-1.amazonaws.com", "model_name": "n", "auth": auth,
        });
        let found = refused(admin.post("/api/v1/admin/models/m/backends").json(&entry)).await;
        assert_eq!(found, ("invalid_value".to_owned(), field.to_owned()), "{entry}");
    }
}

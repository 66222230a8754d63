//! Amazon Bedrock by the gateway's own signature.

use domain::clock::Clock;
use harness::Gateway;
use harness::bedrock::{self, AWS_KEY, AwsKey};
use harness::client::{Client, data, message, status};
use harness::provider::{Provider, Reply, anthropic};
use local::Options;
use serde_json::{Value, json};
use service::identity::Identity;

use super::refused;

/// A gateway with `key` that shows its identity at `bedrock`.
async fn gateway_with(key: &AwsKey, bedrock: &Provider) -> Gateway {
    let origins = bedrock.base_url().parse().unwrap();
    let credentials = aws_credential_types::provider::SharedCredentialsProvider::new(key.credentials());
    let identity = Identity::at(origins, Clock::system()).with_aws(credentials, Some("eu-west-3".to_owned()));
    Gateway::start_with(|options| Options { identity, ..options }).await
}

/// Adds a model that is asked at `path` of `bedrock`.
async fn create_model(admin: &Client, id: &str, bedrock: &Provider, path: &str, members: &Value) {
    let mut entry = json!({
        "base_url": format!("{}{path}", bedrock.base_url()), "auth": {"type": "aws_sigv4"}, "api_key": null,
        "protocol": if path.contains("anthropic") { "anthropic" } else { "openai" }, "preset": "bedrock",
        "model_name": "eu.anthropic.claude-opus-5-5",
    });
    for (name, value) in members.as_object().unwrap() {
        entry[name] = value.clone();
    }
    admin.create_model_with(id, bedrock, &entry).await;
}

#[tokio::test]
async fn requests_of_all_dialects_are_signed_and_bedrock_agrees() {
    let bedrock = bedrock::start();
    let gateway = gateway_with(&AWS_KEY, &bedrock).await;
    let (admin, program) = (gateway.admin(), gateway.program().await);
    let own = json!({"auth": {"type": "aws_sigv4", "region": "us-east-1", "service": "bedrock-mantle"}});
    create_model(admin, "claude", &bedrock, "/anthropic", &json!({})).await;
    create_model(admin, "open", &bedrock, "/openai/v1", &own).await;
    let native = program
        .post("/v1/messages")
        .header("anthropic-beta", "a,b")
        .json(&message("claude"));
    for request in [
        native,
        program.chat("claude"),
        program.chat("open"),
        program.message("open"),
    ] {
        assert_eq!(status(request).await, 200);
    }
    let asked = bedrock.received();
    let scopes: Vec<(&str, String)> = asked
        .iter()
        .map(|one| (one.path.as_str(), bedrock::scope(one)))
        .collect();
    let (claude, open) = ("/anthropic/v1/messages", "/openai/v1/chat/completions");
    let (default, own) = ("eu-west-3/bedrock".to_owned(), "us-east-1/bedrock-mantle".to_owned());
    assert_eq!(
        scopes,
        [
            (claude, default.clone()),
            (claude, default),
            (open, own.clone()),
            (open, own)
        ]
    );
    assert_eq!(asked[0].header("anthropic-beta"), "a,b");
    assert_eq!(asked[0].header("x-amz-security-token"), AWS_KEY.session);
}

#[tokio::test]
async fn p9_a_clients_own_signature_never_gets_that_far() {
    let bedrock = bedrock::start();
    let gateway = gateway_with(&AWS_KEY, &bedrock).await;
    create_model(gateway.admin(), "m", &bedrock, "/anthropic", &json!({})).await;
    let request = gateway.program().await.post("/v1/messages").json(&message("m"));
    let request = request
        .header("x-amz-security-token", "the-clients")
        .header("x-amzn-trace-id", "the-clients");
    assert_eq!(status(request).await, 200);
    let asked = bedrock.received().pop().unwrap();
    let of_client = |value: &http::HeaderValue| value.to_str().unwrap_or_default().contains("the-clients");
    assert!(!asked.headers.values().any(of_client), "{:?}", asked.headers);
}

#[tokio::test]
async fn a_wrong_key_is_a_failure_of_the_backend_that_tells_no_client() {
    let wrong = AwsKey {
        secret: "another secret",
        ..AWS_KEY
    };
    let bedrock = bedrock::start();
    let gateway = gateway_with(&wrong, &bedrock).await;
    create_model(gateway.admin(), "m", &bedrock, "/openai/v1", &json!({})).await;
    let program = gateway.program().await;
    assert!(status(program.chat("m")).await >= 500);
    let response = program.chat("m").send().await.unwrap();
    assert!(response.status().is_server_error());
    let body = response.text().await.unwrap();
    assert!(!body.contains("signature") && !body.contains(wrong.id), "{body}");
    let backends = data(gateway.admin().get("/api/v1/admin/backends"), 200).await;
    assert_eq!(backends[0]["health"]["reason"], "credentials");
}

#[tokio::test]
async fn a_refused_signature_is_made_anew_once() {
    let bedrock = bedrock::start();
    let gateway = gateway_with(&AWS_KEY, &bedrock).await;
    create_model(gateway.admin(), "m", &bedrock, "/openai/v1", &json!({})).await;
    let program = gateway.program().await;
    for kind in ["ExpiredTokenException", "InvalidSignatureException"] {
        let before = bedrock.received().len();
        bedrock.will(bedrock::refusal(kind, "outdated"));
        assert_eq!(status(program.chat("m")).await, 200, "{kind}");
        assert_eq!(bedrock.received().len() - before, 2);
    }
    let before = bedrock.received().len();
    bedrock.will(bedrock::refusal("AccessDeniedException", "no right"));
    assert!(status(program.chat("m")).await >= 500);
    assert_eq!(bedrock.received().len() - before, 1);
}

#[tokio::test]
async fn without_credentials_that_backend_fails_and_others_serve() {
    let (bedrock, provider) = (bedrock::start(), Provider::start());
    let origins = bedrock.base_url().parse().unwrap();
    let identity = Identity::at(origins, Clock::system());
    let gateway = Gateway::start_with(|options| Options { identity, ..options }).await;
    let region = json!({"auth": {"type": "aws_sigv4", "region": "us-east-1"}});
    create_model(gateway.admin(), "m", &bedrock, "/openai/v1", &region).await;
    gateway
        .admin()
        .create_backend_with("m", &provider, &json!({"weight": 0}))
        .await;
    provider.will(Reply::json(&harness::provider::openai::completion("Hi")));
    assert_eq!(status(gateway.program().await.chat("m")).await, 200);
    assert_eq!(bedrock.received().len(), 0);
}

#[tokio::test]
async fn p93_an_entry_for_somebody_elses_host_is_refused() {
    let bedrock = bedrock::start();
    let gateway = gateway_with(&AWS_KEY, &bedrock).await;
    let admin = gateway.admin();
    admin
        .create("/api/v1/admin/models", &json!({"id": "m", "name": "m"}))
        .await;
    let entry =
        |base_url: &str| json!({"name": "b", "base_url": base_url, "model_name": "n", "auth": {"type": "aws_sigv4"}});
    let backends = "/api/v1/admin/models/m/backends";
    let backend = admin
        .create(
            backends,
            &entry("https://bedrock-runtime.eu-central-1.amazonaws.com/anthropic"),
        )
        .await;
    let path = format!("/api/v1/admin/backends/{}", backend["id"].as_str().unwrap());
    let wrong = ("invalid_base_url".to_owned(), "base_url".to_owned());
    for url in [
        "https://bedrock-runtime.eu-central-1.amazonaws.com.evil.example",
        "http://127.0.0.1:9",
        "https://sts.eu-central-1.amazonaws.com",
    ] {
        assert_eq!(refused(admin.post(backends).json(&entry(url))).await, wrong, "{url}");
        assert_eq!(
            refused(admin.put(&path).json(&json!({"base_url": url}))).await,
            wrong,
            "{url}"
        );
    }
    let signed = entry("https://bedrock-mantle.eu-central-1.api.aws/v1");
    let with_key =
        json!({"name": "b", "base_url": signed["base_url"], "model_name": "n", "auth": signed["auth"], "api_key": "k"});
    assert_eq!(refused(admin.post(backends).json(&with_key)).await.1, "api_key");
}

#[tokio::test]
async fn p93_checks_and_trials_do_not_show_the_identity() {
    let provider = Provider::start();
    let gateway = gateway_with(&AWS_KEY, &provider).await;
    let admin = gateway.admin();
    create_model(admin, "m", &provider, "/openai/v1", &json!({})).await;
    let backends = data(admin.get("/api/v1/admin/backends"), 200).await;
    let id = backends[0]["id"].as_str().unwrap();
    provider.will(Reply::error(403, &json!({"message": "who are you"})));
    let check = data(admin.post(&format!("/api/v1/admin/backends/{id}/health")), 200).await;
    assert_eq!((&check["healthy"], &check["error"]), (&json!(true), &Value::Null));
    provider.will(Reply::error(403, &json!({"message": "who are you"})));
    let trial = data(admin.post("/api/v1/admin/backends/test").json(&json!({"id": id})), 200).await;
    assert_eq!(trial["passed"], true, "{trial}");
    let asked = provider.received();
    assert_eq!(asked.len(), 2);
    assert!(
        asked.iter().all(|one| one.header("authorization").is_empty()),
        "{asked:?}"
    );
}

/// What Bedrock got of a Messages request with these members and this header of betas, and the warnings.
async fn native(program: &Client, provider: &Provider, members: &Value, betas: &str) -> (Value, String, String) {
    provider.will(Reply::json(&anthropic::message("Hello")));
    let mut body = message("m");
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    let request = program.post("/v1/messages").header("anthropic-beta", betas).json(&body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let warnings = response
        .headers()
        .get("x-translation-warnings")
        .map(|value| value.to_str().unwrap().to_owned());
    let asked = provider.received().pop().unwrap();
    (
        asked.json(),
        asked.header("anthropic-beta").to_owned(),
        warnings.unwrap_or_default(),
    )
}

#[tokio::test]
async fn bedrocks_preset_leaves_out_what_it_refuses() {
    let provider = Provider::start();
    let gateway = Gateway::start().await;
    let entry = json!({"protocol": "anthropic", "preset": "bedrock"});
    gateway.admin().create_model_with("m", &provider, &entry).await;
    let program = gateway.program().await;
    let user = r#"{"device_id":"1","session_id":"2"}"#;
    let members = json!({
        "metadata": {"user_id": user}, "output_config": {"effort": "high", "format": {"type": "json_schema"}},
    });
    let (body, betas, warnings) = native(&program, &provider, &members, "a, prompt-caching-scope-2026-01-05").await;
    let hash = &domain::access::digest::sha256_hex(user)[..32];
    assert_eq!(body["metadata"], json!({"user_id": hash}));
    assert_eq!(body["output_config"], json!({"effort": "high"}));
    assert_eq!(betas, "a");
    assert!(
        warnings.contains("output_config.format") && warnings.contains("anthropic-beta"),
        "{warnings}"
    );
    let (_, betas, _) = native(&program, &provider, &json!({}), "prompt-caching-scope-2026-01-05").await;
    assert!(
        !provider
            .received()
            .pop()
            .unwrap()
            .headers
            .contains_key("anthropic-beta"),
        "{betas}"
    );
    let count = program.post("/v1/messages/count_tokens").json(&message("m"));
    let asked = provider.received().len();
    assert_eq!(status(count).await, 200);
    assert_eq!(provider.received().len(), asked, "it has no route for counts");
}

#[tokio::test]
async fn the_operators_version_of_messages_is_sent_and_a_region_that_is_known_is_not() {
    let provider = Provider::start();
    let gateway = Gateway::start().await;
    let settings = json!({"anthropic_version": "2026-10-21", "inference_geos": ["eu"]});
    let entry = json!({"protocol": "anthropic", "settings": settings});
    gateway.admin().create_model_with("m", &provider, &entry).await;
    let program = gateway.program().await;
    let (body, ..) = native(&program, &provider, &json!({"inference_geo": "eu"}), "a").await;
    assert_eq!(body.get("inference_geo"), None);
    assert_eq!(
        provider.received().pop().unwrap().header("anthropic-version"),
        "2026-10-21"
    );
    let mut elsewhere = message("m");
    elsewhere["inference_geo"] = json!("us");
    assert_eq!(status(program.post("/v1/messages").json(&elsewhere)).await, 400);
}

//! A login through the binaries of the cloud, by API Gateway's events: query, cookies and redirects as they are there.

use harness::identity_provider::{Begun, IdentityProvider, SigningKey};
use harness::lambda::Answer;
use harness::provider::Reply;
use serde_json::{Value, json};

use crate::lambda::Cloud;

const CODE: &str = "a-code-of-the-provider";

/// An installation whose administrator has set single sign-on up, and its provider.
async fn set_up() -> (Cloud, IdentityProvider, SigningKey) {
    let (provider, key) = (IdentityProvider::start(), SigningKey::generate("one"));
    let mut cloud = Cloud::start(provider.issuer()).await;
    for event in ["auth/login", "admin/sso_config"] {
        assert_eq!(cloud.invoke(event).await.status, 200, "{event}");
    }
    (cloud, provider, key)
}

/// Follows the login link.
async fn begin(cloud: &mut Cloud) -> Begun {
    let answer = cloud.invoke("auth/sso_login").await;
    assert_eq!(answer.status, 302);
    Begun::of(&answer.headers)
}

/// The provider sends the browser back.
async fn come_back(cloud: &mut Cloud, begun: &Begun) -> Answer {
    let mut event = cloud.event("auth/sso_callback");
    let (state, cookie) = (begun.parameter("state"), &begun.cookie);
    event["queryStringParameters"] = json!({"code": CODE, "state": state});
    event["multiValueQueryStringParameters"] = json!({"code": [CODE], "state": [state]});
    event["headers"]["Cookie"] = json!(cookie);
    event["multiValueHeaders"]["Cookie"] = json!([cookie]);
    cloud.function("auth").await.invoke(event).answer().await
}

#[tokio::test]
async fn p9_a_login_goes_through_the_function_from_its_link_to_a_session() {
    let (mut cloud, provider, key) = set_up().await;
    provider.will_introduce_itself(&key);
    let begun = begin(&mut cloud).await;
    assert!(begun.cookie.starts_with("__Host-tidegate-sso="), "{}", begun.cookie);
    assert_eq!(
        begun.parameter("redirect_uri"),
        "https://gateway.example.com/api/v1/auth/sso/callback",
        "whatever `Host` is"
    );
    provider.will_vouch(&begun, &key, &json!({}));
    let answer = come_back(&mut cloud, &begun).await;
    assert_eq!(answer.status, 200);
    let forgotten = answer.headers["set-cookie"].to_str().unwrap();
    assert!(
        forgotten.starts_with("__Host-tidegate-sso=;") && forgotten.contains("; Secure"),
        "{forgotten}"
    );
    let opened = answer.json().await["data"].take();
    cloud.know("TOKEN", opened["token"].as_str().unwrap());
    let profile = cloud.invoke("auth/show_profile").await.json().await;
    assert_eq!(profile["data"]["email"], "person@example.com");
    assert_eq!(
        come_back(&mut cloud, &begun).await.json().await["error"]["code"],
        "sso_failed",
        "once"
    );
}

#[tokio::test]
async fn p25_the_functions_log_tells_why_and_holds_no_secret_of_a_login() {
    let (mut cloud, provider, key) = set_up().await;
    provider.will_introduce_itself(&key);
    let begun = begin(&mut cloud).await;
    let token = key.sign(&provider.claims(&begun, &json!({"aud": "another-client"})));
    provider.will_grant(&token);
    let refused = come_back(&mut cloud, &begun).await.json().await;
    assert_eq!(refused["error"]["code"], "sso_failed");
    let log = cloud.function("auth").await.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = |message: &str| {
        lines
            .iter()
            .find(|line| line["message"] == message)
            .unwrap_or_else(|| panic!("no {message}: {log}"))
    };
    let reason = line("single sign-on refused");
    assert_eq!(reason["reason"], "the token is for another client");
    assert_eq!(reason["request.id"], refused["error"]["request_id"]);
    for secret in [
        CODE,
        "the-client-secret",
        &token,
        &begun.parameter("state"),
        &begun.parameter("nonce"),
        &begun.cookie,
    ] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}

/// `admin` may not read the client's secret: it invokes `auth`.
#[tokio::test]
async fn p37_administration_has_a_provider_tried_by_the_function_that_may_read_the_clients_secret() {
    let (mut cloud, provider, key) = set_up().await;
    cloud.function("auth").await;
    provider.will_introduce_itself(&key);
    provider.will(Reply::error(
        400,
        &json!({"error": "invalid_grant", "error_description": "canary"}),
    ));
    let report = cloud.invoke("admin/sso_test").await.json().await["data"].take();
    assert_eq!(report["passed"], true, "{report}");
    assert!(
        provider
            .received()
            .pop()
            .unwrap()
            .header("authorization")
            .starts_with("Basic ")
    );
}

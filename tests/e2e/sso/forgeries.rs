//! Forged, replayed, stolen and misdirected: each is refused, with its reason in the log alone.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use harness::Gateway;
use harness::client::refusal;
use harness::identity_provider::{Begun, CLIENT_SECRET, IdentityProvider, SigningKey};
use harness::provider::Reply;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::Installation;

/// Makes an ID token of claims.
type Forge<'a> = &'a dyn Fn(&Value) -> String;

#[tokio::test]
async fn p9_a_token_that_is_not_what_was_asked_for_is_refused() {
    let installation = Installation::start().await;
    for (claims, reason) in [
        (json!({"iss": "https://evil.example"}), "another issuer"),
        (json!({"aud": "another-client"}), "another client"),
        (json!({"aud": ["tidegate", "another"]}), "another client"),
        (json!({"exp": 1_700_000_000}), "expired"),
        (json!({"iat": 1_700_000_000}), "issued too long ago"),
        (json!({"nonce": "of another login"}), "another login"),
        (json!({"nonce": null}), "another login"),
    ] {
        let response = installation.log_in(&claims).await;
        installation.assert_refused(response, reason).await;
    }
}

#[tokio::test]
async fn p9_a_token_that_the_provider_has_not_signed_is_refused() {
    let installation = Installation::start().await;
    let none = |claims: &Value| {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(&json!({"alg": "none"})), part(claims))
    };
    let with_secret = |claims: &Value| {
        let key = EncodingKey::from_secret(CLIENT_SECRET.as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()
    };
    let own = SigningKey::generate("one");
    let unknown = SigningKey::generate("two");
    let forgers: [(Forge<'_>, &str); 4] = [
        (&none, "malformed"),
        (&with_secret, "not asymmetric"),
        (&|claims| own.sign(claims), "signature is wrong"),
        (&|claims| unknown.sign(claims), "does not publish"),
    ];
    for (forge, reason) in forgers {
        let begun = Begun::at(&installation.gateway).await;
        installation
            .provider
            .will_grant(&forge(&installation.provider.claims(&begun, &json!({}))));
        let response = begun.come_back(&installation.gateway, "").await;
        installation.assert_refused(response, reason).await;
    }
}

#[tokio::test]
async fn p9_a_state_is_valid_once_and_only_in_the_browser_that_began() {
    let installation = Installation::start().await;
    let begun = Begun::at(&installation.gateway).await;
    let stranger = Begun {
        cookie: "tidegate-sso=another".into(),
        ..begun.clone()
    };
    installation
        .assert_refused(stranger.come_back(&installation.gateway, "").await, "another browser")
        .await;
    let without = Begun {
        cookie: String::new(),
        ..begun.clone()
    };
    installation
        .assert_refused(without.come_back(&installation.gateway, "").await, "another browser")
        .await;
    // Whoever stole the state has not ended the login.
    installation.provider.will_vouch(&begun, &installation.key, &json!({}));
    assert_eq!(begun.come_back(&installation.gateway, "").await.status(), 200);
    installation
        .assert_refused(
            begun.come_back(&installation.gateway, "").await,
            "unknown, used or expired",
        )
        .await;
    let callback = installation
        .gateway
        .anybody()
        .get("/api/v1/auth/sso/callback?code=x")
        .send()
        .await
        .unwrap();
    installation.assert_refused(callback, "unknown, used or expired").await;
}

#[tokio::test]
async fn p9_the_issuer_of_a_response_is_compared_before_the_code_is_redeemed() {
    let installation = Installation::start().await;
    let begun = Begun::at(&installation.gateway).await;
    let asked = installation.provider.received().len();
    let response = begun
        .come_back(&installation.gateway, "&iss=https%3A%2F%2Fevil.example")
        .await;
    installation.assert_refused(response, "names another issuer").await;
    assert_eq!(installation.provider.received().len(), asked, "the code went nowhere");
}

#[tokio::test]
async fn p9_the_redirect_address_is_the_configured_one_whatever_the_request_says() {
    let installation = Installation::start().await;
    let path = "/api/v1/auth/sso/login?redirect_uri=https%3A%2F%2Fevil.example&return_to=https%3A%2F%2Fevil.example";
    let request = installation
        .gateway
        .anybody()
        .get(path)
        .header("x-forwarded-host", "evil.example");
    let response = request.send().await.unwrap();
    let location = response.headers()["location"].to_str().unwrap();
    assert!(
        location.starts_with(&format!("{}/authorize?", installation.provider.issuer())) && !location.contains("evil"),
        "{location}"
    );
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Max-Age=600"),
        "{cookie}"
    );
    assert!(
        !cookie.contains("Secure"),
        "the own machine is reached by http: {cookie}"
    );
    for parameter in [
        "code_challenge_method=S256",
        "code_challenge=",
        "nonce=",
        "state=",
        "scope=openid+email+profile",
    ] {
        assert!(location.contains(parameter), "{parameter}: {location}");
    }
}

#[tokio::test]
async fn p9_pkce_and_the_clients_secret_go_to_the_token_endpoint() {
    let installation = Installation::start().await;
    assert_eq!(installation.log_in(&json!({})).await.status(), 200);
    let redeemed = installation.provider.received().pop().unwrap();
    let body = String::from_utf8(redeemed.body.to_vec()).unwrap();
    assert!(
        redeemed.header("authorization").starts_with("Basic "),
        "by the header, since the provider names no other way"
    );
    assert!(
        body.contains("code=c0de") && body.contains("code_verifier=") && body.contains("redirect_uri=http"),
        "{body}"
    );
    assert!(!body.contains("client_secret"));
}

#[tokio::test]
async fn p35_no_question_to_the_provider_follows_a_redirect() {
    let gateway = Gateway::start().await;
    let (provider, elsewhere) = (IdentityProvider::start(), IdentityProvider::start());
    provider.configure(&gateway, &json!({})).await;
    let login = || gateway.anybody().get("/api/v1/auth/sso/login");
    provider.will(Reply::redirect(&elsewhere.issuer()));
    assert_eq!(refusal(login(), 502).await, "upstream_error");
    provider.will(Reply::json(&provider.document()));
    provider.will(Reply::redirect(&elsewhere.issuer()));
    assert_eq!(refusal(login(), 502).await, "upstream_error");
    provider.will_introduce_itself(&SigningKey::generate("one"));
    let begun = Begun::at(&gateway).await;
    provider.will(Reply::redirect(&elsewhere.issuer()));
    assert_eq!(begun.come_back(&gateway, "").await.status(), 502);
    assert!(elsewhere.received().is_empty());
}

#[tokio::test]
async fn p9_a_provider_that_calls_itself_otherwise_is_not_believed() {
    let gateway = Gateway::start().await;
    let provider = IdentityProvider::start();
    provider.configure(&gateway, &json!({})).await;
    let mut document = provider.document();
    document["issuer"] = format!("{}/", provider.issuer()).into();
    provider.will(Reply::json(&document));
    assert_eq!(
        refusal(gateway.anybody().get("/api/v1/auth/sso/login"), 502).await,
        "upstream_error"
    );
}

#[tokio::test]
async fn p33_addresses_that_the_provider_names_are_judged_like_its_own() {
    let gateway = Gateway::start().await;
    let provider = IdentityProvider::start();
    provider.configure(&gateway, &json!({})).await;
    for (field, address) in [
        ("jwks_uri", "http://169.254.169.254/keys"),
        ("jwks_uri", "http://10.0.0.1/keys"),
    ] {
        let mut document = provider.document();
        document[field] = address.into();
        provider.will(Reply::json(&document));
        assert_eq!(
            refusal(gateway.anybody().get("/api/v1/auth/sso/login"), 502).await,
            "upstream_error",
            "{address}"
        );
    }
    let admin = gateway.admin();
    for issuer in [
        "http://169.254.169.254",
        "https://metadata.google.internal",
        "http://8.8.8.8",
        "https://user@host",
        "https://host?x=1",
    ] {
        let change = admin
            .put("/api/v1/admin/sso/config")
            .json(&json!({"issuer_url": issuer, "client_secret": "x"}));
        assert_eq!(refusal(change, 400).await, "invalid_base_url", "{issuer}");
    }
}

#[tokio::test]
async fn a_provider_that_is_down_leaves_password_logins_alone() {
    let gateway = Gateway::start().await;
    let provider = IdentityProvider::start();
    provider.configure(&gateway, &json!({})).await;
    for _ in 0..2 {
        provider.will(Reply::error(503, &json!({})));
        assert_eq!(
            refusal(gateway.anybody().get("/api/v1/auth/sso/login"), 503).await,
            "dependency_unavailable"
        );
    }
    let _ = gateway
        .anybody()
        .signed_in(harness::ADMIN_EMAIL, harness::ADMIN_PASSWORD)
        .await;
}

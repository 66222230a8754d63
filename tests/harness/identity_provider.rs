//! An identity provider that signs whatever a test wants, and a browser that goes to it and back.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::clock::Clock;
use http::HeaderMap;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use url::Url;

use crate::Gateway;
use crate::client::data;
use crate::provider::{Provider, Received, Reply};

/// Who the gateway is at the provider.
pub const CLIENT_ID: &str = "tidegate";
pub const CLIENT_SECRET: &str = "the-client-secret+/&";

/// A provider on loopback. It answers what it is told to, and nothing else.
#[derive(Debug)]
pub struct IdentityProvider {
    provider: Provider,
}

/// A key that signs ID tokens.
#[derive(Clone)]
pub struct SigningKey {
    kid: &'static str,
    signing: EncodingKey,
    jwk: Value,
}

/// A login that has begun: what the browser carries to the provider.
#[derive(Clone, Debug)]
pub struct Begun {
    /// The address that it was sent to.
    pub url: Url,
    pub cookie: String,
}

impl SigningKey {
    /// A new P-256 key.
    pub fn generate(kid: &'static str) -> Self {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).unwrap();
        let point = pair.public_key().as_ref();
        let (x, y) = (
            URL_SAFE_NO_PAD.encode(&point[1..33]),
            URL_SAFE_NO_PAD.encode(&point[33..]),
        );
        let jwk = json!({"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": kid, "x": x, "y": y});
        Self {
            kid,
            signing: EncodingKey::from_ec_der(document.as_ref()),
            jwk,
        }
    }

    /// Its public half, as a JWK.
    pub fn public(&self) -> Value {
        self.jwk.clone()
    }

    pub fn sign(&self, claims: &Value) -> String {
        let header = Header {
            kid: Some(self.kid.to_owned()),
            ..Header::new(Algorithm::ES256)
        };
        jsonwebtoken::encode(&header, claims, &self.signing).unwrap()
    }
}

impl IdentityProvider {
    pub fn start() -> Self {
        Self {
            provider: Provider::start(),
        }
    }

    pub fn issuer(&self) -> String {
        self.provider.base_url()
    }

    /// The document that the provider has about itself.
    pub fn document(&self) -> Value {
        let base = self.provider.base_url();
        json!({
            "issuer": self.issuer(),
            "authorization_endpoint": format!("{base}/authorize"),
            "token_endpoint": format!("{base}/token"),
            "jwks_uri": format!("{base}/keys"),
        })
    }

    pub fn will(&self, reply: Reply) {
        self.provider.will(reply);
    }

    /// Answers the next two questions with its document and this key.
    pub fn will_introduce_itself(&self, key: &SigningKey) {
        self.will(Reply::json(&self.document()));
        self.will_publish(key);
    }

    /// Answers the next question with this key alone.
    pub fn will_publish(&self, key: &SigningKey) {
        self.will(Reply::json(&json!({"keys": [key.jwk]})));
    }

    /// Answers the next redemption with this ID token.
    pub fn will_grant(&self, token: &str) {
        self.will(Reply::json(
            &json!({"access_token": "a", "token_type": "Bearer", "id_token": token}),
        ));
    }

    pub fn received(&self) -> Vec<Received> {
        self.provider.received()
    }

    /// Its half of a login: grants an ID token with these claims over the usual ones, signed with `key`.
    pub fn will_vouch(&self, begun: &Begun, key: &SigningKey, claims: &Value) {
        self.will_grant(&key.sign(&self.claims(begun, claims)));
    }

    /// Claims about a person, valid now, with these over them.
    pub fn claims(&self, begun: &Begun, changes: &Value) -> Value {
        let now = Clock::system().now().as_second();
        let mut claims = json!({
            "iss": self.issuer(), "sub": "subject-1", "aud": CLIENT_ID, "iat": now, "exp": now + 300,
            "nonce": begun.parameter("nonce"), "email": "person@example.com", "email_verified": true, "name": "A Person",
        });
        claims
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        claims
    }

    /// As an administrator of `gateway`: single sign-on with this provider, with these settings over the usual ones.
    pub async fn configure(&self, gateway: &Gateway, changes: &Value) -> Value {
        let mut config = json!({
            "enabled": true, "provider": "generic-oidc", "issuer_url": self.issuer(), "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET, "auto_provision": true,
            // No page: the callback responds to browsers too.
            "console_url": null,
        });
        config
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        data(gateway.admin().put("/api/v1/admin/sso/config").json(&config), 200).await
    }
}

impl Begun {
    /// What a browser gets that follows the login link.
    pub async fn at(gateway: &Gateway) -> Self {
        Self::by(gateway, "/api/v1/auth/sso/login").await
    }

    /// What a browser gets that follows this path.
    pub async fn by(gateway: &Gateway, path: &str) -> Self {
        let response = gateway.anybody().get(path).send().await.unwrap();
        assert_eq!(response.status(), 302, "{}", response.text().await.unwrap());
        Self::of(response.headers())
    }

    /// What an answer to the login link has told the browser.
    pub fn of(headers: &HeaderMap) -> Self {
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        Self {
            url: header("location").parse().unwrap(),
            cookie: header("set-cookie").split(';').next().unwrap().to_owned(),
        }
    }

    /// A parameter of the address that the browser was sent to.
    pub fn parameter(&self, name: &str) -> String {
        let mut pairs = self.url.query_pairs();
        pairs
            .find(|(key, _)| key == name)
            .unwrap_or_else(|| panic!("no {name} in {}", self.url))
            .1
            .into_owned()
    }

    /// The way back, as a program that wants the answer itself.
    pub async fn come_back(&self, gateway: &Gateway, parameters: &str) -> Response {
        self.callback(gateway, parameters)
            .header("accept", "application/json")
            .send()
            .await
            .unwrap()
    }

    /// The way back, as a browser.
    pub fn callback(&self, gateway: &Gateway, parameters: &str) -> RequestBuilder {
        let path = format!(
            "/api/v1/auth/sso/callback?code=c0de&state={}{parameters}",
            self.parameter("state")
        );
        gateway.anybody().get(&path).header("cookie", &self.cookie)
    }
}

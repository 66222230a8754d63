//! Workloads: programs that come in by their issuer's signature, without a secret of the gateway's.

mod accounts;
mod exchange;
mod refusals;
mod rules;

use domain::clock::Clock;
use harness::Gateway;
use harness::client::{Client, data};
use harness::identity_provider::{IdentityProvider, SigningKey};
use reqwest::Response;
use serde_json::{Value, json};

const RULES: &str = "/api/v1/admin/workloads";
const SUBJECT: &str = "repo:acme/app:ref:refs/heads/main";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// A CI service that signs tokens, and a gateway with a service account for its jobs.
struct Ci {
    gateway: Gateway,
    issuer: IdentityProvider,
    key: SigningKey,
    account: String,
}

impl Ci {
    async fn start() -> Self {
        Self::of(Gateway::start().await).await
    }

    async fn of(gateway: Gateway) -> Self {
        let account = service_account(gateway.admin(), "CI").await;
        Self {
            gateway,
            issuer: IdentityProvider::start(),
            key: SigningKey::generate("ci-1"),
            account,
        }
    }

    fn admin(&self) -> &Client {
        self.gateway.admin()
    }

    /// A rule for this service, with these members over the usual ones.
    async fn rule(&self, id: &str, changes: &Value) -> Value {
        self.admin().create(RULES, &self.form(id, changes)).await
    }

    fn form(&self, id: &str, changes: &Value) -> Value {
        let rule = json!({"id": id, "issuer": self.issuer.issuer(), "claims": {"sub": SUBJECT}, "user": self.account});
        over(rule, changes)
    }

    /// Claims about a job, valid now and for the gateway, with these over them.
    fn claims(&self, changes: &Value) -> Value {
        let (now, gateway) = (Clock::system().now().as_second(), self.admin().address());
        let claims = json!({"iss": self.issuer.issuer(), "sub": SUBJECT, "aud": gateway, "iat": now, "exp": now + 300});
        over(claims, changes)
    }

    /// A token of the service with these claims over the usual ones.
    fn token(&self, changes: &Value) -> String {
        self.key.sign(&self.claims(changes))
    }

    /// The exchange that Anthropic's SDKs make.
    async fn exchange(&self, rule: &str, token: &str) -> Response {
        self.exchange_with(rule, token, &json!({})).await
    }

    async fn exchange_with(&self, rule: &str, token: &str, changes: &Value) -> Response {
        let body = json!({
            "grant_type": JWT_BEARER, "assertion": token, "federation_rule_id": rule,
            "organization_id": "11111111-2222-3333-4444-555555555555", "workspace_id": "default",
        });
        let request = self.gateway.post("/v1/oauth/token").json(&over(body, changes));
        request.send().await.unwrap()
    }

    /// The exchange of RFC 8693.
    async fn exchange_form(&self, members: &[(&str, &str)]) -> Response {
        let kind = "urn:ietf:params:oauth:token-type:jwt";
        let mut form = vec![("grant_type", TOKEN_EXCHANGE), ("subject_token_type", kind)];
        form.extend_from_slice(members);
        let mut encoder = url::form_urlencoded::Serializer::new(String::new());
        let body = encoder.extend_pairs(form).finish();
        let request = self.gateway.post("/oauth/token");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(body).send().await.unwrap()
    }

    /// A program that has come in by this rule.
    async fn program(&self, rule: &str) -> Client {
        let answer = self.exchange(rule, &self.token(&json!({}))).await;
        let body: Value = answer.json().await.unwrap();
        self.gateway
            .anybody()
            .with(body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")))
    }

    /// The newest entry of the audit trail with this action.
    async fn entry(&self, action: &str) -> Value {
        let entries = data(self.admin().get(&format!("/api/v1/admin/audit?action={action}")), 200).await;
        entries[0].clone()
    }
}

/// A service account's id.
async fn service_account(admin: &Client, name: &str) -> String {
    let account = admin
        .create("/api/v1/admin/users", &json!({"kind": "service", "name": name}))
        .await;
    account["id"].as_str().unwrap().to_owned()
}

/// `object` with the members of `changes`.
fn over(mut object: Value, changes: &Value) -> Value {
    let members = changes.as_object().unwrap().clone();
    object.as_object_mut().unwrap().extend(members);
    object
}

/// Panics unless the answer is the one refusal that workloads get.
async fn refused(answer: Response, place: &str) {
    assert_eq!(answer.status(), 400, "{place}");
    assert_eq!(answer.headers()["cache-control"], "no-store", "{place}");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"], "invalid_grant", "{place}: {body}");
    assert_eq!(body.as_object().unwrap().len(), 2, "{place}: {body}");
}

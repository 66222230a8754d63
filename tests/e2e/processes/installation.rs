//! An installation in the cloud: each function with its own memory, over one database, one secret store and one clock.

use std::time::Duration;

use auth::bootstrap::{self, FirstAdmin};
use axum::body::{Body, to_bytes};
use domain::access::egress::AllowedNetworks;
use domain::access::identity_hosts::IdentityOrigins;
use domain::access::password::PasswordPolicy;
use domain::clock::Clock;
use domain::models::Email;
use harness::dynamo::Dynamo;
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD};
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};
use service::functions::{BackendTrialResult, FunctionClient};
use service::http::edge::Edge;
use service::outbound::{Authorities, Outbound};
use service::resources::Resources;
use service::secrets::Secrets;
use service::store::Store;

pub(super) const PREFIX: &str = "tidegate-";
pub(super) const PASSWORD: &str = "a long enough password";

/// An installation whose functions share nothing but tables, secrets and the time of day.
pub(crate) struct Installation {
    pub(crate) dynamo: Dynamo,
    pub(super) secrets: Secrets,
    pub(super) clock: Clock,
    pub(super) auth: Edge,
    pub(super) keys: Edge,
    pub(crate) admin: Edge,
    pub(super) proxy: Edge,
}

impl Installation {
    pub(crate) async fn start() -> Self {
        let dynamo = Dynamo::start(PREFIX).await;
        let clock = Clock::fixed("2026-11-23T08:00:00Z".parse().unwrap());
        let secrets = Secrets::Memory(service::secrets::MemorySecrets::default());
        let store = || Store::new(dynamo.client().clone(), PREFIX, clock.clone());
        // Functions share nothing, as processes share nothing.
        let resources = || Resources::new(store(), secrets.clone());
        let first = FirstAdmin {
            email: Email::parse(ADMIN_EMAIL).unwrap(),
            password: Some(ADMIN_PASSWORD.into()),
        };
        bootstrap::run(&resources(), first, PasswordPolicy::Strict)
            .await
            .unwrap();
        let networks = AllowedNetworks::default().with_loopback();
        let outbound = Outbound::new(networks.clone(), &Authorities::default()).unwrap();
        let limits = proxy::Limits::with_max_body(1024);
        let rules = admin::Rules {
            networks,
            identity_origins: IdentityOrigins::default(),
            passwords: PasswordPolicy::Strict,
            public_url: None,
        };
        let proxy = proxy::App::new(resources(), outbound.clone(), limits);
        let auth = auth::App::new(resources(), outbound, PasswordPolicy::Strict);
        let delegates = delegates(auth.clone());
        Self {
            auth: auth::edge(auth),
            keys: keys::edge(keys::App::new(resources())),
            admin: admin::edge(admin::App::new(resources(), rules, delegates)),
            proxy: proxy::edge(proxy),
            dynamo,
            secrets,
            clock,
        }
    }

    /// One more process of the proxy, which comes to the tables by this client.
    pub(crate) fn proxy_over(&self, client: aws_sdk_dynamodb::Client) -> Edge {
        let store = Store::new(client, PREFIX, self.clock.clone());
        let outbound = Outbound::new(AllowedNetworks::default().with_loopback(), &Authorities::default()).unwrap();
        proxy::edge(proxy::App::new(
            Resources::new(store, self.secrets.clone()),
            outbound,
            proxy::Limits::with_max_body(1024),
        ))
    }

    pub(super) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(super) async fn login(&self, email: &str, password: &str) -> (u16, Value) {
        call(
            &self.auth,
            "POST /api/v1/auth/login",
            "",
            json!({"email": email, "password": password}),
        )
        .await
    }

    pub(super) async fn token(&self, email: &str, password: &str) -> String {
        let (status, body) = self.login(email, password).await;
        assert_eq!(status, 200, "{body}");
        body["data"]["token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn admin_token(&self) -> String {
        self.token(ADMIN_EMAIL, ADMIN_PASSWORD).await
    }

    /// A new account with a key: its id, a token, the key's id and the key.
    pub(crate) async fn person(&self, email: &str) -> (String, String, String, String) {
        let account = json!({"email": email, "password": PASSWORD, "name": "A Person", "role": "user"});
        let (status, account) = call(
            &self.admin,
            "POST /api/v1/admin/users",
            &self.admin_token().await,
            account,
        )
        .await;
        assert_eq!(status, 201, "{account}");
        let token = self.token(email, PASSWORD).await;
        let (_, key) = call(
            &self.keys,
            "POST /api/v1/user/keys",
            &token,
            json!({"name": "a program"}),
        )
        .await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&account["data"]["id"]),
            token,
            text(&key["data"]["id"]),
            text(&key["data"]["key"]),
        )
    }

    pub(super) async fn models(&self, key: &str) -> u16 {
        call(&self.proxy, "GET /v1/models", key, Value::Null).await.0
    }

    pub(super) async fn own_keys(&self, token: &str) -> u16 {
        call(&self.keys, "GET /api/v1/user/keys", token, Value::Null).await.0
    }
}

/// Tests of single sign-on are done by this `auth`; checks of backends find nothing.
fn delegates(auth: auth::App) -> admin::Delegates {
    let try_sso = move |trial| {
        let auth = auth.clone();
        async move { Ok(auth::try_sso(&auth, trial).await) }
    };
    admin::Delegates {
        check: FunctionClient::in_process(async |_| Ok(None)),
        try_backend: FunctionClient::in_process(async |_| {
            Ok(BackendTrialResult {
                passed: true,
                steps: vec![],
                models: vec![],
            })
        }),
        try_sso: FunctionClient::in_process(try_sso),
    }
}

/// Calls a function with a method, a path and a credential.
pub(crate) async fn call(function: &Edge, route: &str, credential: &str, body: Value) -> (u16, Value) {
    let (method, path) = route.split_once(' ').unwrap();
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(CONTENT_TYPE, "application/json");
    let request = if credential.is_empty() {
        request
    } else {
        request.header(AUTHORIZATION, format!("Bearer {credential}"))
    };
    let body = if body.is_null() {
        Body::empty()
    } else {
        Body::from(body.to_string())
    };
    let response = function.respond(request.body(body).unwrap()).await;
    let status = response.status().as_u16();
    let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

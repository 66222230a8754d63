//! Functions as separate processes: each its own memory over the same tables, and a clock that the tests set.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use auth::bootstrap::{self, FirstAdmin};
use aws_sdk_dynamodb::types::AttributeValue;
use axum::body::{Body, to_bytes};
use domain::access::egress::AllowedNetworks;
use domain::access::password::PasswordPolicy;
use domain::access::session::SigningKeys;
use domain::clock::Clock;
use domain::models::Email;
use futures_util::FutureExt as _;
use harness::dynamo::Dynamo;
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD};
use http::Request;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use service::http::edge::Edge;
use service::outbound::{Authorities, Outbound};
use service::prober::Prober;
use service::secrets::Secrets;
use service::secrets::key_ring::KeyRing;
use service::sso_tester::SsoTester;
use service::store::Store;

const PREFIX: &str = "tidegate-";
const PASSWORD: &str = "a long enough password";

/// An installation whose functions share nothing but tables, secrets and the time of day.
pub(crate) struct Installation {
    pub(crate) dynamo: Dynamo,
    secrets: Secrets,
    clock: Clock,
    auth: Edge,
    keys: Edge,
    pub(crate) admin: Edge,
    proxy: Edge,
}

impl Installation {
    pub(crate) async fn start() -> Self {
        let dynamo = Dynamo::start(PREFIX).await;
        let clock = Clock::fixed("2026-11-23T08:00:00Z".parse().unwrap());
        let secrets = Secrets::Memory(service::secrets::MemorySecrets::default());
        let store = || Store::new(dynamo.client().clone(), PREFIX, clock.clone());
        let ring = || KeyRing::new(secrets.clone(), clock.clone());
        let first = FirstAdmin {
            email: Email::parse(ADMIN_EMAIL).unwrap(),
            password: Some(ADMIN_PASSWORD.into()),
        };
        bootstrap::run(&store(), &ring(), first, PasswordPolicy::Strict)
            .await
            .unwrap();
        let networks = AllowedNetworks::default().with_loopback();
        let outbound = Outbound::new(networks.clone(), &Authorities::default()).unwrap();
        let limits = proxy::Limits::with_max_body(1024);
        let rules = admin::Rules {
            networks,
            passwords: PasswordPolicy::Strict,
            public_url: None,
        };
        let proxy = proxy::App::new(store(), secrets.clone(), outbound.clone(), limits);
        let auth = auth::App::new(store(), secrets.clone(), ring(), outbound, PasswordPolicy::Strict);
        let trier = auth.clone();
        let try_out = move |trial| {
            let auth = trier.clone();
            async move { auth::try_out(&auth, trial).await }.boxed()
        };
        let prober = Prober::Here(Arc::new(|_| async { Ok(None) }.boxed()));
        let delegates = admin::Delegates {
            prober,
            sso_tester: SsoTester::Here(Arc::new(try_out)),
        };
        Self {
            auth: auth::edge(auth),
            keys: keys::edge(keys::App::new(store(), ring())),
            admin: admin::edge(admin::App::new(store(), secrets.clone(), ring(), rules, delegates)),
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
            store,
            self.secrets.clone(),
            outbound,
            proxy::Limits::with_max_body(1024),
        ))
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    async fn login(&self, email: &str, password: &str) -> (u16, Value) {
        call(
            &self.auth,
            "POST /api/v1/auth/login",
            "",
            json!({"email": email, "password": password}),
        )
        .await
    }

    async fn token(&self, email: &str, password: &str) -> String {
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

    async fn models(&self, key: &str) -> u16 {
        call(&self.proxy, "GET /v1/models", key, Value::Null).await.0
    }

    async fn own_keys(&self, token: &str) -> u16 {
        call(&self.keys, "GET /api/v1/user/keys", token, Value::Null).await.0
    }
}

/// Calls a function with a method, a path and a credential.
pub(crate) async fn call(function: &Edge, route: &str, credential: &str, body: Value) -> (u16, Value) {
    let (method, path) = route.split_once(' ').unwrap();
    let request = Request::builder().method(method).uri(path);
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

#[tokio::test]
async fn p20_disabling_a_user_ends_sessions_and_keys_in_every_process_within_the_promised_time() {
    let installation = Installation::start().await;
    let (id, token, _, key) = installation.person("a@example.com").await;
    assert_eq!(
        (installation.models(&key).await, installation.own_keys(&token).await),
        (200, 200)
    );
    let route = format!("PUT /api/v1/admin/users/{id}");
    let (status, _) = call(
        &installation.admin,
        &route,
        &installation.admin_token().await,
        json!({"status": "disabled"}),
    )
    .await;
    assert_eq!(status, 200);
    installation.pass(30);
    assert_eq!(
        (installation.models(&key).await, installation.own_keys(&token).await),
        (401, 401)
    );
    assert_eq!(installation.login("a@example.com", PASSWORD).await.0, 403);
}

#[tokio::test]
async fn p20_a_deleted_key_ends_in_every_process_within_30_seconds() {
    let installation = Installation::start().await;
    let (_, token, id, key) = installation.person("a@example.com").await;
    assert_eq!(installation.models(&key).await, 200);
    assert_eq!(
        call(
            &installation.keys,
            &format!("DELETE /api/v1/user/keys/{id}"),
            &token,
            Value::Null
        )
        .await
        .0,
        200
    );
    installation.pass(30);
    assert_eq!(installation.models(&key).await, 401);
}

#[tokio::test]
async fn p47_a_changed_policy_acts_in_every_process_within_30_seconds() {
    let installation = Installation::start().await;
    let admin = installation.admin_token().await;
    let (.., key) = installation.person("a@example.com").await;
    assert_eq!(
        call(
            &installation.admin,
            "POST /api/v1/admin/models",
            &admin,
            json!({"id": "m", "name": "M"})
        )
        .await
        .0,
        201
    );
    let backend = json!({"name": "b", "base_url": "https://backend.example.com/v1", "model_name": "m"});
    assert_eq!(
        call(
            &installation.admin,
            "POST /api/v1/admin/models/m/backends",
            &admin,
            backend
        )
        .await
        .0,
        201
    );
    let model = || call(&installation.proxy, "GET /v1/models/m", &key, Value::Null);
    assert_eq!(model().await.0, 200);
    let change = call(
        &installation.admin,
        "PUT /api/v1/admin/policies/default",
        &admin,
        json!({"models": ["other"]}),
    )
    .await;
    assert_eq!(change.0, 200, "{}", change.1);
    installation.pass(30);
    assert_eq!(model().await.0, 404);
}

#[tokio::test]
async fn p47_a_user_whose_policy_is_missing_is_refused() {
    let installation = Installation::start().await;
    let admin = installation.admin_token().await;
    let (id, token, _, key) = installation.person("a@example.com").await;
    assert_eq!(
        call(
            &installation.admin,
            "POST /api/v1/admin/policies",
            &admin,
            json!({"name": "team"})
        )
        .await
        .0,
        201
    );
    let route = format!("PUT /api/v1/admin/users/{id}");
    assert_eq!(
        call(&installation.admin, &route, &admin, json!({"quota_policy": "team"}))
            .await
            .0,
        200
    );
    // No route can do this: somebody has been at the tables.
    let client = installation.dynamo.client();
    let deletion = client.delete_item().table_name(format!("{PREFIX}policies"));
    deletion
        .key("pk", AttributeValue::S("policies".into()))
        .key("sk", AttributeValue::S("policy#team".into()))
        .send()
        .await
        .unwrap();
    installation.pass(30);
    let chat = harness::client::ask("m");
    for (function, route, credential, body) in [
        (&installation.proxy, "GET /v1/models", &key, Value::Null),
        (&installation.proxy, "POST /v1/chat/completions", &key, chat),
        (&installation.keys, "GET /api/v1/user/quota", &token, Value::Null),
    ] {
        let (status, body) = call(function, route, credential, body).await;
        assert_eq!((status, &body["error"]["code"]), (403, &json!("no_policy")), "{route}");
    }
}

#[tokio::test]
async fn p8_a_new_session_is_good_at_once_where_the_old_account_is_remembered() {
    let installation = Installation::start().await;
    let (_, old, ..) = installation.person("a@example.com").await;
    assert_eq!(installation.own_keys(&old).await, 200);
    assert_eq!(
        call(&installation.auth, "POST /api/v1/auth/logout", &old, Value::Null)
            .await
            .0,
        200
    );
    let new = installation.token("a@example.com", PASSWORD).await;
    assert_eq!(installation.own_keys(&new).await, 200);
    assert_eq!(
        installation.own_keys(&old).await,
        401,
        "the account was read again for the new one"
    );
}

#[tokio::test]
async fn p7_a_session_ends_after_hours_and_for_good_after_30_days() {
    let installation = Installation::start().await;
    let mut token = installation.admin_token().await;
    installation.pass(8 * 3600 + 30);
    assert_eq!(installation.own_keys(&token).await, 401);
    token = installation.admin_token().await;
    for _ in 0..30 * 24 / 6 - 1 {
        installation.pass(6 * 3600);
        let (status, body) = call(&installation.auth, "POST /api/v1/auth/refresh", &token, Value::Null).await;
        assert_eq!(status, 200, "{body}");
        token = body["data"]["token"].as_str().unwrap().to_owned();
    }
    installation.pass(6 * 3600);
    assert_eq!(
        call(&installation.auth, "POST /api/v1/auth/refresh", &token, Value::Null)
            .await
            .0,
        401
    );
}

#[tokio::test]
async fn p8_removing_a_signing_key_ends_its_tokens_and_without_any_nobody_is_believed() {
    let installation = Installation::start().await;
    let token = installation.admin_token().await;
    assert_eq!(installation.own_keys(&token).await, 200);
    installation
        .secrets
        .put("jwt", &SigningKeys::generate(installation.clock.now()).into())
        .await
        .unwrap();
    installation.pass(4 * 60);
    assert_eq!(installation.own_keys(&token).await, 401);
    installation.secrets.delete("jwt").await.unwrap();
    installation.pass(4 * 60);
    let (status, body) = installation.login(ADMIN_EMAIL, ADMIN_PASSWORD).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (503, &json!("dependency_unavailable"))
    );
}

#[tokio::test]
async fn p18_an_expiry_is_compared_with_the_clock_at_use() {
    let installation = Installation::start().await;
    let token = installation.admin_token().await;
    let body = json!({"name": "short", "expires_at": "2026-11-23T08:01:00Z"});
    let (_, key) = call(&installation.keys, "POST /api/v1/user/keys", &token, body).await;
    let key = key["data"]["key"].as_str().unwrap();
    assert_eq!(installation.models(key).await, 200);
    installation.pass(59);
    assert_eq!(installation.models(key).await, 200);
    installation.pass(1);
    assert_eq!(installation.models(key).await, 401);
}

#[tokio::test]
async fn p4_room_for_guesses_comes_back_after_fifteen_minutes() {
    let installation = Installation::start().await;
    for _ in 0..10 {
        assert_eq!(installation.login(ADMIN_EMAIL, "wrong").await.0, 401);
    }
    assert_eq!(installation.login(ADMIN_EMAIL, ADMIN_PASSWORD).await.0, 429);
    installation.pass(14 * 60);
    assert_eq!(installation.login(ADMIN_EMAIL, ADMIN_PASSWORD).await.0, 429);
    installation.pass(2 * 60);
    assert_eq!(installation.login(ADMIN_EMAIL, ADMIN_PASSWORD).await.0, 200);
}

#[tokio::test]
async fn p6_of_many_first_starts_one_makes_the_administrator() {
    let installation = Installation::start().await;
    let dynamo = Dynamo::start("new-").await;
    let start = |number: u32| {
        let store = Store::new(dynamo.client().clone(), "new-", installation.clock.clone());
        let ring = KeyRing::new(installation.secrets.clone(), installation.clock.clone());
        let email = Email::parse(&format!("admin{number}@example.com")).unwrap();
        async move {
            bootstrap::run(
                &store,
                &ring,
                FirstAdmin { email, password: None },
                PasswordPolicy::Strict,
            )
            .await
            .unwrap()
        }
    };
    let started = futures_util::future::join_all((0..8).map(start)).await;
    let made = |outcome: &&bootstrap::Bootstrap| {
        matches!(
            outcome,
            bootstrap::Bootstrap::Created {
                generated_password: Some(_)
            }
        )
    };
    assert_eq!(started.iter().filter(made).count(), 1, "{started:?}");
}

#[tokio::test]
async fn p56_a_deletion_cut_short_anywhere_is_finished_by_the_next() {
    let installation = Installation::start().await;
    let admin = installation.admin_token().await;
    for polls in 1.. {
        let (id, _, _, key) = installation.person("a@example.com").await;
        let route = format!("DELETE /api/v1/admin/users/{id}");
        let cut_short = polled(polls, call(&installation.admin, &route, &admin, Value::Null))
            .await
            .is_none();
        let again = call(&installation.admin, &route, &admin, Value::Null).await.0;
        assert!(
            if cut_short {
                [200, 404].contains(&again)
            } else {
                again == 404
            },
            "{again} after {polls} polls"
        );
        installation.pass(30);
        assert_eq!(installation.models(&key).await, 401);
        assert_eq!(items(&installation.dynamo, "api-keys").await, 0, "after {polls} polls");
        assert_eq!(
            items(&installation.dynamo, "users").await,
            3,
            "the administrator, the address, the count; after {polls} polls"
        );
        if !cut_short {
            return;
        }
    }
}

/// What a future gives that is dropped after so many polls, as by a process that dies there.
async fn polled<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| match (left, future.as_mut().poll(context)) {
        (_, Poll::Ready(done)) => Poll::Ready(Some(done)),
        (0 | 1, Poll::Pending) => Poll::Ready(None),
        (_, Poll::Pending) => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

async fn items(dynamo: &Dynamo, table: &str) -> i32 {
    dynamo
        .client()
        .scan()
        .table_name(format!("{PREFIX}{table}"))
        .send()
        .await
        .unwrap()
        .count()
}

//! What a completion costs in calls of the database, once a process knows its caller (promise 41).

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use axum::body::{Body, to_bytes};
use harness::client;
use harness::provider::{Provider, Reply, openai};
use http::Request;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use service::http::edge::Edge;

use crate::processes::{Installation, call};

/// What went over the wire, in its order: operations of the database, and the backend.
#[derive(Clone, Debug, Default)]
struct Wire(Arc<Mutex<Vec<String>>>);

impl Wire {
    fn note(&self, call: &str) {
        self.0.lock().unwrap().push(call.to_owned());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// The same client, followed.
    fn follow(&self, client: &aws_sdk_dynamodb::Client) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::from_conf(client.config().to_builder().interceptor(self.clone()).build())
    }
}

impl Intercept for Wire {
    fn name(&self) -> &'static str {
        "Wire"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target").unwrap_or_default();
        self.note(target.rsplit('.').next().unwrap_or_default());
        Ok(())
    }
}

/// The path of a request, and whether it is streamed.
const KINDS: [(&str, bool); 4] = [
    ("chat/completions", false),
    ("chat/completions", true),
    ("messages", false),
    ("messages", true),
];

/// What the second request of each kind costs.
async fn calls_of_each_kind(policy: Value) -> Vec<Vec<String>> {
    let installation = Installation::start().await;
    let wire = Wire::default();
    let proxy = installation.proxy_over(wire.follow(installation.dynamo.client()));
    let noting = wire.clone();
    let provider = Provider::answering(move |request| {
        noting.note("backend");
        let is_streamed = request.json()["stream"] == true;
        if is_streamed {
            openai::stream(&["Hi"])
        } else {
            Reply::json(&openai::completion("Hi"))
        }
    });
    let admin = installation.admin_token().await;
    let backend = json!({"name": "b", "base_url": provider.base_url(), "model_name": "m"});
    for (route, body, expected) in [
        ("PUT /api/v1/admin/policies/default", policy, 200),
        (
            "POST /api/v1/admin/models",
            json!({"id": "m", "name": "m", "input_price": 1, "output_price": 2}),
            201,
        ),
        ("POST /api/v1/admin/models/m/backends", backend, 201),
    ] {
        let (status, answer) = call(&installation.admin, route, &admin, body).await;
        assert_eq!(status, expected, "{answer}");
    }
    let (.., key) = installation.person("a@example.com").await;
    ask(&proxy, "chat/completions", &key, false).await;
    let mut calls = Vec::new();
    for (path, is_streamed) in KINDS {
        wire.take();
        ask(&proxy, path, &key, is_streamed).await;
        calls.push(wire.take());
    }
    calls
}

async fn ask(proxy: &Edge, path: &str, key: &str, is_streamed: bool) {
    let mut body = client::message("m");
    body["stream"] = is_streamed.into();
    let request = Request::post(format!("/v1/{path}")).header(AUTHORIZATION, format!("Bearer {key}"));
    let response = proxy.respond(request.body(Body::from(body.to_string())).unwrap()).await;
    assert_eq!(response.status(), 200);
    to_bytes(response.into_body(), usize::MAX).await.unwrap();
}

#[tokio::test]
async fn p41_under_limits_one_call_before_the_backend_and_one_after() {
    let limits = json!({
        "rate_limit": 100, "request_quota_daily": 100, "token_rate_limit": 1_000_000, "token_quota_daily": 1_000_000,
        "token_quota_monthly": 1_000_000, "cost_quota_monthly": 100, "max_concurrency": 10
    });
    for calls in calls_of_each_kind(limits).await {
        assert_eq!(calls, ["UpdateItem", "backend", "TransactWriteItems"]);
    }
}

#[tokio::test]
async fn p96_an_alert_costs_two_calls_once_and_nothing_before_or_after() {
    let policy = json!({"request_quota_daily": 10, "notify": {"at": [30]}});
    let usual = vec!["UpdateItem", "backend", "TransactWriteItems"];
    let with_an_alert = vec![
        "UpdateItem",
        "UpdateItem",
        "UpdateItem",
        "backend",
        "TransactWriteItems",
    ];
    assert_eq!(
        calls_of_each_kind(policy).await,
        [usual.clone(), with_an_alert, usual.clone(), usual]
    );
}

#[tokio::test]
async fn p41_without_limits_no_call_before_the_backend_and_one_after() {
    for calls in calls_of_each_kind(json!({})).await {
        assert_eq!(calls, ["backend", "TransactWriteItems"]);
    }
}

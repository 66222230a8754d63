//! What `CloudWatch` makes metrics of, as the binaries of the cloud log it (docs/decisions/0024).

use std::collections::BTreeSet;

use domain::access::quota::{AdmissionRequest, Demand, Limits, StoredFacts};
use domain::clock::Clock;
use domain::models::policy::Policy;
use domain::models::{PolicyName, UsageId, UserId};
use harness::provider::{Provider, Reply, openai};
use serde_json::{Value, json};
use service::metrics::METRICS;
use service::store::table::Table;

use crate::lambda::Cloud;

/// A metric, and the field with its value that tells it apart.
type Measured = (String, String, Value);

/// What the lines of a log measure. Each line is one JSON object.
fn measured(log: &str) -> BTreeSet<(String, String, String)> {
    let lines = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")));
    lines
        .flat_map(|line: Value| measurements(&line))
        .map(|(metric, field, value)| (metric, field, value.as_str().unwrap().to_owned()))
        .collect()
}

fn measurements(line: &Value) -> Vec<Measured> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let Some(directive) = line["_aws"]["CloudWatchMetrics"].get(0) else {
        return Vec::new();
    };
    assert!(
        line["_aws"]["Timestamp"].is_u64() && directive["Namespace"] == "tidegate",
        "{line}"
    );
    let metrics = directive["Metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| text(&metric["Name"]));
    let pairs = metrics.flat_map(|metric| {
        directive["Dimensions"]
            .as_array()
            .unwrap()
            .iter()
            .map(move |fields| (metric.clone(), fields))
    });
    pairs
        .map(|(metric, fields)| {
            assert!(line[&metric].is_number(), "{metric} in {line}");
            let field = text(&fields[0]);
            let value = line[&field].clone();
            (metric, field, value)
        })
        .collect()
}

/// Lets the default policy limit everybody to `requests` a day, or not.
async fn limit(cloud: &mut Cloud, requests: Option<u64>) {
    let route = cloud
        .event("admin/update_policy")
        .to_string()
        .replace("policies/team", "policies/default");
    let mut update: Value = serde_json::from_str(&route).unwrap();
    update["body"] = json!({"request_quota_daily": requests}).to_string().into();
    assert_eq!(cloud.function("admin").await.invoke(update).answer().await.status, 200);
}

/// Leaves a reservation behind that has expired, as a process does that dies.
async fn abandon(cloud: &Cloud) {
    let store = cloud.stack.store();
    let limits = Limits::from(&Policy::unlimited(PolicyName::default()));
    let now = Clock::system().now();
    let request = AdmissionRequest {
        limits: &limits,
        demand: Demand::default(),
        facts: &StoredFacts::fixture(),
        now,
        expires_at: now.as_second() - 1,
    };
    store
        .admit(&UserId::generate(), &UsageId::generate(now), &request)
        .await
        .unwrap();
}

/// Metrics that must be there, each by a field and its value.
const TOLD: [(&str, &str, &str); 12] = [
    ("duration_ms", "function", "function"),
    ("duration_ms", "model", "m"),
    ("duration_ms", "code", "upstream_error"),
    ("duration_ms", "code", "insufficient_quota"),
    ("first_byte_ms", "function", "function"),
    ("tokens.input", "model", "m"),
    ("tokens.output", "model", "m"),
    ("cost_usd", "model", "m"),
    ("failed_attempts", "function", "function"),
    ("settled_by_janitor", "function", "function"),
    ("usage_lost", "function", "function"),
    ("cold_starts", "function", "function"),
];

#[tokio::test]
async fn every_metric_is_told_by_a_function_in_the_form_that_cloudwatch_reads() {
    let provider = Provider::start();
    provider.will(Reply::error(500, &json!({})));
    provider.will(Reply::json(&openai::completion("Hello")));
    provider.will(openai::stream(&["Hel", "lo"]));
    provider.will(Reply::json(&openai::completion("Hello")));
    let mut cloud = Cloud::with_model(&provider).await;
    limit(&mut cloud, Some(2)).await;
    for (event, status) in [("chat", 502), ("chat", 200), ("chat_stream", 200), ("chat", 429)] {
        let answer = cloud.invoke(&format!("proxy/{event}")).await;
        assert_eq!(answer.status, status, "{event}");
        answer.end().await;
    }
    abandon(&cloud).await;
    let event = cloud.event("janitor/scheduled");
    cloud.function("janitor").await.invoke(event).output().await;

    limit(&mut cloud, None).await;
    cloud.stack.lose(Table::Usage).await;
    let unwritten = cloud.stack.function("proxy").await;
    let answer = unwritten.invoke(cloud.event("proxy/chat")).answer().await;
    assert_eq!(answer.status, 200);
    answer.end().await;

    let mut log = cloud.function("proxy").await.log() + &unwritten.log();
    log += &cloud.function("janitor").await.log();
    let told = measured(&log);
    let names: BTreeSet<_> = told.iter().map(|(metric, ..)| metric.as_str()).collect();
    assert_eq!(names, METRICS.iter().map(|(name, _)| *name).collect(), "{log}");
    for (metric, field, value) in TOLD {
        assert!(
            told.contains(&(metric.into(), field.into(), value.into())),
            "{metric} by {field} {value} in {told:?}"
        );
    }
}

#[tokio::test]
async fn p25_no_function_logs_a_credential_or_what_was_said() {
    let provider = Provider::start();
    provider.will(Reply::json(&openai::completion("a canary in an answer")));
    let mut cloud = Cloud::with_model(&provider).await;
    cloud.invoke("proxy/chat").await.end().await;
    let secrets = [
        harness::ADMIN_PASSWORD,
        "a canary in an answer",
        "the-provider's-own-key",
    ]
    .map(str::to_owned);
    let said = cloud.event("proxy/chat");
    let prompt: Value = serde_json::from_str(said["body"].as_str().unwrap()).unwrap();
    let learned = [
        said["headers"]["Authorization"].clone(),
        cloud.event("auth/show_profile")["headers"]["Authorization"].clone(),
    ];
    let learned = learned.map(|header| header.as_str().unwrap().trim_start_matches("Bearer ").to_owned());
    let prompt = prompt["messages"][0]["content"].as_str().unwrap().to_owned();
    for function in ["auth", "admin", "keys", "proxy"] {
        let log = cloud.function(function).await.log();
        assert!(log.lines().count() > 1, "{function}: {log}");
        for secret in secrets.iter().chain(&learned).chain([&prompt]) {
            assert!(!log.contains(secret), "{secret} is in the log of {function}:\n{log}");
        }
    }
}

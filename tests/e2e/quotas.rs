//! Limits as clients meet them: many at once, both dialects, streamed and not, and what the books say afterwards.

use futures_util::future::join_all;
use harness::Gateway;
use harness::client::{Client, data};
use harness::provider::{Provider, Reply, openai};
use serde_json::{Value, json};

const CLIENTS: usize = 64;

/// A program of a person under a policy of these limits.
async fn limited(gateway: &Gateway, limits: &Value) -> (Client, Client) {
    let mut policy = json!({"name": "tight"});
    for (field, value) in limits.as_object().unwrap() {
        policy[field] = value.clone();
    }
    let made = gateway.admin().post("/api/v1/admin/policies").json(&policy).send().await.unwrap();
    assert_eq!(made.status(), 201);
    let person = gateway.admin().create_person("a@example.com", json!({"quota_policy": "tight"})).await;
    let program = person.create_key().await;
    (person, program)
}

/// Asks in one dialect or the other, and reads the answer to its end.
async fn ask(program: &Client, number: usize, streamed: bool) -> u16 {
    let request = match (number.is_multiple_of(2), streamed) {
        (true, false) => program.chat("m"),
        (true, true) => program.chat_stream("m"),
        (false, false) => program.message("m"),
        (false, true) => program.message_stream("m"),
    };
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    response.bytes().await.unwrap();
    status
}

#[tokio::test]
async fn p40_of_64_clients_at_once_exactly_the_limit_is_served_called_and_recorded() {
    let rate = json!({"rate_limit": 10, "rate_limit_window": 3600});
    let quota = json!({"request_quota_daily": 10});
    for (limits, streamed) in [(&rate, false), (&rate, true), (&quota, false), (&quota, true)] {
        let reply = if streamed { openai::stream(&["Hi"]) } else { Reply::json(&openai::completion("Hi")) };
        let provider = Provider::always(reply);
        let gateway = Gateway::start().await.with_model("m", &provider).await;
        let (person, program) = limited(&gateway, limits).await;
        let before = provider.received().len();
        let statuses = join_all((0..CLIENTS).map(|number| ask(&program, number, streamed))).await;
        let served = statuses.iter().filter(|status| **status == 200).count();
        assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
        assert_eq!((served, provider.received().len() - before), (10, 10), "{limits}");
        let logs = data(person.get("/api/v1/user/logs").send().await.unwrap(), 200).await;
        assert_eq!(logs.as_array().unwrap().len(), 10, "{logs}");
    }
}

//! The limits as programs read them, with a key and no session (G21).

use harness::Gateway;
use harness::client::{data, status};
use harness::provider::{Provider, Reply, openai};
use serde_json::{Value, json};

#[tokio::test]
async fn g21_a_key_reads_its_owners_limits_and_its_own() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let admin = gateway.admin();
    admin.create_policy("team", &json!({"request_quota_daily": 10})).await;
    let team = json!({"quota_policy": "team"});
    let person = admin.create_person("somebody@example.com", team).await;
    let limited = json!({"name": "one", "limits": [{"what": "requests", "per": "week", "amount": 5}]});
    let made = person.create("/api/v1/user/keys", &limited).await;
    let program = person.with(made["key"].as_str().unwrap());
    let other = person.create("/api/v1/user/keys", &limited).await;
    assert_eq!(status(program.chat("m")).await, 200);
    let own = data(person.get("/api/v1/user/quota"), 200).await;
    let quota = data(program.get("/v1/quota"), 200).await;
    assert_eq!(quota["limits"], own["limits"]);
    assert_eq!(quota["limits"][0]["used"], 1, "{quota}");
    let keys: Vec<&Value> = quota["keys"].as_array().unwrap().iter().collect();
    assert_eq!(
        (keys.len(), &keys[0]["id"]),
        (1, &made["id"]),
        "of another key it tells nothing: {other}"
    );
    assert_eq!(keys[0]["limits"][0]["used"], 1, "{quota}");
}

#[tokio::test]
async fn g21_a_session_is_no_key_and_nobody_has_no_quota() {
    let gateway = Gateway::start().await;
    assert_eq!(status(gateway.anybody().get("/v1/quota")).await, 401);
    assert_eq!(status(gateway.admin().get("/v1/quota")).await, 401);
}

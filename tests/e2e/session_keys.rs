//! The key of a session, with which the console calls `/v1`.

use futures_util::future::join_all;
use harness::Gateway;
use harness::client::{Client, data, status};
use harness::provider::{Provider, Reply, openai};
use serde_json::{Value, json};

async fn create(person: &Client) -> (Value, Client) {
    let key = data(person.post("/api/v1/user/keys/session"), 201).await;
    let program = person.with(key["key"].as_str().unwrap());
    (key, program)
}

async fn models(program: &Client) -> u16 {
    status(program.get("/v1/models")).await
}

#[tokio::test]
async fn g1_a_session_has_one_key_which_is_neither_listed_nor_counted() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let (first, old) = create(&person).await;
    assert_eq!(models(&old).await, 200);
    let (second, new) = create(&person).await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!((models(&old).await, models(&new).await), (401, 200));
    assert_eq!(data(person.get("/api/v1/user/keys"), 200).await, json!([]));
    let path = format!("/api/v1/user/keys/{}", second["id"].as_str().unwrap());
    assert_eq!(status(person.get(&path)).await, 404);
    let fifty = (0..50).map(|number| {
        person
            .post("/api/v1/user/keys")
            .json(&json!({"name": format!("key {number}")}))
    });
    assert_eq!(join_all(fifty.map(status)).await, vec![201; 50]);
    create(&person).await;
}

#[tokio::test]
async fn g1_of_keys_that_are_made_at_once_one_stays() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let keys = join_all((0..4).map(|_| create(&person))).await;
    let open = join_all(keys.iter().map(|(_, program)| models(program))).await;
    assert_eq!(open.iter().filter(|status| **status == 200).count(), 1, "{open:?}");
}

#[tokio::test]
async fn g1_the_key_ends_with_its_session() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let (key, program) = create(&person).await;
    assert!(key["expires_at"].is_string(), "{key}");
    let lasting = person.create_key().await;
    let refreshed = data(person.post("/api/v1/auth/refresh"), 200).await;
    assert_eq!(models(&program).await, 200, "the session goes on");
    let refreshed = person.with(refreshed["token"].as_str().unwrap());
    assert_eq!(status(refreshed.post("/api/v1/auth/logout")).await, 200);
    assert_eq!((models(&program).await, models(&lasting).await), (401, 200));
    assert_eq!(status(refreshed.post("/api/v1/user/keys/session")).await, 401);
}

#[tokio::test]
async fn g1_the_key_goes_with_its_owner() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let (_, program) = create(&person).await;
    let id = person.id().await;
    assert_eq!(
        status(gateway.admin().delete(&format!("/api/v1/admin/users/{id}"))).await,
        200
    );
    assert_eq!(models(&program).await, 401);
}

#[tokio::test]
async fn g1_its_requests_are_the_consoles_in_the_log_and_its_making_in_the_audit_trail() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("glm", &provider).await;
    let (key, program) = create(gateway.admin()).await;
    assert_eq!(status(program.chat("glm").header("user-agent", "curl/8")).await, 200);
    gateway.local().write_usage().await;
    let log = data(gateway.admin().get("/api/v1/user/logs"), 200).await;
    assert_eq!((&log[0]["client"], &log[0]["key"]), (&json!("console"), &key["id"]));
    let audit = data(
        gateway.admin().get("/api/v1/admin/audit?action=session_key.create"),
        200,
    )
    .await;
    assert_eq!(audit[0]["target"], key["id"]);
}

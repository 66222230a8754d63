//! The database on a socket: for the owner of the machine alone (promise 68).

use harness::client::status;
use harness::{Gateway, dynamo};
use local::Options;

#[tokio::test]
async fn p68_ha23_the_database_answers_who_signs_with_its_key_and_nobody_else() {
    let gateway = Gateway::start_with_database().await;
    let (address, key) = gateway.local().database().unwrap();
    let tables = async |id: &str, secret: &str, address: &str| {
        let client = dynamo::client(address, id, secret);
        client.list_tables().send().await.is_ok()
    };
    let at = format!("http://{address}");
    assert!(tables(&key.id, key.secret.expose(), &at).await);
    assert!(!tables(&key.id, "another secret", &at).await);
    assert!(!tables("local", key.secret.expose(), &at).await);
    let page = gateway.anybody();
    let unsigned = reqwest_request(&page, &at);
    assert_eq!(status(unsigned).await, 403);
    let origin = reqwest_request(&page, &at).header("origin", "https://evil.example");
    let response = origin.send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert!(!response.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn ha23_the_database_listens_on_loopback_only() {
    let options = Options::in_memory(domain::models::Email::parse("a@example.com").unwrap());
    let options = Options {
        dynamodb_listen: Some(([0, 0, 0, 0], 0).into()),
        ..options
    };
    assert!(local::Gateway::start(options).await.is_err());
}

#[tokio::test]
async fn ha22_a_gateway_on_loopback_does_not_answer_to_other_names() {
    let gateway = Gateway::start_with_database().await;
    let options = |host: &str| gateway.anybody().get("/api/v1/auth/options").header("host", host);
    assert_eq!(status(options("evil.example")).await, 400);
    assert_eq!(status(options("localhost:8080")).await, 200);
}

fn reqwest_request(page: &harness::client::Client, address: &str) -> reqwest::RequestBuilder {
    page.elsewhere(address)
        .post("/")
        .header("x-amz-target", "DynamoDB_20120810.ListTables")
        .body("{}")
}

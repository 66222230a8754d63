//! A gateway behind a reverse proxy: who its clients are, for throttles, the audit trail and the log.

use harness::client::{Client, data, refusal, status};
use harness::process::LocalProcess;
use harness::provider::{Provider, openai};
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD, Gateway};
use local::Options;
use serde_json::{Value, json};
use tempfile::TempDir;

const STRANGER: &str = "198.51.100.1";
const OWNER: &str = "203.0.113.7";

/// Trusts the proxies of this machine, where the tests are.
async fn behind_a_proxy() -> Gateway {
    Gateway::start_with(|options| Options {
        trusted_proxies: "127.0.0.0/8".parse().unwrap(),
        ..options
    })
    .await
}

async fn log_in(gateway: &Gateway, client: &str, email: &str, password: &str) -> u16 {
    let login = gateway
        .post("/api/v1/auth/login")
        .header("x-forwarded-for", format!("192.0.2.99, {client}"));
    status(login.json(&json!({"email": email, "password": password}))).await
}

async fn addresses(admin: &Client, action: &str) -> Vec<Value> {
    let path = format!("/api/v1/admin/audit?action={action}&limit=5");
    let entries = data(admin.get(&path), 200).await;
    let entries = entries.as_array().unwrap().iter();
    entries.map(|entry| entry["address"].clone()).collect()
}

#[tokio::test]
async fn op4_one_stranger_locks_nobody_else_out() {
    let gateway = behind_a_proxy().await;
    // Longer than any password, so that nothing is hashed.
    let password = "x".repeat(200);
    for number in 0..300 {
        let email = format!("n{number}@example.com");
        assert_eq!(log_in(&gateway, STRANGER, &email, &password).await, 401, "{number}");
    }
    assert_eq!(log_in(&gateway, STRANGER, ADMIN_EMAIL, ADMIN_PASSWORD).await, 429);
    assert_eq!(log_in(&gateway, OWNER, ADMIN_EMAIL, ADMIN_PASSWORD).await, 200);
    assert_eq!(addresses(gateway.admin(), "session.create").await[0], OWNER);
}

#[tokio::test]
async fn op4_registrations_are_counted_by_client() {
    let gateway = behind_a_proxy().await;
    let register = |client: &str| {
        let body = json!({"email": "n@example.com", "password": "short", "name": "N"});
        let request = gateway.post("/api/v1/auth/register").json(&body);
        status(request.header("forwarded", format!("for={client};proto=https")))
    };
    for _ in 0..100 {
        assert_eq!(register(STRANGER).await, 400);
    }
    assert_eq!((register(STRANGER).await, register(OWNER).await), (429, 400));
}

#[tokio::test]
async fn op4_the_log_names_the_client_of_a_proxy_and_no_other() {
    let folder = TempDir::new().unwrap();
    let local = LocalProcess::start_with(folder.path(), &[("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let options = || local.anybody().get("/api/v1/auth/options");
    data(options().header("x-forwarded-for", OWNER), 200).await;
    data(options(), 200).await;
    let log = local.terminate().await.log;
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("/api/v1/auth/options"))
        .collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines[0].contains(&format!("client.address={OWNER}")), "{}", lines[0]);
    assert!(!lines[1].contains("client.address"), "{}", lines[1]);
}

#[tokio::test]
async fn op4_the_log_names_the_client_of_a_delivered_response_too() {
    let folder = TempDir::new().unwrap();
    let provider = Provider::always(openai::stream(&["Hello"]));
    let environment = [("TRUSTED_PROXIES", "127.0.0.0/8"), ("ADMIN_PASSWORD", "password123")];
    let local = LocalProcess::start_with(folder.path(), &environment).await;
    let admin = local.anybody().signed_in("admin@localhost", "password123").await;
    admin.create_model("m", &provider).await;
    let program = admin.create_key().await;
    for request in [
        program.chat_stream("m").header("x-forwarded-for", OWNER),
        program.chat_stream("m"),
    ] {
        let response = request.send().await.unwrap().text().await.unwrap();
        assert!(response.ends_with("[DONE]\n\n"), "{response}");
    }
    let log = local.terminate().await.log;
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("tokens.output")).collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert!(lines[0].contains(&format!("client.address={OWNER}")), "{}", lines[0]);
    assert!(!lines[1].contains("client.address"), "{}", lines[1]);
}

#[tokio::test]
async fn op4_without_trusted_proxies_nobody_chooses_an_address() {
    let gateway = Gateway::start().await;
    let _ = log_in(&gateway, OWNER, ADMIN_EMAIL, ADMIN_PASSWORD).await;
    assert_eq!(addresses(gateway.admin(), "session.create").await[0], "127.0.0.1");
}

#[tokio::test]
async fn op4_look_alike_addresses_are_one_account_or_none() {
    let gateway = Gateway::start().await;
    let create = |email: &str| {
        let person = json!({"email": email, "name": "A"});
        gateway.admin().post("/api/v1/admin/users").json(&person)
    };
    let made = data(create("jos\u{e9}@example.com"), 201).await;
    assert_eq!(refusal(create("jose\u{301}@example.com"), 409).await, "conflict");
    assert_eq!(
        refusal(create("jos\u{e9}\u{200b}@example.com"), 400).await,
        "invalid_value"
    );
    let renamed = json!({"email": "a\u{202e}@example.com"});
    let path = format!("/api/v1/admin/users/{}", made["id"].as_str().unwrap());
    assert_eq!(
        refusal(gateway.admin().put(&path).json(&renamed), 400).await,
        "invalid_value"
    );
    let csv = "email,name\njose\u{301}@example.com,Again\nx\u{2060}@example.com,Hidden\n";
    let import = gateway.admin().post("/api/v1/admin/users/import");
    let report = data(import.header("content-type", "text/csv").body(csv), 200).await;
    assert_eq!(report["refused"], 2, "{report}");
}

//! The link that the local gateway prints while it has no model.

use std::time::Duration;

use domain::access::throttle::PER_ADDRESS;
use domain::clock::Clock;
use harness::client::{Client, data, refusal};
use harness::process::LocalProcess;
use harness::provider::Provider;
use harness::{ADMIN_EMAIL, Gateway};
use local::Options;
use reqwest::RequestBuilder;
use serde_json::json;
use tempfile::TempDir;

fn code(gateway: &Gateway) -> String {
    let link = gateway.local().setup_link().unwrap().expose().to_owned();
    let (page, code) = link.split_once("#setup=").unwrap();
    assert!(page.ends_with("/console/"), "{link}");
    code.to_owned()
}

fn redeem(anybody: &Client, code: &str) -> RequestBuilder {
    anybody.post("/api/v1/auth/setup").json(&json!({"code": code}))
}

#[tokio::test]
async fn g17_the_link_leads_where_clients_reach_the_gateway() {
    let gateway = Gateway::start_with(|options| Options {
        public_url: "https://gateway.example/".parse().unwrap(),
        ..options
    })
    .await;
    let link = gateway.local().setup_link().unwrap().expose();
    assert!(link.starts_with("https://gateway.example/console/#setup="), "{link}");
}

#[tokio::test]
async fn g17_the_link_signs_the_administrator_in_once() {
    let gateway = Gateway::start().await;
    let (anybody, code) = (gateway.anybody(), code(&gateway));
    assert_eq!(refusal(redeem(&anybody, "another"), 401).await, "invalid_credentials");
    let session = data(redeem(&anybody, &code), 200).await;
    assert_eq!(session["user"]["email"], ADMIN_EMAIL);
    let admin = anybody.with(session["token"].as_str().unwrap());
    assert_eq!(admin.profile().await["role"], "admin");
    assert_eq!(refusal(redeem(&anybody, &code), 401).await, "invalid_credentials");
    let audit = data(
        gateway.admin().get("/api/v1/admin/audit?action=session.create&limit=3"),
        200,
    )
    .await;
    let results: Vec<_> = audit
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["result"].clone())
        .collect();
    assert_eq!(results, ["invalid_credentials", "ok", "invalid_credentials"]);
}

#[tokio::test]
async fn g17_the_link_ends_after_a_quarter_of_an_hour() {
    let clock = Clock::fixed("2026-03-10T12:00:00Z".parse().unwrap());
    let gateway = Gateway::start_at(&clock).await;
    let code = code(&gateway);
    clock.advance(Duration::from_mins(15));
    assert_eq!(
        refusal(redeem(&gateway.anybody(), &code), 401).await,
        "invalid_credentials"
    );
}

#[tokio::test]
async fn g17_guesses_are_limited_as_logins_are() {
    let gateway = Gateway::start().await;
    let anybody = gateway.anybody();
    for _ in 0..PER_ADDRESS.tries {
        assert_eq!(refusal(redeem(&anybody, "guess"), 401).await, "invalid_credentials");
    }
    assert_eq!(refusal(redeem(&anybody, "guess"), 429).await, "too_many_attempts");
}

#[tokio::test]
async fn g17_a_gateway_with_a_model_prints_no_link() {
    let folder = TempDir::new().unwrap();
    let local = LocalProcess::start_with(folder.path(), &[("ADMIN_PASSWORD", "a long enough password")]).await;
    let admin = local
        .anybody()
        .signed_in("admin@localhost", "a long enough password")
        .await;
    admin.create_model("m", &Provider::start()).await;
    let printed = local.terminate().await.output;
    assert!(printed.contains("/console/#setup="), "{printed}");
    let printed = LocalProcess::start(folder.path()).await.terminate().await.output;
    assert!(!printed.contains("setup"), "{printed}");
}

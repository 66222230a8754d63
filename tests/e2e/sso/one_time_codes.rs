//! The way of a session to the console: a code, redeemed once, in time, and by the page that began the login.

use std::time::Duration;

use domain::access::digest::sha256_base64url;
use domain::clock::Clock;
use harness::client::{data, refusal};
use harness::identity_provider::Begun;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use super::Installation;

const CONSOLE: &str = "http://127.0.0.1:5173/welcome";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A login that begins by `link` and ends with a code at the console.
async fn code(installation: &Installation, link: &str) -> String {
    let begun = Begun::by(&installation.gateway, link).await;
    installation.provider.will_vouch(&begun, &installation.key, &json!({}));
    let location = location(begun.callback(&installation.gateway, "").send().await.unwrap());
    location
        .strip_prefix(&format!("{CONSOLE}#code="))
        .unwrap_or_else(|| panic!("{location}"))
        .to_owned()
}

fn location(response: Response) -> String {
    assert_eq!(response.status(), 302);
    response.headers()["location"].to_str().unwrap().to_owned()
}

fn redeem(installation: &Installation, body: &Value) -> RequestBuilder {
    installation.gateway.post("/api/v1/auth/sso/token").json(body)
}

async fn assert_refused(installation: &Installation, body: Value, reason: &str) {
    installation
        .assert_refused(redeem(installation, &body).send().await.unwrap(), reason)
        .await;
}

#[tokio::test]
async fn p10_the_console_gets_a_code_that_is_worth_something_once() {
    let installation = Installation::start_with(json!({"console_url": CONSOLE})).await;
    let begun = Begun::at(&installation.gateway).await;
    installation.provider.will_vouch(&begun, &installation.key, &json!({}));
    let response = begun.callback(&installation.gateway, "").send().await.unwrap();
    assert_eq!(response.headers()["referrer-policy"], "no-referrer");
    assert!(response.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    let location = location(response);
    let code = location.strip_prefix(&format!("{CONSOLE}#code=")).unwrap();
    let opened = data(redeem(&installation, &json!({"code": code})), 200).await;
    assert!(!location.contains(opened["token"].as_str().unwrap()));
    installation
        .gateway
        .anybody()
        .with(opened["token"].as_str().unwrap())
        .profile()
        .await;
    assert_refused(&installation, json!({"code": code}), "one-time code is unknown").await;
    assert_refused(&installation, json!({"code": "guess"}), "one-time code is unknown").await;
}

#[tokio::test]
async fn p9_the_console_is_told_that_a_login_failed_and_not_why() {
    let installation = Installation::start_with(json!({"console_url": CONSOLE})).await;
    let begun = Begun::at(&installation.gateway).await;
    installation
        .provider
        .will_vouch(&begun, &installation.key, &json!({"email_verified": false}));
    assert_eq!(
        location(begun.callback(&installation.gateway, "").send().await.unwrap()),
        format!("{CONSOLE}#error=sso_failed")
    );
}

#[tokio::test]
async fn p9_a_code_is_worth_something_only_to_the_page_that_began() {
    let installation = Installation::start_with(json!({"console_url": CONSOLE})).await;
    let bound = format!("/api/v1/auth/sso/login?code_challenge={}", sha256_base64url(VERIFIER));
    let own = code(&installation, &bound).await;
    assert_refused(&installation, json!({"code": own}), "another page").await;
    assert_refused(
        &installation,
        json!({"code": own, "code_verifier": "another"}),
        "another page",
    )
    .await;
    // Whoever stole the code has not used it up.
    data(
        redeem(&installation, &json!({"code": own, "code_verifier": VERIFIER})),
        200,
    )
    .await;
    // The code of somebody else's login, to which the page was led.
    let foreign = code(&installation, "/api/v1/auth/sso/login").await;
    assert_refused(
        &installation,
        json!({"code": foreign, "code_verifier": VERIFIER}),
        "another page",
    )
    .await;
    let misspelt = installation
        .gateway
        .anybody()
        .get("/api/v1/auth/sso/login?code_challenge=short");
    assert_eq!(refusal(misspelt, 400).await, "invalid_value");
}

#[tokio::test]
async fn p10_switching_it_off_ends_codes_too_and_so_does_disabling_the_user() {
    let installation = Installation::start_with(json!({"console_url": CONSOLE})).await;
    let admin = installation.gateway.admin();
    let switch = |on: bool| admin.put("/api/v1/admin/sso/config").json(&json!({"enabled": on}));
    let begun_before = code(&installation, "/api/v1/auth/sso/login").await;
    data(switch(false), 200).await;
    assert_eq!(
        refusal(redeem(&installation, &json!({"code": begun_before})), 403).await,
        "sso_disabled"
    );
    data(switch(true), 200).await;
    assert_refused(
        &installation,
        json!({"code": begun_before}),
        "configuration has changed",
    )
    .await;
    let opened = code(&installation, "/api/v1/auth/sso/login").await;
    let opened = data(redeem(&installation, &json!({"code": opened})), 200).await;
    let waiting = code(&installation, "/api/v1/auth/sso/login").await;
    let user = format!("/api/v1/admin/users/{}", opened["user"]["id"].as_str().unwrap());
    data(admin.put(&user).json(&json!({"status": "disabled"})), 200).await;
    assert_eq!(
        refusal(redeem(&installation, &json!({"code": waiting})), 403).await,
        "account_disabled"
    );
}

#[tokio::test]
async fn p9_a_login_has_ten_minutes_and_its_code_one() {
    let clock = Clock::fixed(Clock::system().now());
    let installation = Installation::start_at(&clock, json!({"console_url": CONSOLE})).await;
    let late = code(&installation, "/api/v1/auth/sso/login").await;
    clock.advance(Duration::from_mins(1));
    assert_refused(
        &installation,
        json!({"code": late}),
        "one-time code is unknown, used or expired",
    )
    .await;
    let begun = Begun::at(&installation.gateway).await;
    clock.advance(Duration::from_mins(10));
    let response = begun.come_back(&installation.gateway, "").await;
    installation
        .assert_refused(response, "the state is unknown, used or expired")
        .await;
}

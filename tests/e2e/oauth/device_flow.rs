//! The device flow: a program shows a code, and a person types it in the browser of any device.

use harness::identity_provider::Begun;
use serde_json::json;

use super::{Company, Tokens, ok, refused, seconds};

fn code(device: &serde_json::Value) -> &str {
    device["user_code"].as_str().unwrap()
}

#[tokio::test]
async fn v1_v5_a_program_is_let_in_by_a_code_once() {
    let company = Company::start_with(json!({"login_notice": "Only for work."})).await;
    let device = company.device("tidegate").await;
    let (uri, complete) = (
        format!("{}/device", company.address()),
        device["verification_uri_complete"].as_str(),
    );
    assert_eq!(device["verification_uri"], json!(uri));
    assert_eq!(complete, Some(format!("{uri}?user_code={}", code(&device)).as_str()));
    assert_eq!((&device["expires_in"], &device["interval"]), (&json!(600), &json!(5)));
    assert_eq!(device["login_notice"], "Only for work.");
    assert_eq!(
        refused(company.poll("tidegate", &device)).await,
        "authorization_pending"
    );
    let asked = company.asked_for(code(&device)).await;
    assert!(
        asked.html.contains("Only for work.") && !asked.html.contains("class=\"differs\""),
        "{}",
        asked.html
    );
    let decided = company.decide(&asked, "approve").await;
    assert_eq!(decided.status(), 200);
    assert!(decided.text().await.unwrap().contains("Back to your program"));
    let tokens = Tokens::of(company.poll("tidegate", &device)).await;
    assert_eq!(company.opens(tokens.access()).await, 200);
    assert_eq!(refused(company.poll("tidegate", &device)).await, "expired_token");
    let entry = company.audit("sign_in.create").await.remove(0);
    assert_eq!(entry["values"]["how"]["new"], "device");
    assert_eq!(
        (&entry["address"], &entry["values"]["address"]["new"]),
        (&json!("127.0.0.1"), &json!("127.0.0.1"))
    );
}

#[tokio::test]
async fn v2_a_hasty_program_is_told_to_slow_down() {
    let (company, clock) = Company::by_own_clock().await;
    let device = company.device("codex").await;
    for (pause, told) in [
        (0, "authorization_pending"),
        (5, "authorization_pending"),
        (4, "slow_down"),
        (9, "slow_down"),
        (15, "authorization_pending"),
    ] {
        clock.advance(seconds(pause));
        assert_eq!(refused(company.poll("codex", &device)).await, told, "after {pause} s");
    }
}

#[tokio::test]
async fn v3_v4_v11_a_denial_an_end_and_another_client_are_told() {
    let (company, clock) = Company::by_own_clock().await;
    let (denied, late) = (company.device("codex").await, company.device("codex").await);
    let asked = company.asked_for(code(&denied)).await;
    assert_eq!(company.decide(&asked, "deny").await.status(), 200);
    assert_eq!(refused(company.poll("codex", &denied)).await, "access_denied");
    assert_eq!(refused(company.poll("tidegate", &late)).await, "invalid_grant");
    clock.advance(seconds(600));
    assert_eq!(refused(company.poll("codex", &late)).await, "expired_token");
    let noise = json!({"device_code": "noise"});
    assert_eq!(refused(company.poll("codex", &noise)).await, "invalid_grant");
    let typed = company
        .press("/device", &[("user_code", code(&late))], "")
        .send()
        .await
        .unwrap();
    assert_eq!(typed.status(), 400, "its code is gone too");
}

#[tokio::test]
async fn v9_a_code_is_typed_in_any_case_and_spacing() {
    let company = Company::start().await;
    let device = company.device("codex").await;
    for typed in [
        code(&device).to_lowercase(),
        code(&device).replace('-', ""),
        code(&device).replace('-', " \u{2013} "),
    ] {
        let sent = company
            .press("/device", &[("user_code", &typed)], "")
            .send()
            .await
            .unwrap();
        assert_eq!(sent.status(), 303, "{typed}");
    }
}

#[tokio::test]
async fn v6_v7_the_page_has_the_code_filled_in_and_only_a_person_sends_it() {
    let company = Company::start().await;
    let device = company.device("codex").await;
    let path = format!("/device?user_code={}", code(&device));
    let page = company.get(&path).send().await.unwrap().text().await.unwrap();
    assert!(page.contains(&format!("value=\"{}\"", code(&device))), "{page}");
    assert!(!page.contains("<script") && !page.contains("http-equiv"), "{page}");
    let foreign = company
        .get("/device?user_code=%22%3E%3Cscript%3E")
        .send()
        .await
        .unwrap();
    assert!(
        !foreign.text().await.unwrap().contains("script"),
        "what is no code is not shown"
    );
    for origin in [None, Some("null"), Some("http://evil.example")] {
        let mut sent = company.post("/device", &[("user_code", code(&device))]);
        if let Some(origin) = origin {
            sent = sent.header("origin", origin);
        }
        assert_eq!(sent.send().await.unwrap().status(), 403, "{origin:?}");
    }
}

#[tokio::test]
async fn v8_a_login_is_ended_by_the_browser_that_began_it() {
    let company = Company::start().await;
    let device = company.device("codex").await;
    let sent = company
        .press("/device", &[("user_code", code(&device))], "")
        .send()
        .await
        .unwrap();
    let begun = Begun::of(sent.headers());
    let stranger = Begun {
        cookie: "tidegate-sso=another".into(),
        ..begun
    };
    let back = company.come_back(&stranger, &json!({})).await;
    assert_eq!(back.status(), 400);
    assert_eq!(refused(company.poll("codex", &device)).await, "authorization_pending");
}

#[tokio::test]
async fn v10_the_device_flow_can_be_switched_off() {
    let company = Company::start().await;
    let device = company.device("codex").await;
    let asked = company.asked_for(code(&device)).await;
    company.set(json!({"device_flow": "off"})).await;
    assert_eq!(company.decide(&asked, "approve").await.status(), 403);
    let typed = company
        .press("/device", &[("user_code", code(&device))], "")
        .send()
        .await
        .unwrap();
    assert_eq!(typed.status(), 403);
    assert_eq!(
        refused(company.post("/oauth/device_authorization", &[])).await,
        "unauthorized_client"
    );
    // On one computer both are at one place.
    company.set(json!({"device_flow": "same_network"})).await;
    let device = ok(company.post("/oauth/device_authorization", &[])).await;
    let asked = company.asked_for(code(&device)).await;
    assert_eq!(company.decide(&asked, "approve").await.status(), 200);
}

#[tokio::test]
async fn rates_of_codes_are_limited_at_each_address() {
    let company = Company::start().await;
    for _ in 0..30 {
        let _ = company.device("codex").await;
    }
    let asked = company.post("/oauth/device_authorization", &[]).send().await.unwrap();
    assert_eq!(asked.status(), 429);
    assert!(asked.headers().contains_key("retry-after"));
    for _ in 0..10 {
        let typed = company
            .press("/device", &[("user_code", "BCDF-GHJK")], "")
            .send()
            .await
            .unwrap();
        assert_eq!(typed.status(), 400);
    }
    let typed = company
        .press("/device", &[("user_code", "BCDF-GHJK")], "")
        .send()
        .await
        .unwrap();
    assert_eq!(typed.status(), 429);
}

//! The code flow: a program opens the browser of its person's computer, and a code comes back there.

use serde_json::json;

use super::{Company, REDIRECT, Tokens, location, parameter, refused, seconds};

#[tokio::test]
async fn p100_c6_a_program_gets_its_tokens_by_a_button_and_is_told_who_answers() {
    let company = Company::start().await;
    let asked = company.asked(&[]).await;
    for shown in ["Codex", "A Person", "person@example.com", "127.0.0.1"] {
        assert!(asked.html.contains(shown), "{shown} is not in {}", asked.html);
    }
    let decided = company.decide(&asked, "approve").await;
    let back = location(&decided);
    assert!(back.as_str().starts_with(REDIRECT), "{back}");
    assert_eq!(parameter(&back, "state"), "the program's state");
    assert_eq!(parameter(&back, "iss"), company.address());
    let tokens = Tokens::of(company.redeem("codex", &parameter(&back, "code"), &[])).await;
    assert_eq!(
        (&tokens.0["token_type"], &tokens.0["expires_in"]),
        (&json!("Bearer"), &json!(3600))
    );
    assert!(tokens.access().starts_with("tgat-") && tokens.refresh().starts_with("tgrt-"));
    assert_eq!(company.opens(tokens.access()).await, 200);
    let entry = company.audit("sign_in.create").await.remove(0);
    assert_eq!(entry["values"]["client"]["new"], "codex");
    assert_eq!(entry["values"]["how"]["new"], "code");
    assert_eq!(entry["address"], "127.0.0.1");
    assert_ne!(entry["actor"], "anonymous");
}

#[tokio::test]
async fn p100_nothing_is_signed_in_before_the_button_and_nothing_by_the_other_one() {
    let company = Company::start().await;
    let asked = company.asked(&[]).await;
    assert!(company.audit("sign_in.create").await.is_empty());
    let denied = location(&company.decide(&asked, "deny").await);
    assert_eq!(parameter(&denied, "error"), "access_denied");
    assert_eq!(parameter(&denied, "iss"), company.address());
    assert!(!denied.as_str().contains("code="), "{denied}");
    assert_eq!(company.audit("sign_in.deny").await[0]["target"], "codex");
    let again = company.decide(&asked, "approve").await;
    assert_eq!(again.status(), 400, "a question is answered once");
    let other = company.asked(&[]).await;
    let neither = company.decide(&other, "maybe").await;
    assert_eq!(neither.status(), 403);
}

#[tokio::test]
async fn p100_v8_another_browser_cannot_answer_and_neither_can_another_page() {
    let company = Company::start().await;
    let (asked, other) = (company.asked(&[]).await, company.asked(&[]).await);
    let form = [("question", asked.secret()), ("decision", "approve")];
    for cookie in [other.cookie.as_str(), "", "tidegate-ask=guess"] {
        let pressed = company.press("/oauth/decision", &form, cookie).send().await.unwrap();
        assert_eq!(pressed.status(), 403, "{cookie}");
    }
    for origin in [None, Some("null"), Some("http://evil.example")] {
        let mut sent = company.post("/oauth/decision", &form).header("cookie", &asked.cookie);
        if let Some(origin) = origin {
            sent = sent.header("origin", origin);
        }
        assert_eq!(sent.send().await.unwrap().status(), 403, "{origin:?}");
    }
    assert_eq!(
        company.decide(&asked, "approve").await.status(),
        303,
        "its own still can"
    );
}

#[tokio::test]
async fn p101_c2_a_code_is_good_once_and_a_second_time_ends_what_it_has_opened() {
    let company = Company::start().await;
    let code = company.code("codex").await;
    let tokens = Tokens::of(company.redeem("codex", &code, &[])).await;
    assert_eq!(company.opens(tokens.access()).await, 200);
    assert_eq!(refused(company.redeem("codex", &code, &[])).await, "invalid_grant");
    assert_eq!(company.opens(tokens.access()).await, 401);
    assert_eq!(
        refused(company.refresh("codex", tokens.refresh())).await,
        "invalid_grant"
    );
    assert_eq!(company.audit("sign_in.reuse").await.len(), 1);
}

#[tokio::test]
async fn p101_c1_c4_a_code_is_of_one_client_one_address_and_one_verifier() {
    let company = Company::start().await;
    let code = company.code("codex").await;
    let other = "a".repeat(43);
    for wrong in [
        [("code_verifier", other.as_str())],
        [("code_verifier", "")],
        [("redirect_uri", "http://127.0.0.1:2/callback")],
        [("redirect_uri", "")],
        [("client_id", "tidegate")],
        [("code", "tgac-noise")],
    ] {
        assert_eq!(
            refused(company.redeem("codex", &code, &wrong)).await,
            "invalid_grant",
            "{wrong:?}"
        );
    }
    assert_eq!(
        refused(company.redeem("codex", &code, &[("code", "")])).await,
        "invalid_request"
    );
    assert_eq!(
        refused(company.redeem("codex", &code, &[("client_id", "evil")])).await,
        "unauthorized_client"
    );
    let _ = Tokens::of(company.redeem("codex", &code, &[])).await;
}

#[tokio::test]
async fn p101_c5_a_code_lives_a_minute_and_a_question_ten() {
    let (company, clock) = Company::by_own_clock().await;
    let (in_time, late) = (company.code("codex").await, company.code("codex").await);
    clock.advance(seconds(59));
    let _ = Tokens::of(company.redeem("codex", &in_time, &[])).await;
    clock.advance(seconds(1));
    assert_eq!(refused(company.redeem("codex", &late, &[])).await, "invalid_grant");
    let asked = company.asked(&[]).await;
    clock.advance(seconds(600));
    assert_eq!(company.decide(&asked, "approve").await.status(), 400);
}

#[tokio::test]
async fn p101_c3_a_wrong_program_or_address_is_a_page_and_leads_nowhere() {
    let company = Company::start().await;
    for wrong in [
        ("client_id", "evil"),
        ("client_id", ""),
        ("client_id", "claude-code"),
        ("redirect_uri", ""),
        ("redirect_uri", "https://evil.example/callback"),
        ("redirect_uri", "http://127.0.0.1:1/other"),
        ("redirect_uri", "http://127.0.0.1:1@evil.example/callback"),
    ] {
        let answer = company.get(&Company::authorize_path(&[wrong])).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{wrong:?}");
        assert!(answer.headers().get("location").is_none(), "{wrong:?}");
        assert!(
            answer.text().await.unwrap().contains("Nobody was signed in"),
            "{wrong:?}"
        );
    }
}

#[tokio::test]
async fn c1_what_else_is_wrong_is_told_to_the_program() {
    let company = Company::start().await;
    let long = "s".repeat(2049);
    for (wrong, error) in [
        (("response_type", "token"), "unsupported_response_type"),
        (("response_type", ""), "unsupported_response_type"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("state", long.as_str()), "invalid_request"),
    ] {
        let answer = company.get(&Company::authorize_path(&[wrong])).send().await.unwrap();
        assert_eq!(answer.status(), 302, "{wrong:?}");
        let back = location(&answer);
        assert!(back.as_str().starts_with(REDIRECT), "{back}");
        assert_eq!(parameter(&back, "error"), error, "{wrong:?}");
        assert_eq!(parameter(&back, "iss"), company.address());
    }
}

#[tokio::test]
async fn t14_a_program_that_cannot_refresh_has_one_token_of_the_sign_ins_length() {
    let company = Company::start_with(json!({"sign_in_minutes": 120})).await;
    let tokens = company.sign_in("opencode").await;
    assert_eq!(tokens.0["expires_in"], 7200);
    assert!(tokens.0.get("refresh_token").is_none(), "{}", tokens.0);
}

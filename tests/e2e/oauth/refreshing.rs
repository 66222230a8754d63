//! Refresh tokens: what they get, whose they are, and how they end.

use futures_util::future::join_all;
use serde_json::json;

use super::{Company, Tokens, refused, seconds};

#[tokio::test]
async fn p102_t5_t6_a_rotated_token_gets_the_same_answer_for_a_minute() {
    let (company, clock) = Company::by_own_clock().await;
    let first = company.sign_in("codex").await;
    let second = Tokens::of(company.refresh("codex", first.refresh())).await;
    assert_ne!(second.refresh(), first.refresh());
    assert_ne!(second.access(), first.access());
    clock.advance(seconds(59));
    let again = Tokens::of(company.refresh("codex", first.refresh())).await;
    assert_eq!(again.0, second.0);
    for token in [first.access(), second.access()] {
        assert_eq!(company.opens(token).await, 200, "both live until their end");
    }
}

#[tokio::test]
async fn p102_t7_a_rotated_token_that_comes_later_ends_the_sign_in() {
    let (company, clock) = Company::by_own_clock().await;
    let first = company.sign_in("codex").await;
    let second = Tokens::of(company.refresh("codex", first.refresh())).await;
    clock.advance(seconds(60));
    assert_eq!(
        refused(company.refresh("codex", first.refresh())).await,
        "invalid_grant"
    );
    assert_eq!(
        refused(company.refresh("codex", second.refresh())).await,
        "invalid_grant"
    );
    assert_eq!(company.opens(second.access()).await, 401);
    assert_eq!(company.audit("sign_in.reuse").await.len(), 1);
}

#[tokio::test]
async fn t5_of_processes_that_redeem_one_token_at_once_all_get_the_same() {
    let company = Company::start().await;
    let first = company.sign_in("codex").await;
    let each = (0..4).map(|_| Tokens::of(company.refresh("codex", first.refresh())));
    let all = join_all(each).await;
    assert!(all.iter().all(|tokens| tokens.0 == all[0].0), "{all:?}");
}

#[tokio::test]
async fn t18_claude_code_keeps_its_token_in_all_of_its_processes() {
    let company = Company::start().await;
    let device = company.device("claude-code").await;
    let asked = company.asked_for(device["user_code"].as_str().unwrap()).await;
    assert_eq!(company.decide(&asked, "approve").await.status(), 200);
    let first = Tokens::of(company.poll("claude-code", &device)).await;
    // As it does: without naming itself.
    let form = [("grant_type", "refresh_token"), ("refresh_token", first.refresh())];
    let all = join_all((0..3).map(|_| Tokens::of(company.post("/oauth/token", &form)))).await;
    for tokens in &all {
        assert_eq!(tokens.refresh(), first.refresh());
        assert_eq!(company.opens(tokens.access()).await, 200);
    }
    assert_ne!(all[0].access(), all[1].access());
}

#[tokio::test]
async fn p102_t4_t12_refreshing_lengthens_nothing() {
    let (company, clock) = Company::by_own_clock().await;
    company
        .set(json!({"sign_in_minutes": 10, "access_token_seconds": 400}))
        .await;
    let first = company.sign_in("codex").await;
    assert_eq!(first.0["expires_in"], 400);
    clock.advance(seconds(300));
    let second = Tokens::of(company.refresh("codex", first.refresh())).await;
    assert_eq!(second.0["expires_in"], 300, "until the end of the sign-in");
    clock.advance(seconds(299));
    assert_eq!(company.opens(first.access()).await, 401);
    assert_eq!(company.opens(second.access()).await, 200);
    clock.advance(seconds(1));
    assert_eq!(company.opens(second.access()).await, 401);
    assert_eq!(
        refused(company.refresh("codex", second.refresh())).await,
        "invalid_grant"
    );
}

#[tokio::test]
async fn p108_t10_t15_every_refusal_is_400_and_a_token_is_its_clients() {
    let company = Company::start().await;
    let tokens = company.sign_in("codex").await;
    for (client, token) in [
        ("tidegate", tokens.refresh()),
        ("codex", tokens.access()),
        ("codex", "tgrt-noise"),
        ("codex", &tokens.refresh()[..20]),
    ] {
        assert_eq!(
            refused(company.refresh(client, token)).await,
            "invalid_grant",
            "{client} {token}"
        );
    }
    assert_eq!(
        refused(company.refresh("evil", tokens.refresh())).await,
        "unauthorized_client"
    );
    assert_eq!(
        refused(company.post("/oauth/token", &[("grant_type", "password")])).await,
        "unsupported_grant_type"
    );
    assert_eq!(refused(company.post("/oauth/token", &[])).await, "invalid_request");
    let _ = Tokens::of(company.refresh("codex", tokens.refresh())).await;
}

#[tokio::test]
async fn p111_t2_t16_a_refresh_token_opens_nothing_else() {
    let company = Company::start().await;
    let tokens = company.sign_in("codex").await;
    assert_eq!(company.opens(tokens.refresh()).await, 401);
    let gateway = &company.installation.gateway;
    for token in [tokens.access(), tokens.refresh()] {
        let profile = gateway.anybody().with(token).get("/api/v1/user/profile");
        assert_eq!(profile.send().await.unwrap().status(), 401);
    }
    let log = company.installation.log.take();
    for secret in [tokens.access(), tokens.refresh()] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

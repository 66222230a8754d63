//! How sign-ins of people end: by their program, their person, an administrator, and one too many.

use harness::client::data;
use serde_json::{Value, json};

use super::{Company, Tokens, refused};

/// The sign-ins of the one person of these tests, as an administrator sees them.
async fn listed(company: &Company) -> Vec<Value> {
    let admin = company.installation.gateway.admin();
    data(admin.get("/api/v1/admin/sign-ins?limit=100"), 200)
        .await
        .as_array()
        .unwrap()
        .clone()
}

#[tokio::test]
async fn a_program_ends_its_sign_in_by_either_token() {
    let company = Company::start().await;
    for client in ["codex", "tidegate"] {
        let tokens = company.sign_in(client).await;
        let token = if client == "codex" {
            tokens.refresh()
        } else {
            tokens.access()
        };
        let revoked = company.post("/oauth/revoke", &[("token", token)]).send().await.unwrap();
        assert_eq!(revoked.status(), 200);
        assert_eq!(company.opens(tokens.access()).await, 401);
        assert_eq!(
            refused(company.refresh(client, tokens.refresh())).await,
            "invalid_grant"
        );
    }
    assert_eq!(company.audit("sign_in.end").await.len(), 2);
    for noise in [&[("token", "noise")][..], &[("token", "tgrt-noise")], &[]] {
        let revoked = company.post("/oauth/revoke", noise).send().await.unwrap();
        assert_eq!(revoked.status(), 200, "{noise:?}");
    }
}

#[tokio::test]
async fn p103_t8_t9_a_disabled_person_is_out_and_old_sign_ins_stay_dead() {
    let company = Company::start().await;
    let tokens = company.sign_in("codex").await;
    let admin = company.installation.gateway.admin();
    let user = listed(&company).await[0]["user"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/admin/users/{user}");
    let waiting = company.code("codex").await;
    admin.change(&path, &json!({"status": "disabled"})).await;
    assert_eq!(company.opens(tokens.access()).await, 401);
    assert_eq!(
        refused(company.refresh("codex", tokens.refresh())).await,
        "invalid_grant"
    );
    admin.change(&path, &json!({"status": "active"})).await;
    assert_eq!(company.opens(tokens.access()).await, 401);
    assert_eq!(
        refused(company.refresh("codex", tokens.refresh())).await,
        "invalid_grant"
    );
    assert_eq!(refused(company.redeem("codex", &waiting, &[])).await, "invalid_grant");
    let again = company.sign_in("codex").await;
    assert_eq!(company.opens(again.access()).await, 200);
}

#[tokio::test]
async fn a_21st_sign_in_ends_the_oldest() {
    let company = Company::start().await;
    let first = company.sign_in("codex").await;
    let second = company.sign_in("codex").await;
    for _ in 0..19 {
        let _ = company.sign_in("tidegate").await;
    }
    assert_eq!(listed(&company).await.len(), 20);
    assert_eq!(company.opens(first.access()).await, 401);
    assert_eq!(company.opens(second.access()).await, 200);
}

#[tokio::test]
async fn switched_off_there_is_nothing() {
    let company = Company::start().await;
    let tokens = company.sign_in("codex").await;
    company.set(json!({"sign_in_enabled": false})).await;
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/opencode",
        "/device",
        &Company::authorize_path(&[]),
    ] {
        assert_eq!(company.get(path).send().await.unwrap().status(), 404, "{path}");
    }
    for path in [
        "/oauth/token",
        "/oauth/revoke",
        "/oauth/device_authorization",
        "/device",
        "/oauth/decision",
    ] {
        assert_eq!(company.post(path, &[]).send().await.unwrap().status(), 404, "{path}");
    }
    company.set(json!({"sign_in_enabled": true})).await;
    let _ = Tokens::of(company.refresh("codex", tokens.refresh())).await;
}

//! From an identity token to completions.

use std::time::Duration;

use harness::Gateway;
use harness::client::{data, status};
use harness::provider::{Provider, Reply, openai};
use serde_json::{Value, json};

use super::{Ci, service_account};

#[tokio::test]
async fn p106_w1_a_job_comes_in_by_its_issuers_signature_and_asks_a_model() {
    let provider = Provider::start();
    let ci = Ci::of(Gateway::start().await.with_model("m", &provider).await).await;
    ci.rule("ci", &json!({})).await;
    ci.issuer.will_introduce_itself(&ci.key);
    let answer = ci.exchange("ci", &ci.token(&json!({}))).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(
        (&body["token_type"], &body["expires_in"]),
        (&json!("Bearer"), &json!(3600))
    );
    let program = ci.gateway.anybody().with(body["access_token"].as_str().unwrap());
    provider.will(Reply::json(&openai::completion("Hello")));
    assert_eq!(status(program.message("m")).await, 200);
    ci.gateway.local().write_usage().await;
    let entry = ci.entry("workload.exchange").await;
    assert_eq!(entry["values"]["rule"]["new"], "ci");
    assert_eq!(entry["values"]["subject"]["new"], super::SUBJECT);
    let log = data(ci.admin().get(&format!("/api/v1/admin/logs?user={}", ci.account)), 200).await;
    assert_eq!(log[0]["key"], entry["target"], "usage leads to the exchange");
}

#[tokio::test]
async fn p106_w14_other_programs_exchange_by_rfc_8693_with_a_rule_or_without() {
    let ci = Ci::start().await;
    ci.rule("ci", &json!({"token_seconds": 600})).await;
    ci.issuer.will_introduce_itself(&ci.key);
    let token = ci.token(&json!({}));
    for rule in [&[("identity_provider_id", "ci")][..], &[]] {
        let answer = ci.exchange_form(&[rule, &[("subject_token", &token)]].concat()).await;
        let body: Value = answer.json().await.unwrap();
        assert_eq!(
            body["issued_token_type"], "urn:ietf:params:oauth:token-type:access_token",
            "{body}"
        );
        assert_eq!(body["expires_in"], 600);
        let program = ci.gateway.anybody().with(body["access_token"].as_str().unwrap());
        assert_eq!(status(program.get("/v1/models")).await, 200);
    }
    for (members, error) in [
        (&[("identity_provider_id", "ci")][..], "invalid_request"),
        (&[("subject_token", "x"), ("subject_token", "y")], "invalid_request"),
        (&[("subject_token", "x")], "invalid_grant"),
    ] {
        let body: Value = ci.exchange_form(members).await.json().await.unwrap();
        assert_eq!(body["error"], error, "{members:?}");
    }
}

#[tokio::test]
async fn p106_w15_without_a_rules_name_exactly_one_must_fit() {
    let ci = Ci::start().await;
    let other = service_account(ci.admin(), "Other").await;
    ci.rule("main", &json!({})).await;
    ci.rule("other", &json!({"claims": {"sub": "repo:acme/other:*"}, "user": other}))
        .await;
    ci.issuer.will_introduce_itself(&ci.key);
    let token = ci.token(&json!({}));
    let alone = [("subject_token", token.as_str())];
    assert_eq!(ci.exchange_form(&alone).await.status(), 200);
    ci.rule("broad", &json!({"claims": {"sub": "repo:acme/*:ref:refs/heads/main"}}))
        .await;
    super::refused(ci.exchange_form(&alone).await, "two rules fit").await;
    assert!(
        ci.entry("workload.refuse").await["result"]
            .as_str()
            .unwrap()
            .contains("several")
    );
    let named = [alone[0], ("identity_provider_id", "broad")];
    assert_eq!(ci.exchange_form(&named).await.status(), 200);
}

#[tokio::test]
async fn p106_w13_the_issuers_own_token_opens_nothing() {
    let ci = Ci::start().await;
    ci.rule("ci", &json!({})).await;
    let token = ci.token(&json!({}));
    let bearer = ci.gateway.anybody().with(&token);
    for path in ["/v1/models", "/api/v1/user/profile", "/api/v1/admin/users"] {
        assert_eq!(status(bearer.get(path)).await, 401, "{path}");
    }
}

#[tokio::test]
async fn p106_w10_switching_a_rule_off_ends_what_it_has_let_in_and_nothing_else() {
    let ci = Ci::start().await;
    ci.rule("one", &json!({})).await;
    ci.rule("two", &json!({})).await;
    ci.issuer.will_introduce_itself(&ci.key);
    let (one, another, two) = (
        ci.program("one").await,
        ci.program("one").await,
        ci.program("two").await,
    );
    let open = async || {
        let mut open = Vec::new();
        for program in [&one, &another, &two] {
            open.push(status(program.get("/v1/models")).await);
        }
        open
    };
    assert_eq!(open().await, [200, 200, 200]);
    ci.admin()
        .change(&format!("{}/one", super::RULES), &json!({"enabled": false}))
        .await;
    assert_eq!(open().await, [401, 401, 200]);
    super::refused(ci.exchange("one", &ci.token(&json!({}))).await, "off").await;
    assert_eq!(status(ci.admin().delete(&format!("{}/two", super::RULES))).await, 200);
    assert_eq!(open().await, [401, 401, 401]);
    let left = data(ci.admin().get("/api/v1/admin/sign-ins"), 200).await;
    assert_eq!(left, json!([]));
}

#[tokio::test]
async fn p106_keys_are_remembered_and_new_ones_are_found() {
    let clock = domain::clock::Clock::fixed(domain::clock::Clock::system().now());
    let ci = Ci::of(Gateway::start_at(&clock).await).await;
    ci.rule("ci", &json!({})).await;
    ci.issuer.will_introduce_itself(&ci.key);
    ci.program("ci").await;
    ci.program("ci").await;
    assert_eq!(ci.issuer.received().len(), 2, "the document and the keys, once");
    let next = harness::identity_provider::SigningKey::generate("ci-2");
    let token = next.sign(&ci.claims(&json!({})));
    super::refused(
        ci.exchange("ci", &token).await,
        "keys are read again every 10 s at most",
    )
    .await;
    assert_eq!(ci.issuer.received().len(), 2);
    clock.advance(Duration::from_secs(10));
    ci.issuer.will_introduce_itself(&next);
    assert_eq!(ci.exchange("ci", &token).await.status(), 200);
}

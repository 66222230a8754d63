//! Service accounts: with a meter and usage like a person, and no way to log in.

use harness::Gateway;
use harness::client::{refusal, status};
use harness::provider::{Provider, Reply, openai};
use serde_json::{Value, json};

use super::{Ci, service_account};

#[tokio::test]
async fn p106_w12_a_service_account_cannot_be_logged_in_to() {
    let ci = Ci::start().await;
    let path = format!("/api/v1/admin/users/{}", ci.account);
    for change in [
        json!({"password": "a long enough password"}),
        json!({"role": "admin"}),
        json!({"email": "a@example.com"}),
        json!({"identity": {"issuer": "https://idp.example.com", "subject": "s"}}),
    ] {
        let request = ci.admin().put(&path).json(&change);
        assert_eq!(refusal(request, 400).await, "invalid_value", "{change}");
    }
    for member in ["email", "password", "role"] {
        let mut account = json!({"kind": "service", "name": "CI"});
        account[member] = "x".into();
        let request = ci.admin().post("/api/v1/admin/users").json(&account);
        assert_eq!(refusal(request, 400).await, "invalid_value", "{member}");
    }
    let renamed = ci
        .admin()
        .change(&path, &json!({"name": "Builds", "department": "ops"}))
        .await;
    assert_eq!(
        (&renamed["kind"], &renamed["has_password"]),
        (&json!("service"), &json!(false))
    );
}

#[tokio::test]
async fn p106_w12_a_rule_lets_in_as_its_service_account_and_no_person() {
    let ci = Ci::start().await;
    let person = ci.admin().create_person("a@example.com", json!({})).await;
    let as_person = ci
        .admin()
        .post(super::RULES)
        .json(&ci.form("ci", &json!({"user": person.id().await})));
    assert_eq!(refusal(as_person, 404).await, "not_found");
    let other = service_account(ci.admin(), "Other").await;
    ci.rule("ci", &json!({})).await;
    ci.issuer.will_introduce_itself(&ci.key);
    let token = ci.token(&json!({}));
    for (account, status) in [(ci.account.as_str(), 200), (&other, 400), ("-", 400)] {
        let answer = ci
            .exchange_with("ci", &token, &json!({"service_account_id": account}))
            .await;
        assert_eq!(answer.status(), status, "{account}");
    }
    let path = format!("/api/v1/admin/users/{}", ci.account);
    let program = ci.program("ci").await;
    assert_eq!(status(program.get("/v1/models")).await, 200);
    ci.admin().change(&path, &json!({"status": "disabled"})).await;
    assert_eq!(status(program.get("/v1/models")).await, 401);
    super::refused(ci.exchange("ci", &token).await, "disabled").await;
}

#[tokio::test]
async fn p106_w12_all_jobs_of_a_service_account_share_its_limits() {
    let provider = Provider::start();
    let ci = Ci::of(Gateway::start().await.with_model("m", &provider).await).await;
    ci.admin()
        .create_policy("one", &json!({"request_quota_daily": 1}))
        .await;
    let path = format!("/api/v1/admin/users/{}", ci.account);
    let account: Value = ci.admin().change(&path, &json!({"quota_policy": "one"})).await;
    assert_eq!(account["quota_policy"], "one");
    ci.rule("ci", &json!({})).await;
    ci.issuer.will_introduce_itself(&ci.key);
    let (first, second) = (ci.program("ci").await, ci.program("ci").await);
    provider.will(Reply::json(&openai::completion("Hello")));
    assert_eq!(status(first.chat("m")).await, 200);
    assert_eq!(status(second.chat("m")).await, 429);
}

//! The test of a configuration of single sign-on, which an administrator starts.

use harness::Gateway;
use harness::client::data;
use harness::identity_provider::{IdentityProvider, SigningKey};
use harness::provider::Reply;
use serde_json::{Value, json};

pub(super) async fn status(gateway: &Gateway) -> Value {
    data(gateway.admin().get("/api/v1/admin/sso/status"), 200).await
}

/// What a test of the configuration with these changes finds.
pub(super) async fn test(gateway: &Gateway, changes: Value) -> Value {
    data(gateway.admin().post("/api/v1/admin/sso/test").json(&changes), 200).await
}

fn results(report: &Value) -> Vec<(String, String, String)> {
    let text = |step: &Value, field: &str| step[field].as_str().unwrap_or_default().to_owned();
    report["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (text(step, "step"), text(step, "result"), text(step, "reason")))
        .collect()
}

fn all_pass() -> Vec<(String, String, String)> {
    let steps = [
        ("discovery", "pass"),
        ("issuer", "pass"),
        ("keys", "pass"),
        ("client", "pass"),
        ("claims", "skipped"),
    ];
    steps
        .map(|(step, result)| (step.to_owned(), result.to_owned(), String::new()))
        .into()
}

#[tokio::test]
async fn p37_a_test_that_passes_tells_each_step_and_nothing_that_the_provider_said() {
    let gateway = Gateway::start().await;
    let provider = IdentityProvider::start();
    provider.configure(&gateway, &json!({})).await;
    provider.will_introduce_itself(&SigningKey::generate("one"));
    let refused = json!({"error": "invalid_grant", "error_description": "canary"});
    provider.will(Reply::error(400, &refused));
    let report = test(&gateway, json!({})).await;
    assert_eq!(results(&report), all_pass(), "{report}");
    assert_eq!(report["passed"], true, "{report}");
    assert!(!report.to_string().contains("canary"));
    let shown = status(&gateway).await;
    assert_eq!(shown["last_test"]["passed"], true, "{shown}");
    assert_eq!(shown["version"], 1, "{shown}");
}

#[tokio::test]
async fn p37_a_test_that_fails_tells_its_step_and_nothing_that_the_provider_said() {
    let gateway = Gateway::start().await;
    let provider = IdentityProvider::start();
    provider.configure(&gateway, &json!({})).await;
    let canary = json!({"x": "canary"});
    let no_keys = Reply::json(&json!({"keys": []}));
    let document = Reply::json(&provider.document());
    let another = Reply::json(&document_of_another(&provider));
    for (replies, step, reason) in [
        (vec![Reply::error(404, &canary)], "discovery", "status 404"),
        (vec![Reply::json(&canary)], "discovery", "malformed"),
        (vec![another], "issuer", "issuer"),
        (vec![document, no_keys, invalid_client()], "keys", "malformed"),
    ] {
        for reply in replies {
            provider.will(reply);
        }
        let report = test(&gateway, json!({})).await;
        let failed = results(&report).into_iter().find(|(_, result, _)| result == "fail");
        let (found_step, _, found_reason) = failed.unwrap();
        assert_eq!((found_step.as_str(), found_reason.as_str()), (step, reason), "{report}");
        assert_eq!(report["passed"], false, "{report}");
        assert!(!report.to_string().contains("canary"), "{report}");
        let mut steps = report["steps"].as_array().unwrap().iter();
        assert!(
            steps.all(|step| step["result"] != "fail" || step["advice"].is_string()),
            "{report}"
        );
    }
}

#[tokio::test]
async fn a_test_tells_a_wrong_secret_from_a_right_one_without_saving_it() {
    let gateway = Gateway::start().await;
    let provider = IdentityProvider::start();
    provider.configure(&gateway, &json!({})).await;
    provider.will_introduce_itself(&SigningKey::generate("one"));
    provider.will(invalid_client());
    let report = test(&gateway, json!({"client_secret": "a wrong one"})).await;
    let client = results(&report)
        .into_iter()
        .find(|(step, ..)| step == "client")
        .unwrap();
    assert_eq!((client.1.as_str(), client.2.as_str()), ("fail", "client"), "{report}");
    assert_eq!(status(&gateway).await["version"], 1, "nothing but the report is saved");
}

#[tokio::test]
async fn p10_a_test_previews_what_a_login_would_lead_to() {
    let gateway = Gateway::start().await;
    let provider = IdentityProvider::start();
    provider.configure(&gateway, &json!({"auto_provision": false})).await;
    let person = |email: &str| json!({"sub": "s", "email": email, "email_verified": true});
    let unverified = json!({"sub": "s", "email": "new@example.com"});
    for (claims, account, reason) in [
        (person("new@example.com"), "created_pending", ""),
        (person(harness::ADMIN_EMAIL), "", "has a password"),
        (unverified, "", "does not vouch"),
    ] {
        provider.will_introduce_itself(&SigningKey::generate("one"));
        provider.will(Reply::error(400, &json!({"error": "invalid_grant"})));
        let report = test(&gateway, json!({"claims": claims})).await;
        let previewed = report["preview"]["account"].as_str().unwrap_or_default();
        assert_eq!(previewed, account, "{report}");
        let step = results(&report).pop().unwrap();
        assert!(step.2.contains(reason), "{report}");
        let advice = &report["steps"].as_array().unwrap().last().unwrap()["advice"];
        let is_refused = !reason.is_empty();
        assert_eq!(
            advice.is_string(),
            is_refused,
            "who is refused is told what to change: {report}"
        );
    }
    let users = data(gateway.admin().get("/api/v1/admin/users"), 200).await;
    assert_eq!(users.as_array().unwrap().len(), 1, "a preview makes nobody");
}

#[tokio::test]
async fn p23_a_client_without_a_secret_is_tried_without_one() {
    let gateway = Gateway::start().await;
    let provider = IdentityProvider::start();
    provider.configure(&gateway, &json!({})).await;
    provider.will_introduce_itself(&SigningKey::generate("one"));
    provider.will(Reply::error(400, &json!({"error": "invalid_grant"})));
    assert_eq!(test(&gateway, json!({"client_secret": null})).await["passed"], true);
    let tried = provider.received().pop().unwrap();
    assert!(
        !tried.headers.contains_key("authorization")
            && String::from_utf8_lossy(&tried.body).contains("client_id=tidegate")
    );
}

fn invalid_client() -> Reply {
    Reply::error(401, &json!({"error": "invalid_client", "error_description": "canary"}))
}

fn document_of_another(provider: &IdentityProvider) -> Value {
    let mut document = provider.document();
    document["issuer"] = "https://canary.example".into();
    document
}

//! How administrators set single sign-on up, and what they can find out about it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use harness::Gateway;
use harness::client::{data, refusal};
use harness::identity_provider::{CLIENT_SECRET, IdentityProvider, SigningKey};
use harness::provider::Reply;
use serde_json::{Value, json};

async fn put(gateway: &Gateway, config: Value) -> Value {
    data(gateway.admin().put("/api/v1/admin/sso/config").json(&config), 200).await
}

async fn status(gateway: &Gateway) -> Value {
    data(gateway.admin().get("/api/v1/admin/sso/status"), 200).await
}

/// What a test of the configuration with these changes finds.
async fn test(gateway: &Gateway, changes: Value) -> Value {
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
async fn p22_the_client_secret_is_written_and_never_read() {
    let gateway = Gateway::start().await;
    assert_eq!(status(&gateway).await["has_client_secret"], false);
    let provider = IdentityProvider::start();
    let config = provider.configure(&gateway, &json!({})).await;
    for shown in [config, status(&gateway).await] {
        assert_eq!(shown["has_client_secret"], true);
        assert!(!shown.to_string().contains(CLIENT_SECRET), "{shown}");
    }
    let options = data(gateway.anybody().get("/api/v1/auth/options"), 200).await;
    let login_url = options["sso"]["login_url"].as_str().unwrap();
    assert!(
        login_url.starts_with("http://127.0.0.1:") && login_url.ends_with("/api/v1/auth/sso/login"),
        "{options}"
    );
    assert_eq!(
        (&options["sso"]["enabled"], &options["sso"]["provider"]),
        (&json!(true), &json!("generic-oidc"))
    );
    assert_eq!(
        put(&gateway, json!({"client_secret": null})).await["has_client_secret"],
        false
    );
}

#[tokio::test]
async fn p23_the_client_secret_stays_with_its_issuer() {
    let gateway = Gateway::start().await;
    let (provider, other) = (IdentityProvider::start(), IdentityProvider::start());
    provider.configure(&gateway, &json!({})).await;
    let move_away = json!({"issuer_url": other.issuer()});
    for request in [
        gateway.admin().put("/api/v1/admin/sso/config"),
        gateway.admin().post("/api/v1/admin/sso/test"),
    ] {
        assert_eq!(refusal(request.json(&move_away), 400).await, "secret_required");
    }
    assert!(other.received().is_empty());
    let moved = put(
        &gateway,
        json!({"issuer_url": other.issuer(), "client_secret": "another"}),
    )
    .await;
    assert_eq!(moved["issuer_url"], other.issuer());
}

#[tokio::test]
async fn p23_of_changes_at_once_the_one_that_is_made_has_its_own_client_secret() {
    let gateway = Gateway::start().await;
    let providers: Vec<_> = (0..8).map(|_| IdentityProvider::start()).collect();
    providers[0].configure(&gateway, &json!({})).await;
    let change = |number: usize| {
        let change = json!({"issuer_url": providers[number].issuer(), "client_secret": format!("secret-{number}"), "version": 1});
        gateway.admin().put("/api/v1/admin/sso/config").json(&change).send()
    };
    let changes = join_all((0..providers.len()).map(change)).await;
    let made: Vec<_> = (0..providers.len())
        .filter(|number| changes[*number].as_ref().unwrap().status() == 200)
        .collect();
    assert_eq!(made.len(), 1, "the others know an older version");
    let provider = &providers[made[0]];
    provider.will_introduce_itself(&SigningKey::generate("one"));
    provider.will(Reply::error(400, &json!({"error": "invalid_grant"})));
    assert_eq!(test(&gateway, json!({})).await["passed"], true);
    let shown = provider.received().pop().unwrap().header("authorization").to_owned();
    let credentials = STANDARD.decode(shown.strip_prefix("Basic ").unwrap()).unwrap();
    assert_eq!(
        String::from_utf8(credentials).unwrap(),
        format!("tidegate:secret-{}", made[0])
    );
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

#[tokio::test]
async fn p55_a_configuration_is_changed_at_the_version_that_was_read() {
    let gateway = Gateway::start().await;
    let provider = IdentityProvider::start();
    assert_eq!(provider.configure(&gateway, &json!({"version": 0})).await["version"], 1);
    let stale = gateway
        .admin()
        .put("/api/v1/admin/sso/config")
        .header("if-match", "\"0\"")
        .json(&json!({"enabled": false}));
    assert_eq!(refusal(stale, 409).await, "version_conflict");
    assert_eq!(
        put(&gateway, json!({"enabled": false, "version": 1})).await["version"],
        2
    );
}

#[tokio::test]
async fn p28_what_cannot_work_is_refused_and_names_its_field() {
    let gateway = Gateway::start().await;
    let provider = IdentityProvider::start();
    assert_eq!(
        refusal(
            gateway
                .admin()
                .put("/api/v1/admin/sso/config")
                .json(&json!({"enabled": true})),
            400
        )
        .await,
        "invalid_value"
    );
    provider.configure(&gateway, &json!({})).await;
    for (field, value) in [
        (
            "redirect_url",
            json!("http://gateway.example.com/api/v1/auth/sso/callback"),
        ),
        ("redirect_url", json!("https://gateway.example.com/elsewhere")),
        ("console_url", json!("javascript:alert(1)")),
        ("console_url", json!("https://console.example.com/#x")),
        ("email_claim", json!("preferred_username")),
        ("scopes", json!(["email"])),
        ("default_policy", json!("none")),
        ("allowed_domains", json!(["not a domain"])),
        ("client_id", json!("")),
        ("client_secret", json!("")),
    ] {
        let request = gateway
            .admin()
            .put("/api/v1/admin/sso/config")
            .json(&json!({field: value}));
        let response: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(response["error"]["field"], field, "{value}: {response}");
    }
    let azure =
        json!({"provider": "azure", "issuer_url": format!("{}/common/v2.0", provider.issuer()), "client_secret": "x"});
    let response = gateway
        .admin()
        .put("/api/v1/admin/sso/config")
        .json(&azure)
        .send()
        .await
        .unwrap();
    assert_eq!(response.json::<Value>().await.unwrap()["error"]["field"], "issuer_url");
}

#[tokio::test]
async fn p37_a_test_tells_each_step_and_nothing_that_the_provider_said() {
    let gateway = Gateway::start().await;
    let provider = IdentityProvider::start();
    provider.configure(&gateway, &json!({})).await;
    provider.will_introduce_itself(&SigningKey::generate("one"));
    provider.will(Reply::error(
        400,
        &json!({"error": "invalid_grant", "error_description": "canary"}),
    ));
    let report = test(&gateway, json!({})).await;
    assert_eq!(
        (results(&report), &report["passed"]),
        (all_pass(), &json!(true)),
        "{report}"
    );
    assert!(!report.to_string().contains("canary"));
    let shown = status(&gateway).await;
    assert_eq!(
        (&shown["last_test"]["passed"], &shown["version"]),
        (&json!(true), &json!(1)),
        "{shown}"
    );
    for (document, keys, token, expected) in [
        (
            Reply::error(404, &json!({"x": "canary"})),
            None,
            None,
            ("discovery", "status 404"),
        ),
        (
            Reply::json(&json!({"x": "canary"})),
            None,
            None,
            ("discovery", "malformed"),
        ),
        (
            Reply::json(&document_of_another(&provider)),
            None,
            None,
            ("issuer", "issuer"),
        ),
        (
            Reply::json(&provider.document()),
            Some(Reply::json(&json!({"keys": []}))),
            Some(invalid_client()),
            ("keys", "malformed"),
        ),
    ] {
        for reply in [Some(document), keys, token].into_iter().flatten() {
            provider.will(reply);
        }
        let report = test(&gateway, json!({})).await;
        let failed = results(&report)
            .into_iter()
            .find(|(_, result, _)| result == "fail")
            .unwrap();
        assert_eq!((failed.0.as_str(), failed.2.as_str()), expected, "{report}");
        assert!(
            !report.to_string().contains("canary") && report["passed"] == false,
            "{report}"
        );
        assert!(
            report["steps"]
                .as_array()
                .unwrap()
                .iter()
                .all(|step| step["result"] != "fail" || step["advice"].is_string())
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
    for (claims, account, reason) in [
        (
            json!({"sub": "s", "email": "new@example.com", "email_verified": true}),
            "created_pending",
            "",
        ),
        (
            json!({"sub": "s", "email": harness::ADMIN_EMAIL, "email_verified": true}),
            "",
            "has a password",
        ),
        (json!({"sub": "s", "email": "new@example.com"}), "", "does not vouch"),
    ] {
        provider.will_introduce_itself(&SigningKey::generate("one"));
        provider.will(Reply::error(400, &json!({"error": "invalid_grant"})));
        let report = test(&gateway, json!({"claims": claims})).await;
        assert_eq!(
            report["preview"]["account"].as_str().unwrap_or_default(),
            account,
            "{report}"
        );
        let step = results(&report).pop().unwrap();
        assert!(step.2.contains(reason), "{report}");
        let advice = &report["steps"].as_array().unwrap().last().unwrap()["advice"];
        assert_eq!(
            advice.is_string(),
            !reason.is_empty(),
            "who is refused is told what to change: {report}"
        );
    }
    let list: Value = gateway
        .admin()
        .get("/api/v1/admin/users")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(list["data"].as_array().unwrap().len(), 1, "a preview makes nobody");
}

fn invalid_client() -> Reply {
    Reply::error(401, &json!({"error": "invalid_client", "error_description": "canary"}))
}

fn document_of_another(provider: &IdentityProvider) -> Value {
    let mut document = provider.document();
    document["issuer"] = "https://canary.example".into();
    document
}

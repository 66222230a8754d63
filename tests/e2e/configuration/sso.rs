//! Single sign-on as a part of the document.

use harness::Gateway;
use harness::client::{Client, data, pick};
use serde_json::{Value, json};

use super::{EXPORT, IMPORT, changes, import};

const STATUS: &str = "/api/v1/admin/sso/status";

fn document() -> Value {
    json!({
        "policies": [{"name": "newcomers", "rate_limit": 10}],
        "sso": {
            "enabled": true, "provider": "generic-oidc", "issuer_url": "https://id.example.com", "client_id": "us",
            "client_secret": "secret-1", "default_policy": "newcomers", "allowed_domains": ["example.com"],
            "auto_provision": true,
        },
    })
}

#[tokio::test]
async fn single_sign_on_is_imported_and_exported_without_its_secret() {
    let (first, second) = (Gateway::start().await, Gateway::start().await);
    let admin = first.admin();
    let document = document();
    let made = import(admin, &document).await;
    assert_eq!(
        changes(&made),
        ["create policy newcomers: done", "create sso sso: done"]
    );
    assert!(!made.to_string().contains("secret-1"), "{made}");
    let again = import(admin, &document).await;
    assert_eq!(pick(&again, ["complete", "unchanged", "changes"]), json!([true, 2, []]));
    let status = data(admin.get(STATUS), 200).await;
    assert_eq!(
        pick(&status, ["enabled", "has_client_secret", "default_policy", "version"]),
        json!([true, true, "newcomers", 1])
    );

    let exported = data(admin.get(EXPORT), 200).await;
    let mut expected = document["sso"].clone();
    expected.as_object_mut().unwrap().remove("client_secret");
    expected["email_claim"] = json!("email");
    expected["scopes"] = json!(["openid", "email", "profile"]);
    assert_eq!(
        exported["sso"], expected,
        "no secret, and none of this gateway's own addresses"
    );
    assert_eq!(pick(&import(admin, &exported).await, ["changes"]), json!([[]]));
    let there = import(second.admin(), &exported).await;
    assert_eq!(there["complete"], true, "{there}");
    assert_eq!(data(second.admin().get(EXPORT), 200).await["sso"], expected);
    let own = |status: &Value| status["redirect_url"].clone();
    let status_there = data(second.admin().get(STATUS), 200).await;
    assert_ne!(
        own(&status),
        own(&status_there),
        "each installation has its own address"
    );
}

#[tokio::test]
async fn what_differs_of_single_sign_on_is_changed_and_another_secret_is_known() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let mut document = document();
    import(admin, &document).await;
    document["sso"]["client_secret"] = json!("secret-2");
    document["sso"].as_object_mut().unwrap().remove("allowed_domains");
    document["sso"]["console_url"] = Value::Null;
    let changed = import(admin, &document).await;
    assert_eq!(
        pick(&changed["changes"][0], ["object", "fields", "status"]),
        json!(["sso", ["allowed_domains", "client_secret", "console_url"], "done"])
    );
    let exported = data(admin.get(EXPORT), 200).await;
    assert_eq!(exported["sso"]["console_url"], Value::Null);
    assert!(exported["sso"].as_object().unwrap().contains_key("console_url"));
    assert_eq!(import(admin, &document).await["changes"], json!([]));
    let audit = data(admin.get("/api/v1/admin/audit?action=sso.configure"), 200).await;
    assert_eq!(audit.as_array().unwrap().len(), 2, "each change has its entry: {audit}");
    assert!(!audit.to_string().contains("secret-2"));
}

#[tokio::test]
async fn a_mistake_in_single_sign_on_changes_nothing_and_is_told_with_its_place() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let refused = async |document: &Value, admin: &Client| {
        let response = admin.post(IMPORT).json(document).send().await.unwrap();
        assert_eq!(response.status(), 400);
        let body: Value = response.json().await.unwrap();
        body["error"]["field"].as_str().unwrap().to_owned()
    };
    for (member, value) in [
        ("issuer_url", json!("ftp://id.example.com")),
        ("redirect_url", json!("https://us.example.com/elsewhere")),
        ("default_policy", json!("nothing")),
        ("provider", json!("saml")),
        ("colour", json!("blue")),
        ("version", json!(1)),
        ("client_id", Value::Null),
        ("client_secret", json!("")),
        ("scopes", json!(["email"])),
    ] {
        let mut wrong = document();
        wrong["sso"][member] = value;
        assert_eq!(refused(&wrong, admin).await, format!("sso.{member}"));
    }
    assert_eq!(
        data(admin.get("/api/v1/admin/policies"), 200)
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
    import(admin, &document()).await;
    let mut elsewhere = document();
    elsewhere["sso"]["issuer_url"] = json!("https://other.example.com");
    elsewhere["sso"].as_object_mut().unwrap().remove("client_secret");
    assert_eq!(refused(&elsewhere, admin).await, "sso.client_secret", "promise 23");
}

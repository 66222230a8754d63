//! What programs read before they sign somebody in.

use serde_json::{Value, json};

use super::{Company, ok};

const DOCUMENT: &str = "/.well-known/oauth-authorization-server";

#[tokio::test]
async fn d1_a_gateway_tells_its_endpoints() {
    let company = Company::start().await;
    let document = ok(company.get(DOCUMENT)).await;
    let at = |path: &str| json!(format!("{}/oauth/{path}", company.address()));
    assert_eq!(document["issuer"], company.address());
    for (name, path) in [
        ("authorization_endpoint", "authorize"),
        ("token_endpoint", "token"),
        ("device_authorization_endpoint", "device_authorization"),
        ("revocation_endpoint", "revoke"),
    ] {
        assert_eq!(document[name], at(path));
    }
    assert_eq!(document["gateway_protocol_version"], 1);
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(document["token_endpoint_auth_methods_supported"], json!(["none"]));
    let grants: Vec<Value> = document["grant_types_supported"].as_array().unwrap().clone();
    assert!(grants.contains(&json!(super::DEVICE_GRANT)) && grants.contains(&json!("refresh_token")));
}

#[tokio::test]
async fn p107_d2_a_request_chooses_an_address_and_names_none() {
    let company = Company::start().await;
    let port = company.installation.gateway.local().address().port();
    let named = |host: String| async {
        let document = company.get(DOCUMENT).header("host", host);
        ok(document).await["issuer"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        named(format!("localhost:{port}")).await,
        format!("http://localhost:{port}")
    );
    assert_eq!(named("127.0.0.1:1".into()).await, company.address());
    let other = company.get(DOCUMENT).header("x-forwarded-host", "evil.example");
    assert_eq!(ok(other).await["issuer"], company.address());
    // People log in at the address that the provider knows, and the program is told the one that it knows.
    let by_name = company
        .get(&Company::authorize_path(&[]))
        .header("host", format!("localhost:{port}"));
    let led = super::location(&by_name.send().await.unwrap());
    assert!(
        led.as_str()
            .starts_with(&format!("{}/oauth/authorize?", company.address())),
        "{led}"
    );
    assert_eq!(super::parameter(&led, "via"), format!("http://localhost:{port}"));
    let path = format!("{}?{}", led.path(), led.query().unwrap());
    let begun = harness::identity_provider::Begun::by(&company.installation.gateway, &path).await;
    let asked = super::Asked::of(company.come_back(&begun, &json!({})).await).await;
    let back = super::location(&company.decide(&asked, "approve").await);
    assert_eq!(super::parameter(&back, "iss"), format!("http://localhost:{port}"));
}

#[tokio::test]
async fn opencode_is_told_to_run_the_helper_and_no_models_name() {
    let company = Company::start().await;
    let document = ok(company.get("/.well-known/opencode")).await;
    let command = json!([
        "tidegate",
        "token",
        "--client",
        "opencode",
        "--gateway",
        company.address()
    ]);
    assert_eq!(document["auth"], json!({"command": command, "env": "TIDEGATE_TOKEN"}));
    assert_eq!(document["config"], json!({}));
}

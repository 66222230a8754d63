//! How administrators set single sign-on up, and what they can find out about it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use harness::Gateway;
use harness::client::{data, refusal};
use harness::identity_provider::{CLIENT_SECRET, IdentityProvider, SigningKey};
use harness::provider::Reply;
use serde_json::{Value, json};

use super::Installation;
use super::trial::{status, test};
use crate::failures::failure;

const CONFIG: &str = "/api/v1/admin/sso/config";

async fn put(gateway: &Gateway, config: Value) -> Value {
    gateway.admin().change(CONFIG, &config).await
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
async fn op1_p15_single_sign_on_is_not_switched_off_while_no_administrator_has_a_password() {
    let installation = Installation::start().await;
    let gateway = &installation.gateway;
    let opened: Value = installation.log_in(&json!({})).await.json().await.unwrap();
    let person = gateway.anybody().with(opened["data"]["token"].as_str().unwrap());
    let path = |id: &Value| format!("/api/v1/admin/users/{}", id.as_str().unwrap());
    let (own, first) = (
        person.profile().await["id"].clone(),
        gateway.admin().profile().await["id"].clone(),
    );
    gateway.admin().change(&path(&own), &json!({"role": "admin"})).await;
    // Single sign-on is a way in, so the only password may go.
    person.change(&path(&first), &json!({"password": null})).await;
    let off = || person.put(CONFIG).json(&json!({"enabled": false}));
    assert_eq!(refusal(off(), 409).await, "last_admin");
    person
        .change(&path(&first), &json!({"password": "another long password"}))
        .await;
    data(off(), 200).await;
    assert_eq!(
        refusal(person.put(&path(&first)).json(&json!({"password": null})), 409).await,
        "last_admin"
    );
}

#[tokio::test]
async fn g17_the_console_is_the_page_of_logins_unless_another_or_none_is_set() {
    let gateway = Gateway::start().await;
    let own = status(&gateway).await["console_url"].as_str().unwrap().to_owned();
    assert!(
        own.starts_with("http://127.0.0.1:") && own.ends_with("/console/"),
        "{own}"
    );
    let provider = IdentityProvider::start();
    let client = json!({"provider": "generic-oidc", "issuer_url": provider.issuer(), "client_id": "c"});
    assert_eq!(put(&gateway, client.clone()).await["console_url"], own);
    let other = "https://pages.example.com/login";
    assert_eq!(put(&gateway, json!({"console_url": other})).await["console_url"], other);
    let none = put(&gateway, json!({"console_url": null})).await;
    assert_eq!(none["console_url"], Value::Null);
    // Behind a proxy the console is where the callback is.
    let behind = Gateway::start().await;
    let mut proxied = client;
    proxied["redirect_url"] = json!("https://gateway.example.com/llm/api/v1/auth/sso/callback");
    assert_eq!(
        put(&behind, proxied).await["console_url"],
        "https://gateway.example.com/llm/console/"
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
    let put = |config: Value| gateway.admin().put(CONFIG).json(&config);
    assert_eq!(refusal(put(json!({"enabled": true})), 400).await, "invalid_value");
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
        let failed = failure(put(json!({field: value}))).await;
        assert_eq!(failed.body["error"]["field"], field, "{value}: {}", failed.body);
    }
    let issuer = format!("{}/common/v2.0", provider.issuer());
    let azure = json!({"provider": "azure", "issuer_url": issuer, "client_secret": "x"});
    let failed = failure(put(azure)).await;
    assert_eq!(failed.body["error"]["field"], "issuer_url");
}

//! Which account a person gets.

use harness::client::{data, data_of, refusal};
use harness::identity_provider::{Begun, CLIENT_SECRET};
use harness::provider::Reply;
use serde_json::{Value, json};

use super::Installation;

async fn outcome(response: reqwest::Response) -> (u16, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
}

async fn users(installation: &Installation) -> Vec<Value> {
    let list = installation
        .gateway
        .admin()
        .get("/api/v1/admin/users")
        .send()
        .await
        .unwrap();
    let body: Value = list.json().await.unwrap();
    body["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn p10_a_newcomer_gets_a_session_where_that_is_allowed() {
    let installation = Installation::start_with(json!({"allowed_domains": ["Example.com"]})).await;
    let opened = data_of(
        installation.log_in(&json!({"roles": ["admin"], "role": "admin"})).await,
        200,
    )
    .await;
    assert_eq!(
        (&opened["user"]["email"], &opened["user"]["role"]),
        (&json!("person@example.com"), &json!("user"))
    );
    let person = installation.gateway.anybody().with(opened["token"].as_str().unwrap());
    let profile = person.profile().await;
    assert_eq!(
        (&profile["has_password"], &profile["identity"]["subject"]),
        (&json!(false), &json!("subject-1"))
    );
    // The same person again, by another address: the identity decides.
    let again = data_of(installation.log_in(&json!({"email": "renamed@example.com"})).await, 200).await;
    assert_eq!(again["user"]["id"], opened["user"]["id"]);
}

#[tokio::test]
async fn p10_a_newcomer_waits_for_approval_and_a_disabled_user_stays_out() {
    let installation = Installation::start_with(json!({"auto_provision": false})).await;
    assert_eq!(
        outcome(installation.log_in(&json!({})).await).await,
        (403, "pending_approval".into())
    );
    let account = users(&installation)
        .await
        .into_iter()
        .find(|user| user["email"] == "person@example.com")
        .unwrap();
    let path = format!("/api/v1/admin/users/{}", account["id"].as_str().unwrap());
    let set = |status: &str| installation.gateway.admin().put(&path).json(&json!({"status": status}));
    data(set("active"), 200).await;
    assert_eq!(installation.log_in(&json!({})).await.status(), 200);
    data(set("disabled"), 200).await;
    assert_eq!(
        outcome(installation.log_in(&json!({})).await).await,
        (403, "account_disabled".into())
    );
}

#[tokio::test]
async fn p10_an_account_with_a_password_is_linked_only_after_an_admin_has_cleared_it() {
    let installation = Installation::start().await;
    let admin = installation.gateway.admin();
    let _ = admin.create_person("person@example.com", json!({})).await;
    installation
        .assert_refused(installation.log_in(&json!({})).await, "has a password")
        .await;
    let account = users(&installation)
        .await
        .into_iter()
        .find(|user| user["email"] == "person@example.com")
        .unwrap();
    let path = format!("/api/v1/admin/users/{}", account["id"].as_str().unwrap());
    data(admin.put(&path).json(&json!({"password": null})), 200).await;
    let opened = data_of(installation.log_in(&json!({})).await, 200).await;
    assert_eq!(opened["user"]["id"], account["id"]);
    // Another subject with the same address is somebody else, until an admin says otherwise.
    installation
        .assert_refused(
            installation.log_in(&json!({"sub": "subject-2"})).await,
            "another identity",
        )
        .await;
    data(admin.put(&path).json(&json!({"identity": null})), 200).await;
    let person = installation.gateway.anybody().with(opened["token"].as_str().unwrap());
    assert_eq!(
        refusal(person.get("/api/v1/user/profile"), 401).await,
        "unauthorized",
        "what came by the old identity has ended"
    );
    assert_eq!(installation.log_in(&json!({"sub": "subject-2"})).await.status(), 200);
    let other = admin.create_person("other@example.com", json!({})).await;
    let other = other.id().await;
    let taken = json!({"identity": {"issuer": installation.provider.issuer(), "subject": "subject-2"}});
    assert_eq!(
        refusal(admin.put(&format!("/api/v1/admin/users/{other}")).json(&taken), 409).await,
        "conflict"
    );
}

#[tokio::test]
async fn p10_an_address_that_nobody_vouches_for_is_refused() {
    let installation = Installation::start_with(json!({"allowed_domains": ["example.com"]})).await;
    for (claims, reason) in [
        (json!({"email_verified": false}), "does not vouch"),
        (json!({"email_verified": "true"}), "does not vouch"),
        (json!({"email_verified": null}), "does not vouch"),
        (json!({"email": "person@evil.example"}), "domain that is not allowed"),
        (json!({"email": null}), "missing"),
    ] {
        installation
            .assert_refused(installation.log_in(&claims).await, reason)
            .await;
    }
    assert_eq!(users(&installation).await.len(), 1, "nobody came in");
}

#[tokio::test]
async fn p10_an_address_that_the_provider_tells_beside_the_token_is_about_the_same_person() {
    let installation = Installation::unintroduced(json!({})).await;
    let mut document = installation.provider.document();
    document["userinfo_endpoint"] = format!("{}/me", installation.provider.issuer()).into();
    installation.provider.will(Reply::json(&document));
    installation.provider.will_publish(&installation.key);
    let log_in = async |told: Value| {
        let begun = Begun::at(&installation.gateway).await;
        let mut claims = installation.provider.claims(&begun, &json!({}));
        claims
            .as_object_mut()
            .unwrap()
            .retain(|name, _| !name.starts_with("email"));
        installation.provider.will_grant(&installation.key.sign(&claims));
        installation.provider.will(Reply::json(&told));
        begun.come_back(&installation.gateway, "").await
    };
    let refused = log_in(json!({"sub": "subject-2", "email": "other@example.com", "email_verified": true})).await;
    installation.assert_refused(refused, "another person").await;
    let told = json!({"sub": "subject-1", "email": "told@example.com", "email_verified": true, "iss": "ignored"});
    assert_eq!(
        data_of(log_in(told).await, 200).await["user"]["email"],
        "told@example.com"
    );
    assert_eq!(
        installation.provider.received().pop().unwrap().header("authorization"),
        "Bearer a"
    );
}

/// An installation with the identity provider of an Entra tenant, whose ID tokens carry no e-mail.
async fn entra() -> (Installation, String) {
    let installation = Installation::unintroduced(json!({})).await;
    let tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";
    let issuer = format!("{}/{tenant}/v2.0", installation.provider.issuer());
    let azure = json!({"provider": "azure", "issuer_url": issuer, "client_secret": CLIENT_SECRET,
        "email_claim": "preferred_username", "allowed_domains": ["example.com"]});
    installation
        .gateway
        .admin()
        .change("/api/v1/admin/sso/config", &azure)
        .await;
    let mut document = installation.provider.document();
    document["issuer"] = issuer.clone().into();
    installation.provider.will(Reply::json(&document));
    installation.provider.will_publish(&installation.key);
    (installation, issuer)
}

#[tokio::test]
async fn p10_people_of_an_entra_tenant_come_in_by_login_names_of_its_own_domains() {
    let (installation, issuer) = entra().await;
    let log_in = async |said: Value| {
        let begun = Begun::at(&installation.gateway).await;
        let mut claims = installation.provider.claims(&begun, &json!({"iss": issuer}));
        let members = claims.as_object_mut().unwrap();
        members.retain(|name, _| !name.starts_with("email"));
        members.extend(said.as_object().unwrap().clone());
        installation.provider.will_grant(&installation.key.sign(&claims));
        begun.come_back(&installation.gateway, "").await
    };
    let ada = json!({"preferred_username": "ada@example.com", "hasgroups": true});
    let opened = data_of(log_in(ada).await, 200).await;
    assert_eq!(opened["user"]["email"], "ada@example.com");
    let log = installation.log.take();
    assert!(
        log.contains("left out the person's groups"),
        "whoever misses them finds it in the log"
    );
    for said in [
        json!({"preferred_username": "eve@elsewhere.example"}),
        json!({"preferred_username": "eve@example.com", "xms_edov": false}),
        json!({"preferred_username": "eve@example.com", "email_verified": false}),
    ] {
        installation.assert_refused(log_in(said).await, "does not vouch").await;
    }
}

#[tokio::test]
async fn p10_a_deleted_account_frees_its_identity() {
    let installation = Installation::start().await;
    let first = data_of(installation.log_in(&json!({})).await, 200).await["user"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let deletion = installation
        .gateway
        .admin()
        .delete(&format!("/api/v1/admin/users/{first}"))
        .send()
        .await
        .unwrap();
    assert_eq!(deletion.status(), 200);
    let second = data_of(installation.log_in(&json!({})).await, 200).await;
    assert_ne!(second["user"]["id"], json!(first));
}

#[tokio::test]
async fn p10_switching_it_off_ends_the_logins_that_have_begun() {
    let installation = Installation::start().await;
    let begun = Begun::at(&installation.gateway).await;
    let admin = installation.gateway.admin();
    let switch = |on: bool| admin.put("/api/v1/admin/sso/config").json(&json!({"enabled": on}));
    data(switch(false), 200).await;
    assert_eq!(
        outcome(begun.come_back(&installation.gateway, "").await).await,
        (403, "sso_disabled".into())
    );
    assert_eq!(
        refusal(installation.gateway.anybody().get("/api/v1/auth/sso/login"), 403).await,
        "sso_disabled"
    );
    data(switch(true), 200).await;
    installation
        .assert_refused(
            begun.come_back(&installation.gateway, "").await,
            "configuration has changed",
        )
        .await;
}

#[tokio::test]
async fn p60_logins_by_single_sign_on_are_recorded_good_and_bad() {
    let installation = Installation::start().await;
    let person = data_of(installation.log_in(&json!({})).await, 200).await["user"]["id"].clone();
    let _ = installation.log_in(&json!({"aud": "another-client"})).await;
    let audit = installation
        .gateway
        .admin()
        .get("/api/v1/admin/audit")
        .send()
        .await
        .unwrap();
    let entries: Value = audit.json().await.unwrap();
    let entries: Vec<_> = entries["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["action"] == "sso.login")
        .cloned()
        .collect();
    assert_eq!(
        (&entries[0]["result"], &entries[0]["actor"]),
        (&json!("the token is for another client"), &json!("anonymous"))
    );
    assert_eq!((&entries[1]["result"], &entries[1]["actor"]), (&json!("ok"), &person));
}

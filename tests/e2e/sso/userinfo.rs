//! Claims of the userinfo endpoint beside those of the ID token.

use harness::identity_provider::Begun;
use harness::provider::Reply;
use serde_json::json;

use super::Installation;

#[tokio::test]
async fn ha6_a_verification_of_the_token_does_not_vouch_for_an_address_of_userinfo() {
    let installation = Installation::unintroduced(json!({})).await;
    let mut document = installation.provider.document();
    document["userinfo_endpoint"] = json!(format!("{}/userinfo", installation.provider.issuer()));
    installation.provider.will(Reply::json(&document));
    installation.provider.will_publish(&installation.key);
    for (user_info, status) in [
        (json!({"sub": "subject-1", "email": "person@example.com"}), 400),
        (
            json!({"sub": "subject-1", "email": "person@example.com", "email_verified": false}),
            400,
        ),
        (
            json!({"sub": "subject-1", "email": "person@example.com", "email_verified": true}),
            200,
        ),
    ] {
        let begun = Begun::at(&installation.gateway).await;
        let mut claims = installation.provider.claims(&begun, &json!({"email_verified": true}));
        claims.as_object_mut().unwrap().remove("email");
        installation.provider.will_grant(&installation.key.sign(&claims));
        installation.provider.will(Reply::json(&user_info));
        assert_eq!(
            begun.come_back(&installation.gateway, "").await.status(),
            status,
            "{user_info}"
        );
    }
}

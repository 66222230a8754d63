//! Whom nobody has let in: every one of them is told the same.

use harness::client::data;
use harness::identity_provider::{IdentityProvider, SigningKey};
use harness::provider::Reply;
use serde_json::{Value, json};

use super::{Ci, SUBJECT, refused};

#[tokio::test]
async fn p106_w2_a_token_for_somebody_else_is_none_for_us() {
    let ci = Ci::start().await;
    ci.rule("ci", &json!({})).await;
    ci.issuer.will_introduce_itself(&ci.key);
    let ours = ci.admin().address();
    for audience in [
        json!("https://other.example.com"),
        json!([ours, "https://other.example.com"]),
        json!([]),
    ] {
        let token = ci.token(&json!({"aud": audience}));
        refused(ci.exchange("ci", &token).await, &audience.to_string()).await;
    }
    assert_eq!(
        ci.exchange("ci", &ci.token(&json!({"aud": [ours]}))).await.status(),
        200
    );
    ci.rule("named", &json!({"audience": "https://other.example.com"}))
        .await;
    let token = ci.token(&json!({"aud": "https://other.example.com"}));
    assert_eq!(ci.exchange("named", &token).await.status(), 200);
}

#[tokio::test]
async fn p106_w3_no_issuer_is_asked_that_no_rule_names() {
    let ci = Ci::start().await;
    ci.rule("ci", &json!({})).await;
    let stranger = IdentityProvider::start();
    let key = SigningKey::generate("ci-1");
    let token = key.sign(&ci.claims(&json!({"iss": stranger.issuer()})));
    refused(ci.exchange("ci", &token).await, "another issuer's").await;
    refused(
        ci.exchange_form(&[("subject_token", &token)]).await,
        "an unknown issuer's",
    )
    .await;
    assert_eq!((stranger.received().len(), ci.issuer.received().len()), (0, 0));
    let entry = ci.entry("workload.refuse").await;
    assert_eq!(entry["values"]["iss"]["new"], stranger.issuer());
    assert_eq!(entry["values"]["sub"]["new"], SUBJECT);
}

#[tokio::test]
async fn p106_w4_w5_all_claims_must_fit_and_stars_stay_in_their_segment() {
    let ci = Ci::start().await;
    let claims = json!({"sub": "repo:acme/app:ref:refs/heads/*", "repository_id": "42"});
    ci.rule("ci", &json!({"claims": claims})).await;
    ci.issuer.will_introduce_itself(&ci.key);
    for (changes, status) in [
        (json!({"repository_id": "42"}), 200),
        (json!({"repository_id": 42}), 200),
        (json!({"repository_id": "43"}), 400),
        (json!({"repository_id": ["42"]}), 400),
        (json!({}), 400),
        (
            json!({"repository_id": "42", "sub": "repo:acme/app:ref:refs/heads/x/y"}),
            400,
        ),
        (json!({"repository_id": "42", "sub": "repo:acme/app:pull_request"}), 400),
        (
            json!({"repository_id": "42", "sub": "repo:acme/app-evil:ref:refs/heads/main"}),
            400,
        ),
    ] {
        let answer = ci.exchange("ci", &ci.token(&changes)).await;
        assert_eq!(answer.status(), status, "{changes}");
    }
}

#[tokio::test]
async fn p106_w6_tokens_of_another_time_are_refused() {
    let ci = Ci::start().await;
    ci.rule("ci", &json!({})).await;
    ci.issuer.will_introduce_itself(&ci.key);
    let now = domain::clock::Clock::system().now().as_second();
    for changes in [
        json!({"iat": now - 400, "exp": now - 60}),
        json!({"iat": now + 120, "exp": now + 300}),
        json!({"exp": now + 25 * 3600}),
        json!({"exp": null}),
        json!({"iat": null}),
    ] {
        refused(ci.exchange("ci", &ci.token(&changes)).await, &changes.to_string()).await;
    }
}

#[tokio::test]
async fn p106_w7_w8_w9_w11_only_a_published_key_signs_and_only_asymmetrically() {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    let ci = Ci::start().await;
    ci.rule("ci", &json!({})).await;
    ci.issuer.will_introduce_itself(&ci.key);
    assert_eq!(ci.exchange("ci", &ci.token(&json!({}))).await.status(), 200);
    let claims = ci.claims(&json!({}));
    let impostor = SigningKey::generate("ci-1").sign(&claims);
    let unknown = SigningKey::generate("other").sign(&claims);
    let symmetric = encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(b"x")).unwrap();
    let right = ci.token(&json!({}));
    let [head, body, _] = right.split('.').collect::<Vec<_>>()[..] else {
        panic!("{right}")
    };
    // {"alg":"none"}
    let unsigned = format!("eyJhbGciOiJub25lIn0.{body}.");
    let stripped = format!("{head}.{body}.");
    let moved = ci.token(&json!({"sub": "repo:acme/other:ref:refs/heads/main"}));
    let [_, _, signature] = moved.split('.').collect::<Vec<_>>()[..] else {
        panic!("{moved}")
    };
    let mixed = format!("{head}.{body}.{signature}");
    for (token, what) in [
        (impostor.as_str(), "[W7] another key of the same name"),
        (&unknown, "[W8] a key that nobody publishes"),
        (&symmetric, "[W9] a shared secret"),
        (&unsigned, "[W9] no algorithm"),
        (&stripped, "[W11] no signature"),
        (&mixed, "[W11] the signature of another token"),
        ("", "nothing"),
        ("a.b.c", "noise"),
    ] {
        refused(ci.exchange("ci", token).await, what).await;
    }
}

#[tokio::test]
async fn p108_a_refusal_tells_its_sender_nothing() {
    let ci = Ci::start().await;
    ci.rule("ci", &json!({})).await;
    ci.issuer.will_introduce_itself(&ci.key);
    let token = ci.token(&json!({"sub": "repo:evil/app:ref:refs/heads/main"}));
    let mut told = Vec::new();
    for rule in ["ci", "none", "not an id"] {
        let body: Value = ci.exchange(rule, &token).await.json().await.unwrap();
        told.push(body);
    }
    assert!(told.iter().all(|body| *body == told[0]), "{told:?}");
}

#[tokio::test]
async fn p111_the_trail_tells_why_a_workload_was_refused_and_holds_no_token() {
    let ci = Ci::start().await;
    ci.rule("ci", &json!({})).await;
    ci.issuer.will_introduce_itself(&ci.key);
    let (wrong, right) = (ci.token(&json!({"sub": "repo:evil/app:x"})), ci.token(&json!({})));
    for (rule, reason) in [("ci", "claims"), ("none", "no rule of this id")] {
        refused(ci.exchange(rule, &wrong).await, rule).await;
        let entry = ci.entry("workload.refuse").await;
        assert_eq!(
            (&entry["values"]["rule"]["new"], &entry["actor"]),
            (&json!(rule), &json!("anonymous"))
        );
        assert!(entry["result"].as_str().unwrap().contains(reason), "{entry}");
    }
    let answer: Value = ci.exchange("ci", &right).await.json().await.unwrap();
    let trail = data(ci.admin().get("/api/v1/admin/audit"), 200).await.to_string();
    for secret in [answer["access_token"].as_str().unwrap(), &wrong, &right] {
        assert!(!trail.contains(secret));
    }
}

#[tokio::test]
async fn p107_an_issuer_that_cannot_be_read_lets_nobody_in() {
    let ci = Ci::start().await;
    ci.rule("ci", &json!({})).await;
    let mut other = ci.issuer.document();
    other["issuer"] = "https://other.example.com".into();
    let mut elsewhere = ci.issuer.document();
    elsewhere["jwks_uri"] = "http://10.0.0.1/keys".into();
    for (reply, what) in [
        (Reply::error(500, &json!({})), "down"),
        (Reply::json(&other), "it calls itself another one"),
        (Reply::json(&elsewhere), "its keys are at a private address"),
    ] {
        ci.issuer.will(reply);
        refused(ci.exchange("ci", &ci.token(&json!({}))).await, what).await;
    }
}

//! Rules as administrators write them.

use harness::client::{data, refusal, status};
use harness::identity_provider::SigningKey;
use serde_json::{Value, json};

use super::{Ci, RULES, over};

#[tokio::test]
async fn p106_w16_a_rule_that_names_nobody_cannot_be() {
    let ci = Ci::start().await;
    let github = "https://token.actions.githubusercontent.com";
    let by_preset = |claims: Value| json!({"preset": "github", "issuer": null, "claims": claims});
    for (changes, field) in [
        (json!({"claims": {}}), "claims"),
        (json!({"claims": {"sub": "*"}}), "claims"),
        (json!({"claims": {"sub": "*:*/*"}}), "claims"),
        (json!({"claims": {"ref": "main"}}), "claims"),
        (json!({"claims": {"sub": ""}}), "claims.sub"),
        (json!({"claims": {"sub": 1}}), "claims.sub"),
        (json!({"issuer": github}), "claims"),
        (by_preset(json!({"sub": "repo:acme/app:*"})), "claims"),
        (
            by_preset(json!({"sub": "repo:acme/app:*", "repository_id": "*"})),
            "claims",
        ),
        (
            json!({"preset": "github", "issuer": "https://github.example.com"}),
            "issuer",
        ),
        (json!({"issuer": "http://issuer.example.com"}), "issuer"),
        (json!({"issuer": "https://10.0.0.1"}), "issuer"),
        (json!({"token_seconds": 59}), "token_seconds"),
        (json!({"token_seconds": 21_601}), "token_seconds"),
        (json!({"jwks": {"keys": []}}), "jwks"),
        (json!({"jwks": {"keys": [{"kty": "oct", "k": "YQ"}]}}), "jwks"),
        (json!({"secret": "x"}), "secret"),
    ] {
        let response = ci
            .admin()
            .post(RULES)
            .json(&ci.form("ci", &changes))
            .send()
            .await
            .unwrap();
        let found = response.status();
        let body: Value = response.json().await.unwrap();
        assert_eq!(
            (found.as_u16(), body["error"]["field"].as_str()),
            (400, Some(field)),
            "{changes}: {body}"
        );
    }
    let nobody = ci.admin().post(RULES).json(&ci.form("ci", &json!({"user": "nobody"})));
    assert_eq!(refusal(nobody, 404).await, "not_found");
    let good = by_preset(json!({"sub": "repo:acme/app:*", "repository_owner_id": "42"}));
    let rule = ci.rule("ci", &good).await;
    assert_eq!(rule["issuer"], github);
    assert_eq!(rule["audience"], ci.admin().address(), "the gateway's own address");
}

#[tokio::test]
async fn p106_rules_are_listed_changed_and_deleted_and_the_trail_tells_it() {
    let ci = Ci::start().await;
    let rule = ci.rule("ci", &json!({})).await;
    assert_eq!(data(ci.admin().get(RULES), 200).await, json!([rule]));
    let again = ci.admin().post(RULES).json(&ci.form("ci", &json!({})));
    assert_eq!(refusal(again, 409).await, "conflict");
    let path = format!("{RULES}/ci");
    let changed = ci
        .admin()
        .change(&path, &json!({"token_seconds": 60, "version": 1}))
        .await;
    assert_eq!(
        (&changed["token_seconds"], &changed["version"]),
        (&json!(60), &json!(2))
    );
    let old = ci.admin().put(&path).json(&json!({"token_seconds": 90, "version": 1}));
    assert_eq!(refusal(old, 409).await, "version_conflict");
    let entry = ci.entry("workload.update").await;
    assert_eq!(entry["values"]["token_seconds"], json!({"old": 3600, "new": 60}));
    assert_eq!(status(ci.admin().delete(&path)).await, 200);
    assert_eq!(status(ci.admin().get(&path)).await, 404);
    let person = ci.admin().create_person("a@example.com", json!({})).await;
    assert_eq!(status(person.get(RULES)).await, 403);
}

#[tokio::test]
async fn p106_keys_can_be_written_in_for_an_issuer_that_cannot_be_reached() {
    let ci = Ci::start().await;
    let key = SigningKey::generate("cluster");
    let cluster = json!({
        "preset": "kubernetes", "issuer": "https://kubernetes.default.svc.cluster.local",
        "claims": {"sub": "system:serviceaccount:ci:runner"}, "jwks": {"keys": [key.public()]},
    });
    ci.rule("cluster", &cluster).await;
    let claims = json!({"iss": cluster["issuer"], "sub": "system:serviceaccount:ci:runner"});
    let answer = ci.exchange("cluster", &key.sign(&ci.claims(&claims))).await;
    assert_eq!(answer.status(), 200);
    super::refused(
        ci.exchange("cluster", &ci.key.sign(&ci.claims(&claims))).await,
        "another key",
    )
    .await;
    assert_eq!(ci.issuer.received().len(), 0);
    let other = over(claims, &json!({"sub": "system:serviceaccount:ci:other"}));
    super::refused(
        ci.exchange("cluster", &key.sign(&ci.claims(&other))).await,
        "another account",
    )
    .await;
}

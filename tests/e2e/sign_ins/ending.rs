//! How sign-ins end, and that they do not live again.

use harness::Gateway;
use harness::client::{Client, data, status};
use serde_json::{Value, json};

use super::{refresh, sign_in};

async fn opens(program: &Client) -> u16 {
    status(program.get("/v1/models")).await
}

#[tokio::test]
async fn p103_t8_an_ended_sign_in_takes_all_of_its_tokens_with_it() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let (ended, program) = sign_in(&gateway, &person).await;
    let store = gateway.local().store().await.unwrap();
    let another = refresh(&store, &ended, ended.ends_at).await;
    let (_, other) = sign_in(&gateway, &person).await;
    let another = program.with(&another.secret);
    assert_eq!((opens(&program).await, opens(&another).await), (200, 200));
    let path = format!("/api/v1/user/sign-ins/{}", ended.id);
    assert_eq!(status(person.delete(&path)).await, 200);
    assert_eq!((opens(&program).await, opens(&another).await), (401, 401));
    assert_eq!(opens(&other).await, 200);
    assert_eq!(status(person.delete(&path)).await, 404);
    let entries = data(gateway.admin().get("/api/v1/admin/audit?action=sign_in.end"), 200).await;
    assert_eq!(entries[0]["target"], ended.id.as_str());
    assert_eq!(entries[0]["values"]["client"]["old"], "codex");
}

#[tokio::test]
async fn p103_t9_s7_whoever_is_disabled_is_out_and_being_enabled_revives_nothing() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let person = admin.create_person("a@example.com", json!({})).await;
    let (account, (_, program)) = (person.account_path().await, sign_in(&gateway, &person).await);
    let key = person.create_key().await;
    assert_eq!((opens(&program).await, opens(&key).await), (200, 200));
    for (state, by_token, by_key) in [("disabled", 401, 401), ("active", 401, 200)] {
        admin.change(&account, &json!({"status": state})).await;
        assert_eq!(
            (opens(&program).await, opens(&key).await),
            (by_token, by_key),
            "{state}"
        );
    }
    let left = data(admin.get("/api/v1/admin/sign-ins"), 200).await;
    assert_eq!(left, json!([]));
    let again = person.signed_in("a@example.com", harness::client::PASSWORD).await;
    let (_, program) = sign_in(&gateway, &again).await;
    assert_eq!(opens(&program).await, 200);
}

#[tokio::test]
async fn p103_a_deleted_person_is_out() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let (account, (_, program)) = (person.account_path().await, sign_in(&gateway, &person).await);
    assert_eq!(opens(&program).await, 200);
    assert_eq!(status(gateway.admin().delete(&account)).await, 200);
    assert_eq!(opens(&program).await, 401);
    assert_eq!(
        data(gateway.admin().get("/api/v1/admin/sign-ins"), 200).await,
        json!([])
    );
}

#[tokio::test]
async fn p103_an_administrator_ends_all_sign_ins_of_a_person() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let person = admin.create_person("a@example.com", json!({})).await;
    let other = admin.create_person("b@example.com", json!({})).await;
    let (_, one) = sign_in(&gateway, &person).await;
    let (_, two) = sign_in(&gateway, &person).await;
    let (_, stays) = sign_in(&gateway, &other).await;
    let ended: Value = data(admin.delete(&format!("{}/sign-ins", person.account_path().await)), 200).await;
    assert_eq!(ended, json!({"ended": 2}));
    assert_eq!(
        (opens(&one).await, opens(&two).await, opens(&stays).await),
        (401, 401, 200)
    );
}

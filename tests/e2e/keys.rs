//! API keys: their form, their limits, their owners, their end.

use futures_util::future::join_all;
use harness::Gateway;
use harness::client::{Client, data, refusal, status};
use harness::provider::Provider;
use serde_json::{Value, json};

async fn create(person: &Client, body: Value) -> Value {
    data(person.post("/api/v1/user/keys").json(&body), 201).await
}

async fn list(person: &Client) -> Vec<Value> {
    data(person.get("/api/v1/user/keys"), 200)
        .await
        .as_array()
        .unwrap()
        .clone()
}

async fn models(program: &Client) -> u16 {
    program.get("/v1/models").send().await.unwrap().status().as_u16()
}

fn path(key: &Value) -> String {
    format!("/api/v1/user/keys/{}", key["id"].as_str().unwrap())
}

#[tokio::test]
async fn p17_a_key_is_shown_once() {
    let gateway = Gateway::start().await;
    let created = create(gateway.admin(), json!({"name": "laptop"})).await;
    let secret = created["key"].as_str().unwrap();
    assert!(secret.starts_with("sk-tg-") && secret.len() == 39, "{secret}");
    assert_eq!(created["key_prefix"], secret[..10]);
    assert_eq!(
        (
            &created["models"],
            &created["expires_at"],
            &created["enabled"],
            &created["last_used_at"]
        ),
        (&json!([]), &Value::Null, &json!(true), &Value::Null)
    );
    let listed = gateway
        .admin()
        .get("/api/v1/user/keys")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(!listed.contains(secret) && !listed.contains("digest"), "{listed}");
    assert_eq!(list(gateway.admin()).await[0]["id"], created["id"]);
}

#[tokio::test]
async fn p18_only_a_key_that_is_on_and_not_expired_opens_the_door() {
    let gateway = Gateway::start().await;
    let key = create(gateway.admin(), json!({"name": "laptop"})).await;
    let program = gateway.anybody().with(key["key"].as_str().unwrap());
    assert_eq!(models(&program).await, 200);
    let change = |body: Value| gateway.admin().put(&path(&key)).json(&body);
    data(change(json!({"enabled": false})), 200).await;
    assert_eq!(models(&program).await, 401);
    let on = data(change(json!({"enabled": true, "name": "desktop"})), 200).await;
    assert_eq!(
        (&on["name"], &on["version"], &on["key"]),
        (&json!("desktop"), &json!(3), &Value::Null)
    );
    assert_eq!(models(&program).await, 200);
    for wrong in ["2020-01-01T00:00:00Z", "yesterday", "2050-01-01T00:00:00Z"] {
        assert_eq!(
            refusal(
                gateway.admin().put(&path(&key)).json(&json!({"expires_at": wrong})),
                400
            )
            .await,
            "invalid_value"
        );
        let attempt = gateway
            .admin()
            .post("/api/v1/user/keys")
            .json(&json!({"name": "x", "expires_at": wrong}));
        assert_eq!(refusal(attempt, 400).await, "invalid_value");
    }
    let expiring = data(change(json!({"expires_at": "2027-06-01T12:00:00+02:00"})), 200).await;
    assert_eq!(expiring["expires_at"], "2027-06-01T10:00:00Z");
    assert_eq!(
        data(change(json!({"expires_at": null})), 200).await["expires_at"],
        Value::Null
    );
    let stale = gateway
        .admin()
        .put(&path(&key))
        .header("if-match", "\"1\"")
        .json(&json!({"name": "x"}));
    assert_eq!(refusal(stale, 409).await, "version_conflict");
}

#[tokio::test]
async fn p20_a_deleted_key_and_a_disabled_owner_open_nothing() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let (first, second) = (
        create(&person, json!({"name": "1"})).await,
        create(&person, json!({"name": "2"})).await,
    );
    let programs = [&first, &second].map(|key| gateway.anybody().with(key["key"].as_str().unwrap()));
    for program in &programs {
        assert_eq!(models(program).await, 200);
    }
    assert_eq!(person.delete(&path(&first)).send().await.unwrap().status(), 200);
    assert_eq!(models(&programs[0]).await, 401);
    assert_eq!(refusal(person.delete(&path(&first)), 404).await, "not_found");
    let account = person.account_path().await;
    data(gateway.admin().put(&account).json(&json!({"status": "disabled"})), 200).await;
    assert_eq!(models(&programs[1]).await, 401);
}

#[tokio::test]
async fn p14_anothers_key_is_not_there() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let key = create(gateway.admin(), json!({"name": "the admin's"})).await;
    assert_eq!(
        refusal(person.put(&path(&key)).json(&json!({"enabled": false})), 404).await,
        "not_found"
    );
    assert_eq!(refusal(person.delete(&path(&key)), 404).await, "not_found");
    assert!(list(&person).await.is_empty());
    assert_eq!(models(&gateway.anybody().with(key["key"].as_str().unwrap())).await, 200);
    for field in ["id", "owner", "key", "key_prefix", "created_at"] {
        let attempt = person
            .post("/api/v1/user/keys")
            .json(&json!({"name": "mine", field: "x"}));
        assert_eq!(refusal(attempt, 400).await, "invalid_value", "{field}");
    }
}

#[tokio::test]
async fn p21_of_sixty_parallel_creations_fifty_count() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let key = |name: String| person.post("/api/v1/user/keys").json(&json!({"name": name}));
    for made in join_all((0..40).map(|number| data(key(format!("key {number}")), 201))).await {
        assert_eq!(status(person.delete(&path(&made))).await, 200);
    }
    let mut statuses = join_all((0..60).map(|number| status(key(format!("key {number}"))))).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![201; 50], vec![409; 10]].concat());
    assert_eq!(list(&person).await.len(), 50);
    assert_eq!(refusal(key("one more".into()), 409).await, "too_many_keys");
}

#[tokio::test]
async fn p21_a_key_that_is_deleted_twice_makes_one_place() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let key = |name: String| person.post("/api/v1/user/keys").json(&json!({"name": name}));
    let fifty = join_all((0..50).map(|number| data(key(format!("key {number}")), 201))).await;
    let twice = join_all((0..2).map(|_| status(person.delete(&path(&fifty[0]))))).await;
    assert_eq!(twice.iter().filter(|status| **status == 200).count(), 1, "{twice:?}");
    create(&person, json!({"name": "in its place"})).await;
    assert_eq!(refusal(key("one more".into()), 409).await, "too_many_keys");
}

#[tokio::test]
async fn p19_a_key_names_models_that_exist() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("glm", &provider).await;
    for good in [json!(["glm"]), json!(["*"]), json!([]), Value::Null] {
        create(gateway.admin(), json!({"name": "a", "models": good})).await;
    }
    for bad in [
        json!(["gpt"]),
        json!(["GLM"]),
        json!(["glm", ""]),
        json!(vec!["glm"; 101]),
        json!("glm"),
    ] {
        let attempt = gateway
            .admin()
            .post("/api/v1/user/keys")
            .json(&json!({"name": "a", "models": bad}));
        assert_eq!(refusal(attempt, 400).await, "invalid_value", "{bad}");
    }
}

#[tokio::test]
async fn a_keys_last_use_is_known() {
    let gateway = Gateway::start().await;
    let key = create(gateway.admin(), json!({"name": "laptop"})).await;
    let program = gateway.anybody().with(key["key"].as_str().unwrap());
    assert_eq!(models(&program).await, 200);
    let used = list(gateway.admin()).await[0].clone();
    assert!(
        used["last_used_at"].as_str().unwrap() >= key["created_at"].as_str().unwrap(),
        "{used}"
    );
    assert_eq!(used["version"], key["version"], "a use is no change");
    assert_eq!(models(&program).await, 200);
    assert_eq!(
        list(gateway.admin()).await[0]["last_used_at"],
        used["last_used_at"],
        "no write per request"
    );
}

#[tokio::test]
async fn g10_one_key_is_shown_as_in_the_list() {
    let gateway = Gateway::start().await;
    let key = create(gateway.admin(), json!({"name": "laptop"})).await;
    let shown = data(gateway.admin().get(&path(&key)), 200).await;
    assert_eq!(shown, list(gateway.admin()).await[0]);
    let other = gateway.admin().create_person("a@example.com", json!({})).await;
    assert_eq!(refusal(other.get(&path(&key)), 404).await, "not_found");
}

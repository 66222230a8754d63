//! Another person's keys and limits, and the departments.

use harness::Gateway;
use harness::client::{Client, data, pick, refusal, status};
use serde_json::{Value, json};

async fn keys(admin: &Client, person: &str) -> Vec<Value> {
    data(admin.get(&format!("{person}/keys")), 200)
        .await
        .as_array()
        .unwrap()
        .clone()
}

async fn models(program: &Client) -> u16 {
    status(program.get("/v1/models")).await
}

#[tokio::test]
async fn g11_op7_an_administrator_sees_switches_off_and_deletes_a_persons_keys() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let person = admin.create_person("a@example.com", json!({})).await;
    let (program, account) = (person.create_key().await, person.account_path().await);
    let listed = keys(admin, &account).await;
    assert_eq!(json!(listed), data(person.get("/api/v1/user/keys"), 200).await);
    assert_eq!(listed[0]["key"], Value::Null);
    let key = format!("{account}/keys/{}", listed[0]["id"].as_str().unwrap());
    assert_eq!(admin.change(&key, &json!({"enabled": false})).await["enabled"], false);
    assert_eq!(models(&program).await, 401);
    admin.change(&key, &json!({"enabled": true})).await;
    assert_eq!(models(&program).await, 200);
    assert_eq!(
        refusal(admin.put(&key).json(&json!({"name": "mine"})), 400).await,
        "invalid_value"
    );
    let stale = admin.put(&key).json(&json!({"enabled": false, "version": 1}));
    assert_eq!(refusal(stale, 409).await, "version_conflict");
    assert_eq!(status(admin.delete(&key)).await, 200);
    assert_eq!((models(&program).await, keys(admin, &account).await.len()), (401, 0));
    assert_eq!(refusal(admin.delete(&key), 404).await, "not_found");
    let audit = data(admin.get("/api/v1/admin/audit?action=key.update"), 200).await;
    assert_eq!(audit[1]["values"], json!({"enabled": {"old": true, "new": false}}));
}

#[tokio::test]
async fn g11_p39_managers_read_the_keys_and_limits_of_their_department_and_change_none() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let manager = admin
        .create_person("m@example.com", json!({"role": "manager", "department": "sales"}))
        .await;
    admin.create_policy("team", &json!({"request_quota_daily": 3})).await;
    for (department, seen) in [("sales", 200), ("law", 404)] {
        let members = json!({"department": department, "quota_policy": "team"});
        let person = admin.create_person(&format!("{department}@example.com"), members).await;
        let _ = person.create_key().await;
        let account = person.account_path().await;
        assert_eq!(
            status(manager.get(&format!("{account}/keys"))).await,
            seen,
            "{department}"
        );
        assert_eq!(
            status(manager.get(&format!("{account}/quota"))).await,
            seen,
            "{department}"
        );
        let id = keys(admin, &account).await[0]["id"].as_str().unwrap().to_owned();
        let key = format!("{account}/keys/{id}");
        assert_eq!(
            refusal(manager.put(&key).json(&json!({"enabled": false})), 403).await,
            "forbidden"
        );
        assert_eq!(refusal(manager.delete(&key), 403).await, "forbidden");
        let own = data(person.get("/api/v1/user/quota"), 200).await;
        assert_eq!(data(admin.get(&format!("{account}/quota")), 200).await, own);
        assert_eq!(
            pick(&own["limits"][0], ["name", "limit"]),
            json!(["request_quota_daily", 3])
        );
    }
}

#[tokio::test]
async fn g12_departments_say_how_many_people_they_have_and_who_waits() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let manager = admin
        .create_person("m@example.com", json!({"role": "manager", "department": "sales"}))
        .await;
    for (email, department, state) in [
        ("a@example.com", "sales", "active"),
        ("b@example.com", "sales", "pending"),
        ("c@example.com", "law", "active"),
    ] {
        let account = json!({"email": email, "name": "A", "department": department, "status": state});
        admin.create("/api/v1/admin/users", &account).await;
    }
    let departments = |person: &Client| data(person.get("/api/v1/admin/departments"), 200);
    let counts = |departments: Value| -> Vec<Value> {
        let each = departments.as_array().unwrap().iter();
        each.map(|department| pick(department, ["name", "people", "pending"]))
            .collect()
    };
    assert_eq!(
        counts(departments(admin).await),
        [json!(["law", 1, 0]), json!(["sales", 3, 1])]
    );
    assert_eq!(
        counts(departments(&manager).await),
        [json!(["sales", 2, 1])],
        "a manager does not see managers"
    );
}

#[tokio::test]
async fn ha9_a_password_that_is_reset_can_take_the_keys_with_it() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let person = admin.create_person("a@example.com", json!({})).await;
    let (program, account) = (person.create_key().await, person.account_path().await);
    let _ = person.create_key().await;
    admin
        .change(&account, &json!({"password": "another long password"}))
        .await;
    assert_eq!(models(&program).await, 200, "only if it is said");
    let reset = json!({"password": "a third long password", "revoke_keys": true});
    admin.change(&account, &reset).await;
    assert_eq!((models(&program).await, keys(admin, &account).await.len()), (401, 0));
    let deleted = data(admin.get("/api/v1/admin/audit?action=key.delete"), 200).await;
    assert_eq!(deleted.as_array().unwrap().len(), 2);
    let created = json!({"email": "b@example.com", "name": "B", "revoke_keys": true});
    assert_eq!(
        refusal(admin.post("/api/v1/admin/users").json(&created), 400).await,
        "invalid_value"
    );
    let manager = admin
        .create_person("m@example.com", json!({"role": "manager", "department": "sales"}))
        .await;
    let member = admin
        .create_person("c@example.com", json!({"department": "sales"}))
        .await;
    let revoke = manager
        .put(&member.account_path().await)
        .json(&json!({"revoke_keys": true}));
    assert_eq!(refusal(revoke, 403).await, "forbidden");
}

//! The work of administrators for others: keys made, and many accounts changed at once.

use harness::Gateway;
use harness::client::{Client, PASSWORD, data, pick, refusal, status};
use harness::provider::{Provider, Reply, openai};
use serde_json::{Value, json};

use super::limits::person_under;

#[tokio::test]
async fn op7_g11_an_administrator_makes_a_key_for_another() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let (person, path) = person_under(&gateway, &json!({"models": ["m"]})).await;
    let keys = format!("{path}/keys");
    let made = gateway
        .admin()
        .create(&keys, &json!({"name": "build server", "models": ["m"]}))
        .await;
    let secret = made["key"].as_str().unwrap();
    assert_eq!(status(gateway.anybody().with(secret).chat("m")).await, 200);
    let listed = data(person.get("/api/v1/user/keys"), 200).await;
    assert_eq!(
        pick(&listed[0], ["id", "name", "key"]),
        json!([made["id"], "build server", null])
    );
    let trail = data(gateway.admin().get("/api/v1/admin/audit?action=key.create"), 200).await;
    let owner = path.rsplit('/').next().unwrap();
    assert_eq!(trail[0]["values"]["owner"]["new"], owner, "{trail}");
    assert!(!trail.to_string().contains(secret));
    for (field, value) in [
        ("models", json!(["other"])),
        ("expires_at", json!("2020-01-01T00:00:00Z")),
        ("owner", json!("x")),
    ] {
        let mut wrong = json!({"name": "a"});
        wrong[field] = value;
        assert_eq!(
            refusal(gateway.admin().post(&keys).json(&wrong), 400).await,
            "invalid_value",
            "{field}"
        );
    }
    assert_eq!(
        refusal(person.post(&keys).json(&json!({"name": "a"})), 403).await,
        "forbidden"
    );
    gateway.admin().change(&path, &json!({"status": "disabled"})).await;
    let refused = gateway.admin().post(&keys).json(&json!({"name": "a"}));
    assert_eq!(refusal(refused, 409).await, "conflict");
}

const BULK: &str = "/api/v1/admin/users/bulk";

/// Three people who wait for approval: two of sales, one of law.
async fn pending(admin: &Client) -> Vec<String> {
    let mut ids = Vec::new();
    for (name, department) in [("a", "sales"), ("b", "sales"), ("c", "law")] {
        let person = json!({"email": format!("{name}@example.com"), "name": name, "department": department,
            "status": "pending", "password": PASSWORD});
        let made = admin.create("/api/v1/admin/users", &person).await;
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    ids
}

#[tokio::test]
async fn op7_a_manager_approves_many_of_the_own_department_at_once() {
    let gateway = Gateway::start().await;
    let ids = pending(gateway.admin()).await;
    let manager = json!({"role": "manager", "department": "sales"});
    let manager = gateway.admin().create_person("m@example.com", manager).await;
    let approve = json!({"ids": [ids[0], ids[2], "nobody", ids[1]], "change": {"status": "active"}});
    let report = data(manager.post(BULK).json(&approve), 200).await;
    assert_eq!(pick(&report, ["changed", "refused", "skipped"]), json!([2, 2, 0]));
    let results = report["results"].as_array().unwrap().iter();
    let told: Vec<Value> = results
        .map(|result| pick(result, ["id", "status", "code", "email"]))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            [ids[0], "changed", null, "a@example.com"],
            [ids[2], "refused", "not_found", null],
            ["nobody", "refused", "not_found", null],
            [ids[1], "changed", null, "b@example.com"],
        ])
    );
    let approved = gateway.anybody().signed_in("b@example.com", PASSWORD).await;
    approved.profile().await;
    let move_all = json!({"ids": ids, "change": {"department": "research"}});
    let refused = data(manager.post(BULK).json(&move_all), 200).await;
    assert_eq!(refused["refused"], 3, "a manager moves nobody: {refused}");
}

#[tokio::test]
async fn op7_many_accounts_are_changed_at_once_each_with_its_entry() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let ids = pending(admin).await;
    let move_all = json!({"ids": ids, "change": {"department": "research", "quota_policy": "default"}});
    let moved = data(admin.post(BULK).json(&move_all), 200).await;
    assert_eq!(moved["changed"], 3, "{moved}");
    let people = data(admin.get("/api/v1/admin/users?department=research"), 200).await;
    assert_eq!(people.as_array().unwrap().len(), 3);
    let trail = format!("/api/v1/admin/audit?action=user.update&target={}", ids[2]);
    let trail = data(admin.get(&trail), 200).await;
    let moved = json!({"old": "law", "new": "research"});
    assert_eq!(trail[0]["values"]["department"], moved);
}

#[tokio::test]
async fn op7_a_bulk_change_is_bounded_and_ends_with_the_callers_own_account() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let other = admin.create_person("a@example.com", json!({"role": "admin"})).await;
    let (own, other) = (admin.id().await, other.id().await);
    for (wrong, field) in [
        (json!({"ids": [], "change": {"status": "active"}}), "ids"),
        (
            json!({"ids": vec![own.as_str(); 101], "change": {"status": "active"}}),
            "ids",
        ),
        (json!({"ids": [own, own], "change": {"status": "active"}}), "ids[1]"),
        (json!({"ids": [own], "change": {}}), "change"),
        (
            json!({"ids": [own], "change": {"email": "x@example.com"}}),
            "change.email",
        ),
        (json!({"ids": [own], "change": {"role": "king"}}), "change.role"),
    ] {
        let answer = admin.post(BULK).json(&wrong).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{wrong}");
        assert_eq!(
            answer.json::<Value>().await.unwrap()["error"]["field"],
            field,
            "{wrong}"
        );
    }
    let demote = json!({"ids": [own, other], "change": {"role": "manager"}});
    let report = data(admin.post(BULK).json(&demote), 200).await;
    let results = report["results"].as_array().unwrap().iter();
    let told: Vec<Value> = results.map(|result| pick(result, ["id", "status", "code"])).collect();
    assert_eq!(
        json!(told),
        json!([[other, "changed", null], [own, "refused", "last_admin"]]),
        "an administrator remains"
    );
}

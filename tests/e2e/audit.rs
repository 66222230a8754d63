//! The audit trail: one entry for each thing done, and no secret in it.

use harness::client::{Client, data, pick, refusal};
use harness::{ADMIN_EMAIL, Gateway};
use serde_json::{Value, json};

async fn entries(admin: &Client, query: &str) -> Vec<Value> {
    let answer = admin.get(&format!("/api/v1/admin/audit?{query}"));
    data(answer, 200).await.as_array().unwrap().clone()
}

#[tokio::test]
async fn p60_each_change_has_one_entry_that_says_who_did_what_to_whom() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let actor = admin.profile().await["id"].clone();
    let person = admin.create_person("a@example.com", json!({})).await;
    let id = person.id().await;
    let path = format!("/api/v1/admin/users/{id}");
    let changed = json!({"name": "B", "password": "a new long password"});
    data(
        admin.put(&path).header("x-request-id", "my-request").json(&changed),
        200,
    )
    .await;
    let stale = admin.put(&path).json(&json!({"version": 1}));
    assert_eq!(refusal(stale, 409).await, "version_conflict");

    let of_user = entries(admin, &format!("target={id}")).await;
    let actions: Vec<&str> = of_user.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let newest_first = ["user.update", "session.create", "user.create"];
    assert_eq!(actions, newest_first, "and nothing for what was refused");
    let update = &of_user[0];
    assert_eq!(
        pick(update, ["actor", "request_id", "result"]),
        json!([actor, "my-request", "ok"])
    );
    assert_eq!(update["changed"], json!(["password", "name"]));
    assert_eq!(update["address"], "127.0.0.1");
    assert!(update["at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn p60_a_refused_sign_in_and_the_first_administrator_have_entries() {
    let gateway = Gateway::start().await;
    let wrong = gateway
        .post("/api/v1/auth/login")
        .json(&json!({"email": ADMIN_EMAIL, "password": "wrong"}));
    refusal(wrong, 401).await;
    let refused = entries(gateway.admin(), "result=invalid_credentials").await;
    assert_eq!(
        pick(&refused[0], ["actor", "target"]),
        json!(["anonymous", ADMIN_EMAIL])
    );
    let first = entries(gateway.admin(), "actor=system").await;
    assert_eq!(first.len(), 1, "the first administrator: {first:?}");
}

#[tokio::test]
async fn p57_the_trail_is_read_in_pages() {
    let gateway = Gateway::start().await;
    for number in 0..12 {
        let settings = gateway
            .admin()
            .put("/api/v1/admin/settings")
            .json(&json!({"log_retention_days": number + 1}));
        data(settings, 200).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = gateway
            .admin()
            .get(&format!("/api/v1/admin/audit?action=settings.update&limit=5{cursor}"))
            .send()
            .await
            .unwrap();
        let page: Value = page.json().await.unwrap();
        seen.extend(
            page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|entry| entry["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 12);
    assert!(seen.is_sorted_by(|newer, older| newer > older));
    let none = entries(gateway.admin(), "from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z").await;
    assert!(none.is_empty());
}

#[tokio::test]
async fn ha9_an_entry_names_its_actor_and_tells_what_was_and_is() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let person = admin.create_person("a@example.com", json!({"role": "manager"})).await;
    let id = person.id().await;
    let change = json!({"name": "B", "role": "user", "password": "a new long password"});
    admin.change(&format!("/api/v1/admin/users/{id}"), &change).await;
    let of_user = entries(admin, &format!("target={id}")).await;
    let (update, login, create) = (&of_user[0], &of_user[1], &of_user[2]);
    assert_eq!(
        update["values"],
        json!({"name": {"old": "A Person", "new": "B"}, "role": {"old": "manager", "new": "user"}}),
        "no password"
    );
    assert_eq!(
        pick(update, ["actor_name", "actor_email"]),
        json!(["Administrator", ADMIN_EMAIL])
    );
    assert_eq!(
        pick(login, ["actor_name", "actor_email"]),
        json!(["A Person", "a@example.com"])
    );
    assert_eq!(create["values"]["role"], json!({"old": null, "new": "manager"}));
    admin.create_policy("team", &json!({"rate_limit": 3})).await;
    admin
        .change("/api/v1/admin/policies/team", &json!({"rate_limit": null}))
        .await;
    let policy = &entries(admin, "action=policy.update").await[0];
    assert_eq!(policy["values"], json!({"rate_limit": {"old": 3, "new": null}}));
    admin
        .change("/api/v1/admin/settings", &json!({"log_retention_days": 7}))
        .await;
    let settings = &entries(admin, "action=settings.update").await[0];
    assert_eq!(settings["values"], json!({"log_retention_days": {"old": 30, "new": 7}}));
}

//! The audit trail: of a change who made it, and what was and is; and who was refused (promise 76).

use futures_util::future::join_all;
use harness::Gateway;
use harness::client::{Client, PASSWORD, data, pick, refusal, status};
use harness::identity_provider::{CLIENT_SECRET, IdentityProvider};
use serde_json::{Value, json};

async fn entries(admin: &Client, query: &str) -> Vec<Value> {
    let answer = admin.get(&format!("/api/v1/admin/audit?limit=200&{query}"));
    data(answer, 200).await.as_array().unwrap().clone()
}

async fn newest(admin: &Client, action: &str) -> Value {
    entries(admin, &format!("action={action}")).await[0].clone()
}

#[tokio::test]
async fn p76_ha9_entries_of_single_sign_on_tell_what_was_and_is_but_no_secret() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let provider = IdentityProvider::start();
    provider.configure(&gateway, &json!({})).await;
    let first = newest(admin, "sso.configure").await;
    assert_eq!(
        first["values"]["issuer_url"],
        json!({"old": null, "new": provider.issuer()})
    );
    assert_eq!(
        first["values"]["email_claim"],
        json!({"old": null, "new": "email"}),
        "a default"
    );
    let change =
        json!({"auto_provision": false, "allowed_domains": ["example.com"], "client_secret": "another secret"});
    let before = data(admin.get("/api/v1/admin/sso/status"), 200).await;
    admin.change("/api/v1/admin/sso/config", &change).await;
    let entry = newest(admin, "sso.configure").await;
    assert_eq!(
        entry["values"],
        json!({
            "auto_provision": {"old": before["auto_provision"], "new": false},
            "allowed_domains": {"old": before["allowed_domains"], "new": ["example.com"]},
        })
    );
    assert!(entry["changed"].as_array().unwrap().contains(&json!("client_secret")));
    let trail = json!(entries(admin, "").await).to_string();
    assert!(!trail.contains(CLIENT_SECRET) && !trail.contains("another secret"));
}

#[tokio::test]
async fn ha9_what_is_created_and_deleted_is_told_with_its_values() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    admin.create_policy("team", &json!({"rate_limit": 3})).await;
    admin
        .create(
            "/api/v1/admin/models",
            &json!({"id": "m", "name": "M", "input_price": 1.5}),
        )
        .await;
    let backend =
        json!({"name": "b", "base_url": "https://api.example.com", "model_name": "n", "api_key": "sk-secret"});
    let backend = admin.create("/api/v1/admin/models/m/backends", &backend).await;
    let key = admin.create("/api/v1/user/keys", &json!({"name": "k"})).await;
    let key = format!("/api/v1/user/keys/{}", key["id"].as_str().unwrap());
    admin.change(&key, &json!({"name": "l"})).await;
    for path in [
        &*key,
        &format!("/api/v1/admin/backends/{}", backend["id"].as_str().unwrap()),
        "/api/v1/admin/models/m",
        "/api/v1/admin/policies/team",
    ] {
        assert_eq!(status(admin.delete(path)).await, 200);
    }
    told_with_its_values(admin).await;
    assert!(!json!(entries(admin, "").await).to_string().contains("sk-secret"));
}

async fn told_with_its_values(admin: &Client) {
    for (action, field, old, new) in [
        ("policy.create", "rate_limit", json!(null), json!(3)),
        ("policy.delete", "rate_limit", json!(3), json!(null)),
        ("model.create", "input_price", json!(null), json!(1.5)),
        ("model.delete", "input_price", json!(1.5), json!(null)),
        (
            "backend.create",
            "base_url",
            json!(null),
            json!("https://api.example.com"),
        ),
        ("backend.delete", "model_name", json!("n"), json!(null)),
        ("key.create", "name", json!(null), json!("k")),
        ("key.update", "name", json!("k"), json!("l")),
        ("key.delete", "name", json!("l"), json!(null)),
    ] {
        let entry = newest(admin, action).await;
        assert_eq!(
            entry["values"][field],
            json!({"old": old, "new": new}),
            "{action}: {entry}"
        );
    }
}

#[tokio::test]
async fn ha9_the_role_of_each_new_account_is_told_however_it_was_made() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let _ = admin.create_person("m@example.com", json!({"role": "manager"})).await;
    let csv = "email,name,role\ni@example.com,I,admin\n";
    let import = admin
        .post("/api/v1/admin/users/import")
        .header("content-type", "text/csv");
    assert_eq!(status(import.body(csv)).await, 200);
    let registration = json!({"email": "r@example.com", "password": PASSWORD, "name": "R"});
    assert_eq!(
        status(gateway.post("/api/v1/auth/register").json(&registration)).await,
        201
    );
    let mut made: Vec<Value> = Vec::new();
    for action in ["user.create", "user.register"] {
        for entry in entries(admin, &format!("action={action}")).await {
            let value = |field: &str| entry["values"][field]["new"].clone();
            made.push(json!([value("email"), value("role"), value("status")]));
        }
    }
    assert_eq!(
        made,
        [
            json!(["i@example.com", "admin", "active"]),
            json!(["m@example.com", "manager", "active"]),
            json!([harness::ADMIN_EMAIL, "admin", "active"]),
            json!(["r@example.com", "user", "pending"]),
        ]
    );
}

#[tokio::test]
async fn ha9_the_own_name_is_told_too_and_a_change_of_nothing_is_none() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let person = admin.create_person("a@example.com", json!({})).await;
    person.change("/api/v1/user/profile", &json!({"name": "B"})).await;
    let entry = newest(admin, "profile.update").await;
    assert_eq!(entry["values"], json!({"name": {"old": "A Person", "new": "B"}}));
    person.change("/api/v1/user/profile", &json!({})).await;
    let entry = newest(admin, "profile.update").await;
    assert_eq!((&entry["changed"], entry.get("values")), (&json!([]), None));
}

#[tokio::test]
async fn ha9_wrong_old_passwords_are_in_the_trail_and_throttled_ones_are_not() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let change = json!({"old_password": "wrong password", "new_password": "another password"});
    let mut statuses = Vec::new();
    for _ in 0..14 {
        statuses.push(status(person.put("/api/v1/user/password").json(&change)).await);
    }
    assert_eq!(statuses, [vec![401; 10], vec![429; 4]].concat());
    let tried = entries(gateway.admin(), "action=password.change").await;
    assert_eq!(tried.len(), 10);
    for entry in tried {
        assert_eq!(
            pick(&entry, ["result", "actor_name", "actor_email"]),
            json!(["invalid_credentials", "A Person", "a@example.com"])
        );
    }
}

#[tokio::test]
async fn p76_ha9_a_refused_change_names_its_actor() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let user = admin
        .create_person("u@example.com", json!({"department": "sales"}))
        .await;
    let manager = admin
        .create_person("m@example.com", json!({"role": "manager", "department": "sales"}))
        .await;
    let account = user.account_path().await;
    // Refused by its row of the table, and by what it would change.
    let by_route = user.delete(&account).header("x-request-id", "by-route");
    assert_eq!(refusal(by_route, 403).await, "forbidden");
    assert_eq!(
        refusal(manager.put(&account).json(&json!({"role": "admin"})), 403).await,
        "forbidden"
    );
    assert_eq!(refusal(user.get("/api/v1/admin/users"), 403).await, "forbidden");
    let refused = entries(admin, "result=forbidden").await;
    let told = |entry: &Value| pick(entry, ["action", "target", "actor_name", "actor_email", "request_id"]);
    assert_eq!(refused.len(), 2, "what only reads changes nothing: {refused:?}");
    assert_eq!(
        pick(&refused[0], ["action", "target", "actor_email"]),
        json!(["change.refuse", format!("PUT {account}"), "m@example.com"])
    );
    assert_eq!(
        told(&refused[1]),
        json!([
            "change.refuse",
            format!("DELETE {account}"),
            "A Person",
            "u@example.com",
            "by-route"
        ])
    );
}

#[tokio::test]
async fn ha9_refused_changes_do_not_flood_the_trail() {
    let gateway = Gateway::start().await;
    let user = gateway.admin().create_person("u@example.com", json!({})).await;
    let attempts = (0..60).map(|_| status(user.post("/api/v1/admin/policies")));
    assert_eq!(join_all(attempts).await, [403; 60]);
    assert_eq!(entries(gateway.admin(), "result=forbidden").await.len(), 20);
}

#[tokio::test]
async fn ha9_keys_that_are_made_while_a_password_is_reset_go_with_the_others() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    for round in 0..6 {
        let person = admin.create_person(&format!("a{round}@example.com"), json!({})).await;
        let account = person.account_path().await;
        let keys = (0..4).map(|_| status(person.post("/api/v1/user/keys").json(&json!({"name": "k"}))));
        let reset = json!({"password": "what the administrator has set", "revoke_keys": true});
        let reset = status(admin.put(&account).json(&reset));
        let (made, reset) = futures_util::future::join(join_all(keys), reset).await;
        assert_eq!(reset, 200);
        assert!(made.iter().all(|status| [201, 401].contains(status)), "{made:?}");
        let left = data(admin.get(&format!("{account}/keys")), 200).await;
        assert_eq!(left, json!([]), "round {round}");
    }
    // Who resets the own password goes on to revoke the own keys, though the session has ended.
    let program = admin.create_key().await;
    let own = json!({"password": "another long password", "revoke_keys": true});
    admin.change(&admin.account_path().await, &own).await;
    assert_eq!(status(program.get("/v1/models")).await, 401);
}

#[tokio::test]
async fn ha9_a_reset_that_is_refused_leaves_the_keys() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let program = admin.create_key().await;
    let last = json!({"status": "disabled", "revoke_keys": true});
    assert_eq!(
        refusal(admin.put(&admin.account_path().await).json(&last), 409).await,
        "last_admin"
    );
    assert_eq!(status(program.get("/v1/models")).await, 200);
}

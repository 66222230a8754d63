//! Administration of people: who may see and change whom, and what always holds.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use harness::client::{Client, PASSWORD, data, refusal};
use harness::{ADMIN_EMAIL, Gateway};
use reqwest::Response;
use serde_json::{Value, json};

const USERS: &str = "/api/v1/admin/users";

async fn create(admin: &Client, email: &str, fields: Value) -> Value {
    let mut body = json!({"email": email, "name": "A Person", "role": "user"});
    for (field, value) in fields.as_object().unwrap() {
        body[field] = value.clone();
    }
    data(admin.post(USERS).json(&body), 201).await
}

fn path(user: &Value) -> String {
    format!("{USERS}/{}", user["id"].as_str().unwrap())
}

async fn list(client: &Client, query: &str) -> (Vec<String>, Option<String>) {
    let answer = client.get(&format!("{USERS}{query}")).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{query}");
    let body: Value = answer.json().await.unwrap();
    let emails = body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["email"].as_str().unwrap().to_owned());
    (emails.collect(), body["next_cursor"].as_str().map(ToOwned::to_owned))
}

#[tokio::test]
async fn p39_a_manager_works_in_the_own_department_only() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let manager = admin
        .create_person("boss@example.com", json!({"role": "manager", "department": "sales"}))
        .await;
    let own = create(
        admin,
        "own@example.com",
        json!({"department": "sales", "status": "pending"}),
    )
    .await;
    let peer = create(
        admin,
        "peer@example.com",
        json!({"department": "sales", "role": "manager"}),
    )
    .await;
    let other = create(admin, "other@example.com", json!({"department": "research"})).await;
    let admins = create(
        admin,
        "chief@example.com",
        json!({"department": "sales", "role": "admin"}),
    )
    .await;

    assert_eq!(list(&manager, "").await, (vec!["own@example.com".to_owned()], None));
    assert_eq!(list(&manager, "?department=research").await.0, Vec::<String>::new());
    let approved = manager.put(&path(&own)).json(&json!({"status": "active"}));
    assert_eq!(data(approved, 200).await["status"], "active");
    for forbidden in [
        json!({"role": "manager"}),
        json!({"department": "research"}),
        json!({"password": "a new long password"}),
        json!({"status": "disabled", "quota_policy": "default", "name": "Renamed"}),
    ] {
        assert_eq!(
            refusal(manager.put(&path(&own)).json(&forbidden), 403).await,
            "forbidden",
            "{forbidden}"
        );
    }
    let myself = json!({"id": manager.profile().await["id"]});
    for unseen in [&peer, &other, &admins, &myself] {
        let attempt = manager.put(&path(unseen)).json(&json!({"status": "disabled"}));
        assert_eq!(refusal(attempt, 404).await, "not_found", "{unseen}");
    }
    assert_eq!(refusal(manager.delete(&path(&own)), 403).await, "forbidden");
    assert_eq!(refusal(manager.post(USERS).json(&json!({})), 403).await, "forbidden");
}

#[tokio::test]
async fn p15_the_last_active_admin_stays() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let own = path(&admin.profile().await);
    for change in [
        json!({"role": "user"}),
        json!({"role": "manager"}),
        json!({"status": "disabled"}),
        json!({"status": "pending"}),
    ] {
        assert_eq!(
            refusal(admin.put(&own).json(&change), 409).await,
            "last_admin",
            "{change}"
        );
    }
    assert_eq!(refusal(admin.delete(&own), 409).await, "last_admin");
    // Those who are not active do not count.
    create(
        admin,
        "disabled@example.com",
        json!({"role": "admin", "status": "disabled"}),
    )
    .await;
    assert_eq!(refusal(admin.delete(&own), 409).await, "last_admin");
    let second = create(admin, "second@example.com", json!({"role": "admin"})).await;
    data(admin.put(&path(&second)).json(&json!({"role": "user"})), 200).await;
    assert_eq!(refusal(admin.delete(&own), 409).await, "last_admin");
    data(admin.put(&path(&second)).json(&json!({"role": "admin"})), 200).await;
    assert_eq!(admin.delete(&own).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn p15_two_admins_who_demote_each_other_leave_one() {
    let gateway = Gateway::start().await;
    let one = gateway
        .admin()
        .create_person("one@example.com", json!({"role": "admin"}))
        .await;
    let two = gateway
        .admin()
        .create_person("two@example.com", json!({"role": "admin"}))
        .await;
    let (one_path, two_path) = (path(&one.profile().await), path(&two.profile().await));
    let third = path(&gateway.admin().profile().await);
    assert_eq!(
        one.delete(&third).send().await.unwrap().status(),
        200,
        "so that only the two are left"
    );
    let demote = json!({"role": "user"});
    let both = join_all([
        one.put(&two_path).json(&demote).send(),
        two.put(&one_path).json(&demote).send(),
    ])
    .await;
    let statuses: Vec<u16> = both
        .into_iter()
        .map(|answer| answer.unwrap().status().as_u16())
        .collect();
    assert_eq!(
        statuses.iter().filter(|status| **status == 200).count(),
        1,
        "{statuses:?}"
    );
    let left = if statuses[0] == 200 { one } else { two };
    assert_eq!(
        list(&left, "?role=admin").await.0,
        [left.profile().await["email"].as_str().unwrap()]
    );
}

#[tokio::test]
async fn p56_keys_die_with_their_owner_and_stay_dead_when_the_address_returns() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let account = path(&person.profile().await);
    let program = person.create_key().await;
    let listed = data(person.get("/api/v1/user/keys"), 200).await;
    assert_eq!(program.get("/v1/models").send().await.unwrap().status(), 200);
    assert_eq!(gateway.admin().delete(&account).send().await.unwrap().status(), 200);
    assert_eq!(program.get("/v1/models").send().await.unwrap().status(), 401);
    assert_eq!(refusal(gateway.admin().delete(&account), 404).await, "not_found");
    assert_eq!(
        refusal(gateway.admin().put(&account).json(&json!({"name": "x"})), 404).await,
        "not_found"
    );

    let returned = gateway.admin().create_person("a@example.com", json!({})).await;
    assert_eq!(data(returned.get("/api/v1/user/keys"), 200).await, json!([]));
    assert_eq!(program.get("/v1/models").send().await.unwrap().status(), 401);
    assert_eq!(
        refusal(person.get("/api/v1/user/profile"), 401).await,
        "unauthorized",
        "old tokens neither"
    );
    let old = format!("/api/v1/user/keys/{}", listed[0]["id"].as_str().unwrap());
    assert_eq!(refusal(returned.delete(&old), 404).await, "not_found");
}

#[tokio::test]
async fn p57_pages_lose_and_double_nobody() {
    let gateway = Gateway::start().await;
    let csv = (0..230).fold("email,name,department\n".to_owned(), |csv, number| {
        format!("{csv}p{number}@example.com,P,d{}\n", number % 2)
    });
    let import = gateway
        .admin()
        .post(&format!("{USERS}/import"))
        .header("content-type", "text/csv")
        .body(csv);
    assert_eq!(data(import, 200).await["created"], 230);
    for (filter, expected) in [
        ("", 231),
        ("&department=d1", 115),
        ("&q=p1", 111),
        ("&role=admin", 1),
        ("&status=pending", 0),
    ] {
        for limit in [7, 100, 115] {
            let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
            loop {
                let (page, next) = list(gateway.admin(), &format!("?limit={limit}{filter}{cursor}")).await;
                assert!(page.len() <= limit);
                seen.extend(page);
                pages += 1;
                let Some(next) = next else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(seen.len(), expected, "{filter} by {limit}");
            assert_eq!(
                seen.iter().collect::<BTreeSet<_>>().len(),
                expected,
                "{filter} by {limit}"
            );
            assert_eq!(pages, expected.div_ceil(limit).max(1), "{filter} by {limit}");
        }
    }
}

#[tokio::test]
async fn p57_a_cursor_is_its_callers_own() {
    let gateway = Gateway::start().await;
    let second = gateway
        .admin()
        .create_person("second@example.com", json!({"role": "admin"}))
        .await;
    let cursor = list(gateway.admin(), "?limit=1").await.1.unwrap();
    assert_eq!(
        list(gateway.admin(), &format!("?limit=1&cursor={cursor}")).await.0,
        ["second@example.com"]
    );
    for query in [
        format!("cursor={cursor}"),
        "cursor=AAAA".into(),
        "limit=0".into(),
        "limit=201".into(),
        "limit=x".into(),
        "role=king".into(),
    ] {
        assert_eq!(
            refusal(second.get(&format!("{USERS}?{query}")), 400).await,
            "invalid_value",
            "{query}"
        );
    }
    assert_eq!(
        refusal(
            gateway.admin().get(&format!("/api/v1/admin/audit?cursor={cursor}")),
            400
        )
        .await,
        "invalid_value"
    );
}

#[tokio::test]
async fn p55_a_change_names_only_what_it_changes_and_may_name_the_version() {
    let gateway = Gateway::start().await;
    let user = create(gateway.admin(), "a@example.com", json!({"department": "sales"})).await;
    let change = |body: Value| gateway.admin().put(&path(&user)).json(&body);
    let changed = data(change(json!({"name": "B", "version": 1})), 200).await;
    assert_eq!(
        (&changed["name"], &changed["department"], &changed["version"]),
        (&json!("B"), &json!("sales"), &json!(2))
    );
    assert_eq!(
        refusal(
            gateway
                .admin()
                .put(&path(&user))
                .json(&json!({"name": "C", "version": 1})),
            409
        )
        .await,
        "version_conflict"
    );
    assert_eq!(
        data(change(json!({"department": null})), 200).await["department"],
        Value::Null
    );
    let parallel = join_all((0..8).map(|number| change(json!({"name": format!("N{number}")})).send())).await;
    let statuses: Vec<u16> = parallel
        .into_iter()
        .map(|answer: Result<Response, _>| answer.unwrap().status().as_u16())
        .collect();
    assert!(
        statuses.iter().all(|status| [200, 409].contains(status)) && statuses.contains(&200),
        "{statuses:?}"
    );
    for bad in [
        json!({"role": "king"}),
        json!({"status": "gone"}),
        json!({"quota_policy": "gold"}),
        json!({"email": "x"}),
        json!({"session": 1}),
    ] {
        assert_eq!(
            refusal(gateway.admin().put(&path(&user)).json(&bad), 400).await,
            "invalid_value",
            "{bad}"
        );
    }
}

#[tokio::test]
async fn p54_an_address_moves_with_its_account() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("old@example.com", json!({})).await;
    let account = path(&person.profile().await);
    assert_eq!(
        refusal(gateway.admin().put(&account).json(&json!({"email": ADMIN_EMAIL})), 409).await,
        "conflict"
    );
    data(
        gateway.admin().put(&account).json(&json!({"email": "New@example.com"})),
        200,
    )
    .await;
    gateway
        .anybody()
        .signed_in("new@example.com", PASSWORD)
        .await
        .profile()
        .await;
    let old = gateway
        .post("/api/v1/auth/login")
        .json(&json!({"email": "old@example.com", "password": PASSWORD}));
    assert_eq!(refusal(old, 401).await, "invalid_credentials");
    create(gateway.admin(), "old@example.com", json!({})).await;
}

#[tokio::test]
async fn an_import_tells_of_each_line_and_does_nothing_by_halves() {
    let gateway = Gateway::start().await;
    let csv = "email,password,name,role,department,quota_policy\r\n\
        first@example.com,a long password,First,user,sales,\r\n\
        not-an-address,,Second,,,\n\
        third@example.com,short,Third,,,\n\
        fourth@example.com,,\"Fourth, the \"\"Great\"\"\",manager,sales,default\n\
        fifth@example.com,,Fifth,king,,\n\
        FIRST@example.com,,Again,,,\n\
        sixth@example.com,,Sixth,,,gold\n\
        too,few\n";
    let import = gateway
        .admin()
        .post(&format!("{USERS}/import"))
        .header("content-type", "text/csv; charset=utf-8")
        .body(csv);
    let report = data(import, 200).await;
    assert_eq!(
        (&report["created"], &report["refused"], &report["skipped"]),
        (&json!(2), &json!(6), &json!(0))
    );
    let told: Vec<Value> = report["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| json!([line["line"], line["status"], line["code"], line["field"]]))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            [2, "created", null, null],
            [3, "refused", "invalid_value", "email"],
            [4, "refused", "weak_password", "password"],
            [5, "created", null, null],
            [6, "refused", "invalid_value", "role"],
            [7, "refused", "conflict", "email"],
            [8, "refused", "invalid_value", "quota_policy"],
            [9, "refused", "invalid_value", null],
        ])
    );
    assert_eq!(
        list(gateway.admin(), "?department=sales").await.0,
        ["first@example.com", "fourth@example.com"]
    );
    gateway
        .anybody()
        .signed_in("first@example.com", "a long password")
        .await
        .profile()
        .await;
    for (bad, status) in [("email,name,colour\n", 400), ("name\nA\n", 400), ("", 400)] {
        let import = gateway
            .admin()
            .post(&format!("{USERS}/import"))
            .header("content-type", "text/csv")
            .body(bad);
        refusal(import, status).await;
    }
    assert_eq!(
        refusal(gateway.admin().post(&format!("{USERS}/import")).json(&json!({})), 415).await,
        "unsupported_media_type"
    );
    let large = gateway
        .admin()
        .post(&format!("{USERS}/import"))
        .header("content-type", "text/csv")
        .body("x".repeat(65 * 1024));
    assert_eq!(refusal(large, 413).await, "request_too_large");
}

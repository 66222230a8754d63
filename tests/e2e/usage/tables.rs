//! Lists as files for spreadsheets.

use harness::Gateway;
use harness::client::Client;
use serde_json::json;

use super::{books, enter};

async fn csv(client: &Client, path: &str, language: &str) -> (String, String) {
    let request = client.get(path).header("accept", "text/csv");
    let response = request.header("accept-language", language).send().await.unwrap();
    assert_eq!(response.status(), 200, "{path}");
    let name = response.headers()["content-disposition"].to_str().unwrap().to_owned();
    (
        name,
        String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap(),
    )
}

#[tokio::test]
async fn op8_chinese_excel_gets_its_mark() {
    let gateway = books().await;
    enter(
        &gateway,
        [json!({"user": "u", "at": "2026-03-05T00:00:00Z", "department": "研发部"})],
    )
    .await;
    for list in [
        "usage?group_by=department",
        "logs?limit=9",
        "users?limit=9",
        "audit?limit=9",
    ] {
        let path = format!("/api/v1/admin/{list}");
        for (query, language, has_mark) in [
            ("", "zh-CN,zh;q=0.9", true),
            ("", "en", false),
            ("&bom=1", "en", true),
            ("&bom=0", "zh", false),
        ] {
            let (_, text) = csv(gateway.admin(), &format!("{path}{query}"), language).await;
            assert_eq!(text.starts_with('\u{feff}'), has_mark, "{path}{query} {language}");
            assert_eq!(text.matches('\u{feff}').count(), usize::from(has_mark));
        }
        let refused = gateway.admin().get(&format!("{path}&bom=2")).send().await.unwrap();
        assert_eq!(refused.status(), 400, "{path}");
    }
}

#[tokio::test]
async fn g19_users_and_the_audit_trail_are_files_too() {
    let gateway = Gateway::start().await;
    let members = json!({"name": "＝HYPERLINK(1)", "department": "+sum"});
    gateway.admin().create_person("ann@example.com", members).await;
    let (name, users) = csv(gateway.admin(), "/api/v1/admin/users?q=ann", "en").await;
    assert_eq!(name, "attachment; filename=\"users.csv\"");
    let lines: Vec<_> = users.lines().collect();
    assert_eq!(
        lines[0],
        "id,email,name,role,status,department,quota_policy,has_password,created_at,updated_at"
    );
    assert!(
        lines[1].contains(",ann@example.com,'＝HYPERLINK(1),user,active,'+sum,default,true,"),
        "{users}"
    );
    let (name, audit) = csv(gateway.admin(), "/api/v1/admin/audit?action=user.create", "en").await;
    assert_eq!(name, "attachment; filename=\"audit.csv\"");
    let head = "id,at,actor,actor_name,actor_email,address,action,target,target_name,changed,values,result,request_id";
    assert_eq!(audit.lines().next(), Some(head));
    assert!(
        audit.contains(",user.create,") && audit.contains("ann@example.com"),
        "{audit}"
    );
}

#[tokio::test]
async fn op6_a_table_has_names_beside_its_ids() {
    let gateway = Gateway::start().await;
    let ann = gateway
        .admin()
        .create_person("ann@example.com", json!({"name": "Ann"}))
        .await;
    let id = ann.id().await;
    let now = gateway.local().store().await.unwrap().clock().now();
    enter(&gateway, [json!({"user": id, "at": now.to_string()})]).await;
    let (_, usage) = csv(gateway.admin(), "/api/v1/admin/usage", "en").await;
    assert!(usage.starts_with("user,user_name,user_email,requests,"), "{usage}");
    assert!(usage.contains(&format!("{id},Ann,ann@example.com,1,")), "{usage}");
}

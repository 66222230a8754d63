//! Whose sign-ins somebody sees.

use harness::Gateway;
use harness::client::{Client, data, status};
use serde_json::{Value, json};

use super::sign_in;

async fn ids(client: &Client, path: &str) -> Vec<String> {
    let list = data(client.get(path), 200).await;
    let each = list.as_array().unwrap().iter();
    each.map(|sign_in| sign_in["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn p14_t11_t17_a_person_sees_the_own_sign_ins_without_their_tokens() {
    let gateway = Gateway::start().await;
    let one = gateway.admin().create_person("a@example.com", json!({})).await;
    let two = gateway.admin().create_person("b@example.com", json!({})).await;
    let (mine, program) = sign_in(&gateway, &one).await;
    let (other, _) = sign_in(&gateway, &two).await;
    assert_eq!(ids(&one, "/api/v1/user/sign-ins").await, [mine.id.as_str()]);
    let shown = data(one.get(&format!("/api/v1/user/sign-ins/{}", mine.id)), 200).await;
    assert_eq!((&shown["client"], &shown["how"]), (&json!("codex"), &json!("code")));
    let text = shown.to_string();
    assert!(
        !text.contains(program.credential()) && !text.contains(&mine.tokens[0].digest.to_string()),
        "{text}"
    );
    for request in [one.get("/api/v1/user/sign-ins/"), one.delete("/api/v1/user/sign-ins/")] {
        let request = request.build().unwrap();
        let path = format!("{}{}", request.url().path(), other.id);
        assert_eq!(status(one.request(request.method().clone(), &path)).await, 404);
    }
}

#[tokio::test]
async fn p39_t11_managers_see_and_end_those_of_their_department() {
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    let sales = json!({"department": "sales"});
    let manager = admin
        .create_person("m@example.com", json!({"department": "sales", "role": "manager"}))
        .await;
    let own = admin.create_person("a@example.com", sales).await;
    let stranger = admin.create_person("b@example.com", json!({"department": "law"})).await;
    let (seen, program) = sign_in(&gateway, &own).await;
    let (hidden, _) = sign_in(&gateway, &stranger).await;
    let all = "/api/v1/admin/sign-ins";
    assert_eq!(ids(admin, all).await, [seen.id.as_str(), hidden.id.as_str()]);
    assert_eq!(ids(&manager, all).await, [seen.id.as_str()]);
    let of_stranger = format!("{all}?user={}", hidden.owner);
    assert_eq!(status(manager.get(&of_stranger)).await, 404);
    assert_eq!(ids(admin, &of_stranger).await, [hidden.id.as_str()]);
    assert_eq!(status(manager.delete(&format!("{all}/{}", hidden.id))).await, 404);
    assert_eq!(status(manager.delete(&format!("{all}/{}", seen.id))).await, 200);
    assert_eq!(status(program.get("/v1/models")).await, 401);
}

#[tokio::test]
async fn p57_sign_ins_come_in_pages() {
    let gateway = Gateway::start().await;
    let person = gateway.admin().create_person("a@example.com", json!({})).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(sign_in(&gateway, &person).await.0.id.to_string());
    }
    for path in ["/api/v1/user/sign-ins?limit=2", "/api/v1/admin/sign-ins?limit=2"] {
        let reader = if path.contains("admin") {
            gateway.admin()
        } else {
            &person
        };
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let page: Value = reader
                .get(&format!("{path}{cursor}"))
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            let each = page["data"].as_array().unwrap().iter();
            found.extend(each.map(|sign_in| sign_in["id"].as_str().unwrap().to_owned()));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(found, made, "{path}");
    }
}

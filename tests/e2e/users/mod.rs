//! Administration of users.

mod changes;
mod hands;
mod import;
mod keys;
mod limits;
mod pages;
mod roles;

use harness::client::{Client, data};
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

//! The own account: registration, sign-in, sessions and the profile.

mod registration;
mod sessions;
mod sign_in;

use harness::Gateway;
use harness::client::data;
use reqwest::Response;
use serde_json::{Value, json};

fn login(email: &str, password: &str) -> Value {
    json!({"email": email, "password": password})
}

fn registration(email: &str) -> Value {
    json!({"email": email, "password": "password123", "name": "张三"})
}

async fn register(gateway: &Gateway, email: &str) -> Response {
    gateway
        .post("/api/v1/auth/register")
        .json(&registration(email))
        .send()
        .await
        .unwrap()
}

/// The id of the account with this address.
async fn id_of(gateway: &Gateway, email: &str) -> String {
    let found = gateway.admin().get(&format!("/api/v1/admin/users?q={email}"));
    data(found, 200).await[0]["id"].as_str().unwrap().to_owned()
}

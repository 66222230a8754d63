//! Policies: their administration, their users, and the models and hours that they allow.

mod editing;
mod hours;
mod models;
mod users;

use harness::client::{Client, data};
use harness::provider::{Provider, Reply, openai};
use serde_json::Value;

const POLICIES: &str = "/api/v1/admin/policies";
const USERS: &str = "/api/v1/admin/users";

async fn list(admin: &Client) -> Vec<Value> {
    data(admin.get(POLICIES), 200).await.as_array().unwrap().clone()
}

fn path(policy: &str) -> String {
    format!("{POLICIES}/{policy}")
}

fn provider() -> Provider {
    Provider::always(Reply::json(&openai::completion("Hello")))
}

async fn models(program: &Client) -> Vec<String> {
    let list: Value = program.get("/v1/models").send().await.unwrap().json().await.unwrap();
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap().to_owned())
        .collect()
}

//! Which backend serves a request, and how many requests it gets at once.

mod affinity;
mod choice;
mod concurrency;
mod ejection;

use harness::client::{Client, data};
use harness::provider::{Reply, openai};
use serde_json::Value;

fn hello() -> Reply {
    Reply::json(&openai::completion("Hello"))
}

async fn create_model(admin: &Client, model: &Value) {
    data(admin.post("/api/v1/admin/models").json(model), 201).await;
}

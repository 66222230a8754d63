//! Health checks of backends (promises 37 and 53).

mod blame;
mod effects;
mod requests;
mod results;

use harness::Gateway;
use harness::client::{Client, data};
use harness::provider::Reply;
use serde_json::{Value, json};

fn well() -> Reply {
    Reply::json(&json!({"data": []}))
}

/// A gateway whose model `m` has one backend `b` with these members.
async fn gateway(members: Value) -> Gateway {
    let gateway = Gateway::start().await;
    let model = gateway
        .admin()
        .post("/api/v1/admin/models")
        .json(&json!({"id": "m", "name": "m"}));
    data(model, 201).await;
    let mut backend = json!({"id": "b", "name": "b", "model_name": "x"});
    for (name, value) in members.as_object().unwrap() {
        backend[name] = value.clone();
    }
    let created = gateway.admin().post("/api/v1/admin/models/m/backends").json(&backend);
    data(created, 201).await;
    gateway
}

async fn check(admin: &Client) -> Value {
    data(admin.post("/api/v1/admin/backends/b/health"), 200).await
}

async fn backend(admin: &Client) -> Value {
    data(admin.get("/api/v1/admin/backends"), 200).await[0].take()
}

//! The endpoints that are never translated: completions of a prompt, embeddings, rankings.

mod completions;
mod embeddings;
mod kinds;
mod rerank;

use harness::Gateway;
use serde_json::Value;

/// The newest entry of the log.
async fn newest(gateway: &Gateway) -> Value {
    gateway.local().write_usage().await;
    let logs = gateway.admin().get("/api/v1/admin/logs").send().await.unwrap();
    logs.json::<Value>().await.unwrap()["data"][0].take()
}

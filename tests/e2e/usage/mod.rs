//! Usage: what is entered in the books, and who reads what of it.

mod calls;
mod logs;
mod names;
mod overview;
mod refused;
mod reports;
mod retention;
mod segments;
mod tables;
mod zones;

use domain::clock::Clock;
use domain::models::UsageId;
use domain::models::usage::UsageRecord;
use harness::Gateway;
use harness::client::Client;
use jiff::Timestamp;
use serde_json::{Value, json};

/// A gateway whose clock stands in March 2026.
async fn books() -> Gateway {
    Gateway::start_at(&Clock::fixed("2026-03-10T12:00:00Z".parse().unwrap())).await
}

/// A record of these members over the usual ones, and a new id.
fn record(members: Value) -> UsageRecord {
    let at: Timestamp = serde_json::from_value(members["at"].clone()).unwrap();
    let mut record = json!({
        "id": UsageId::generate(at), "request_id": "r", "user": "u", "key": "k", "model": "glm", "backend": "b",
        "endpoint": "chat_completions", "client": "curl", "streamed": false, "status": 200, "outcome": "complete",
        "input_tokens": 10, "cached_input_tokens": 4, "cache_write_tokens": 3, "cache_write_1h_tokens": 1, "output_tokens": 5, "reasoning_tokens": 2, "estimated": false, "cost": 7,
        "duration_ms": 30
    });
    for (name, value) in members.as_object().unwrap() {
        record[name] = value.clone();
    }
    serde_json::from_value(record).unwrap()
}

/// Enters records in the gateway's books.
async fn enter(gateway: &Gateway, records: impl IntoIterator<Item = Value>) {
    let store = gateway.local().store().await.unwrap();
    for members in records {
        store.record_usage(&record(members)).await.unwrap();
    }
}

/// A management answer, whole, which must have this status.
async fn answer(client: &Client, path: &str, status: u16) -> Value {
    let response = client.get(path).send().await.unwrap();
    let found = response.status();
    let body: Value = response.json().await.unwrap();
    assert_eq!(found, status, "{path}: {body}");
    body
}

/// One member of all entries of a list, page by page; each page has at most three.
async fn all(client: &Client, path: &str, member: &str) -> Vec<Value> {
    let (mut values, mut cursor) = (Vec::new(), String::new());
    loop {
        let mut page = answer(client, &format!("{path}limit=3{cursor}"), 200).await;
        let entries = page["data"].as_array_mut().unwrap();
        assert!(entries.len() <= 3);
        values.extend(entries.iter_mut().map(|entry| entry[member].take()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return values,
        }
    }
}

//! Pages of the items of a stored response's input (ST7). Pure.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use service::http::ApiError;

use super::record::{Record, input_id};

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

/// The query of a client for the list; other members are ignored.
#[derive(Debug, Deserialize)]
pub(crate) struct Listing {
    limit: Option<usize>,
    #[serde(default)]
    order: Order,
    after: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Order {
    Asc,
    #[default]
    Desc,
}

impl Record {
    /// The response as its client got it.
    pub(crate) fn response(&self) -> &RawValue {
        &self.response
    }
}

impl Listing {
    /// The page of the input of the response `id`. Each item has an id, by which it can be referred to.
    pub(crate) fn page(&self, id: &str, record: &Record) -> Result<Value, ApiError> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(ApiError::invalid("limit", format!("must be 1 to {MAX_LIMIT}")));
        }
        let numbered = record.input.iter().enumerate();
        let mut items: Vec<Value> = numbered.map(|(number, item)| identified(item, id, number)).collect();
        if self.order == Order::Desc {
            items.reverse();
        }
        let start = match &self.after {
            None => 0,
            Some(after) => {
                let place = items.iter().position(|item| item["id"] == after.as_str());
                place.ok_or_else(|| ApiError::invalid("after", "there is no such item"))? + 1
            }
        };
        let page = &items[start..items.len().min(start + limit)];
        Ok(json!({
            "object": "list",
            "data": page,
            "first_id": page.first().map(|item| &item["id"]),
            "last_id": page.last().map(|item| &item["id"]),
            "has_more": start + page.len() < items.len(),
        }))
    }
}

fn identified(item: &RawValue, response: &str, number: usize) -> Value {
    let mut members: Map<String, Value> = serde_json::from_str(item.get()).unwrap_or_default();
    members.entry("id").or_insert_with(|| input_id(response, number).into());
    members.entry("type").or_insert_with(|| "message".into());
    Value::Object(members)
}

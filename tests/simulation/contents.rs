//! What lies in the database, past everything that could go wrong on the way.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::access::quota::Meter;
use domain::models::UserId;
use dynoxide::Database;
use serde::de::DeserializeOwned;
use serde_dynamo::AttributeValue;
use serde_json::{Map, Value, json};

use crate::PREFIX;

/// All items of a partition, without `DynamoDB`'s types.
pub(crate) fn items(database: &Database, table: &str, pk: &str) -> Vec<Value> {
    raw_items(database, table, pk).iter().map(plain_item).collect()
}

/// A user's meter as it lies there.
pub(crate) fn meter(database: &Database, user: &UserId) -> Option<Meter> {
    entity(database, "quota", &format!("user#{user}"))
}

/// The one item of a partition, if it is there.
pub(crate) fn entity<T: DeserializeOwned>(database: &Database, table: &str, pk: &str) -> Option<T> {
    raw_items(database, table, pk).pop().map(|item| read_item(&item))
}

fn raw_items(database: &Database, table: &str, pk: &str) -> Vec<Value> {
    let ask = json!({
        "ConsistentRead": true,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": pk}}
    });
    perform(database, "Query", table, ask)["Items"]
        .as_array()
        .unwrap()
        .clone()
}

/// Puts a number there by the name `count`.
pub(crate) fn put_count(database: &Database, table: &str, (pk, sk): (&str, &str), count: u64) {
    let item = json!({"pk": {"S": pk}, "sk": {"S": sk}, "count": {"N": count.to_string()}});
    perform(database, "PutItem", table, json!({"Item": item}));
}

/// Takes all items of a partition away.
pub(crate) fn clear(database: &Database, table: &str, pk: &str) {
    for item in items(database, table, pk) {
        let key = json!({"pk": {"S": pk}, "sk": {"S": item["sk"]}});
        perform(database, "DeleteItem", table, json!({"Key": key}));
    }
}

fn perform(database: &Database, operation: &str, table: &str, mut ask: Value) -> Value {
    ask["TableName"] = format!("{PREFIX}{table}").into();
    let answer = local::embedded::respond(database, operation, ask.to_string().as_bytes());
    assert!(answer.status().is_success(), "{operation}: {answer:?}");
    serde_json::from_slice(answer.body().bytes().unwrap()).unwrap()
}

pub(crate) fn plain_item(item: &Value) -> Value {
    let attributes = item.as_object().into_iter().flatten();
    Value::Object(
        attributes
            .map(|(name, value)| (name.clone(), plain(value)))
            .collect::<Map<_, _>>(),
    )
}

/// A value without `DynamoDB`'s types.
pub(crate) fn plain(value: &Value) -> Value {
    let Some((kind, value)) = value.as_object().and_then(|typed| typed.iter().next()) else {
        return Value::Null;
    };
    match kind.as_str() {
        "N" => serde_json::from_str(value.as_str().unwrap()).unwrap(),
        "M" => plain_item(value),
        "L" => value.as_array().unwrap().iter().map(plain).collect(),
        "NULL" => Value::Null,
        _ => value.clone(),
    }
}

/// A value with `DynamoDB`'s types, as the store reads it.
pub(crate) fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_dynamo::from_attribute_value(attribute(value)).unwrap()
}

/// An item, likewise.
pub(crate) fn read_item<T: DeserializeOwned>(item: &Value) -> T {
    serde_dynamo::from_attribute_value(AttributeValue::M(attributes(item))).unwrap()
}

fn attributes(item: &Value) -> HashMap<String, AttributeValue> {
    item.as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect()
}

fn attribute(value: &Value) -> AttributeValue {
    let (kind, value) = value.as_object().and_then(|typed| typed.iter().next()).unwrap();
    let text = || value.as_str().unwrap().to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(text()),
        "N" => AttributeValue::N(text()),
        "B" => AttributeValue::B(STANDARD.decode(text()).unwrap()),
        "M" => AttributeValue::M(attributes(value)),
        "NULL" => AttributeValue::Null(true),
        other => panic!("a meter has no {other}"),
    }
}

//! The `moderation` that a chat request asks for.

use serde_json::Value;
use serde_json::value::RawValue;

/// True for a moderation that is to block answers: one that is only told could be missed.
pub fn blocks(moderation: &RawValue) -> bool {
    fn any(value: &Value) -> bool {
        match value {
            Value::String(text) => text == "block",
            Value::Array(items) => items.iter().any(any),
            Value::Object(members) => members.values().any(any),
            _ => false,
        }
    }
    serde_json::from_str(moderation.get()).is_ok_and(|value| any(&value))
}

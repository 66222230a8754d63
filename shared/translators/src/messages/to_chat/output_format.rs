//! Structured output (§3.9).

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::chat::request::{JsonSchema, ResponseFormat};
use crate::messages::wire::request::{MessagesBody, OutputConfig, OutputFormat};

use crate::error::{FieldPath, RequestError};

/// `output_config.format`, or the older `output_format`. The schema goes unchanged.
pub(super) fn write<'a>(
    request: &MessagesBody<'a>,
    output: &OutputConfig<'a>,
) -> Result<Option<ResponseFormat<'a>>, RequestError> {
    let root = FieldPath::root("output_config");
    let (field, path) = if output.format.is_present() {
        (output.format, root.field("format"))
    } else {
        (request.output_format, FieldPath::root("output_format"))
    };
    let Some(format) = field.object::<OutputFormat<'a>>(path)? else {
        return Ok(None);
    };
    let kind = format.kind.required_word(path.field("type"))?;
    if kind != "json_schema" {
        return Err(path.field("type").error(format!("unknown format `{kind}`")));
    }
    let path = path.field("schema");
    let parsed: Value = format.schema.required_object(path)?;
    let schema = format.schema.raw().ok_or_else(|| path.missing())?;
    let json_schema = JsonSchema {
        name: Cow::Borrowed("output"),
        description: None,
        schema,
        strict: Some(is_strict(&parsed)),
    };
    Ok(Some(ResponseFormat::JsonSchema { json_schema }))
}

/// True if every object in the schema names all its members and requires them: only then do backends accept
/// `strict`, and only then does it mean what the client has written.
fn is_strict(schema: &Value) -> bool {
    let Value::Object(schema) = schema else {
        return true;
    };
    (!describes_object(schema) || is_closed(schema)) && subschemas(schema).all(is_strict)
}

fn describes_object(schema: &Map<String, Value>) -> bool {
    let object = match schema.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => false,
    };
    object || schema.contains_key("properties")
}

fn is_closed(schema: &Map<String, Value>) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &String| required.is_some_and(|names| names.iter().any(|other| other == name));
    let properties = schema.get("properties").and_then(Value::as_object);
    schema.get("additionalProperties") == Some(&Value::Bool(false))
        && properties.is_none_or(|properties| properties.keys().all(is_required))
}

fn subschemas(schema: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let one = [
        "items",
        "not",
        "if",
        "then",
        "else",
        "additionalProperties",
        "contains",
        "propertyNames",
    ];
    let lists = ["prefixItems", "anyOf", "allOf", "oneOf"];
    let maps = [
        "properties",
        "patternProperties",
        "$defs",
        "definitions",
        "dependentSchemas",
    ];
    let one = one.into_iter().filter_map(|key| schema.get(key));
    let lists = lists
        .into_iter()
        .filter_map(|key| schema.get(key)?.as_array())
        .flatten();
    let maps = maps
        .into_iter()
        .filter_map(|key| schema.get(key)?.as_object())
        .flat_map(Map::values);
    one.chain(lists).chain(maps)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strict_needs_every_object_closed_and_all_properties_required_3_9() {
        let inner = |closed: bool| {
            json!({"type": "object", "properties": {"b": {"type": "string"}}, "required": ["b"],
                "additionalProperties": !closed})
        };
        let outer = |required: Value, inner: Value| {
            json!({"type": "object", "properties": {"a": {"type": "array", "items": inner}}, "required": required,
                "additionalProperties": false})
        };
        assert!(is_strict(&outer(json!(["a"]), inner(true))));
        assert!(!is_strict(&outer(json!([]), inner(true))));
        assert!(!is_strict(&outer(json!(["a"]), inner(false))));
        assert!(!is_strict(
            &json!({"$defs": {"x": {"type": ["object", "null"]}}, "type": "string"})
        ));
    }
}

//! The notation of `docs/openapi/*.yaml`, as JSON Schema.

use serde_json::{Map, Value, json};

/// All types of `types.yaml` by name.
pub(super) fn schemas(types: &Value) -> Map<String, Value> {
    let mut schemas = types["scalars"].as_object().unwrap().clone();
    for (name, fields) in types["objects"].as_object().unwrap() {
        schemas.insert(name.clone(), object(fields.as_object().unwrap()));
    }
    for (name, fields) in types["managed"].as_object().unwrap() {
        let fields = fields.as_object().unwrap();
        schemas.insert(format!("New{name}"), creation_form(fields));
        schemas.insert(format!("{name}Patch"), patch(fields));
    }
    for (name, fields) in types["extended"].as_object().unwrap() {
        let mut fields = fields.as_object().unwrap().clone();
        let base = fields.remove("of").unwrap();
        let mut form = schemas[base.as_str().unwrap()].clone();
        let further = object(&fields)["properties"].take();
        let members = form["properties"].as_object_mut().unwrap();
        members.extend(further.as_object().unwrap().clone());
        schemas.insert(name.clone(), form);
    }
    schemas
}

/// An object with these members and no others.
fn object(fields: &Map<String, Value>) -> Value {
    let required = fields.keys().filter(|name| !name.ends_with('?'));
    let required: Vec<&str> = required.map(String::as_str).collect();
    let properties = fields
        .iter()
        .map(|(name, text)| (name.trim_end_matches('?').to_owned(), schema_of(text)));
    closed(properties.collect(), &required)
}

fn closed(properties: Map<String, Value>, required: &[&str]) -> Value {
    let mut object = json!({"type": "object", "properties": properties, "additionalProperties": false});
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// The kind of a managed field and its name, as in `nullable name`, and its type.
fn managed(fields: &Map<String, Value>) -> impl Iterator<Item = (&str, &str, &Value)> {
    fields.iter().map(|(declared, written)| {
        let (kind, name) = declared.rsplit_once(' ').unwrap();
        (kind, name, written)
    })
}

/// The body of a `POST`: what `managed_object!` makes of these fields.
fn creation_form(fields: &Map<String, Value>) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (kind, name, text) in managed(fields) {
        match kind {
            "fixed" | "required" | "named" => {
                required.push(name);
                properties.insert(name.to_owned(), schema_of(text));
            }
            "default" | "nullable" | "chosen" => {
                properties.insert(name.to_owned(), nullable(schema_of(text)));
            }
            later => assert!(later.starts_with("later "), "{later} is no kind of field"),
        }
        if kind == "named" {
            // A form that is also the patch has its version.
            properties.insert("version".to_owned(), schema("Count?"));
        }
    }
    closed(properties, &required)
}

/// The body of a `PUT`.
fn patch(fields: &Map<String, Value>) -> Value {
    let changeable = managed(fields).filter(|(kind, _, _)| !["fixed", "chosen"].contains(kind));
    let mut properties: Map<_, _> = changeable
        .map(|(_, name, text)| (name.to_owned(), nullable(schema_of(text))))
        .collect();
    properties.insert("version".to_owned(), schema("Count?"));
    closed(properties, &[])
}

/// The schema of a type, of a list of one, `[Type]`, or of a list or `null`, `[Type, null]`.
fn schema_of(written: &Value) -> Value {
    let list = |items: &Value| json!({"type": "array", "items": schema_of(items)});
    match written.as_array().map(Vec::as_slice) {
        Some([items]) => list(items),
        Some([items, _]) => nullable(list(items)),
        _ => schema(written.as_str().unwrap()),
    }
}

/// The schema of a type as it is written: `Id`, `Name?`, `{any}`, `a|b?`.
pub(super) fn schema(text: &str) -> Value {
    if let Some(inner) = text.strip_suffix('?') {
        return nullable(schema(inner));
    }
    if let Some(inner) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        return json!({"type": "object", "additionalProperties": schema(inner)});
    }
    match text {
        "any" => json!({}),
        "string" | "integer" | "number" | "boolean" | "object" => json!({"type": text}),
        _ if text.contains('|') => json!({"type": "string", "enum": text.split('|').collect::<Vec<_>>()}),
        _ => json!({"$ref": format!("#/components/schemas/{text}")}),
    }
}

fn nullable(schema: Value) -> Value {
    if schema.get("anyOf").is_some() {
        return schema;
    }
    json!({"anyOf": [schema, {"type": "null"}]})
}

//! The description of the API: the tables of routes together with `docs/openapi/*.yaml`.

use std::collections::BTreeMap;
use std::fs;

use domain::models::user::Role;
use harness::routes::tables;
use harness::workspace;
use serde_json::{Map, Value, json};
use service::http::Dialect;
use service::http::routes::{Access, Row};

use super::notation::{schema, schemas};

fn yaml(name: &str) -> Value {
    let text = fs::read_to_string(workspace().join("docs/openapi").join(name)).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The route as `OpenAPI` writes its path.
fn path(row: &Row) -> String {
    row.path.replace("{*", "{")
}

/// The rows that are described: all but the console's files and the liveness of a process.
fn rows() -> Vec<Row> {
    let all = tables().into_iter().flat_map(|(_, rows)| rows);
    let is_api = |row: &Row| {
        ["/api/", "/v1/", "/v2/", "/rerank"]
            .iter()
            .any(|start| row.path.starts_with(start))
    };
    all.filter(is_api).collect()
}

/// The whole document.
pub(super) fn document() -> Value {
    let source = yaml("operations.yaml");
    let operations = source["operations"].as_object().unwrap();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for row in rows() {
        let name = format!("{} {}", row.method, path(&row));
        let told = operations.get(&name);
        let told = told.unwrap_or_else(|| panic!("docs/openapi/operations.yaml has no operation `{name}`"));
        let method = row.method.as_str().to_lowercase();
        let described = operation(&row, told, &source["queries"]);
        paths.entry(path(&row)).or_default().insert(method, described);
    }
    let count: usize = paths.values().map(Map::len).sum();
    assert_eq!(
        count,
        operations.len(),
        "docs/openapi/operations.yaml has operations without a route"
    );
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "tidegate",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "docs/api.md tells it in words.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas(&yaml("types.yaml")),
            "securitySchemes": {
                "session": {"type": "http", "scheme": "bearer", "description": "The token of a session."},
                "key": {"type": "http", "scheme": "bearer", "description": "An API key; also as x-api-key."},
            },
        },
    })
}

fn operation(row: &Row, told: &Value, queries: &Value) -> Value {
    let mut operation = json!({
        "summary": told["title"],
        "tags": [tag(row.path)],
        "security": security(row.access),
        "responses": successes(told).into_iter().chain(refusals(row, told)).collect::<Map<_, _>>(),
    });
    if let Access::Session(role) = row.access
        && role != Role::User
    {
        operation["description"] = json!(format!("Needs the role {role:?} or a higher one.").to_lowercase());
    }
    let parameters = parameters(row.path, told, queries);
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    if let Some(body) = body(told) {
        operation["requestBody"] = body;
    }
    operation
}

/// The word behind `/api/v1`, or the API of models.
fn tag(path: &str) -> &str {
    let rest = path.strip_prefix("/api/v1/");
    rest.and_then(|rest| rest.split('/').next()).unwrap_or("models")
}

fn security(access: Access) -> Value {
    match access {
        Access::Anyone => json!([]),
        Access::Session(_) => json!([{"session": []}]),
        Access::ApiKey => json!([{"key": []}]),
    }
}

fn parameters(path: &str, told: &Value, queries: &Value) -> Vec<Value> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = names.map(|name| {
        let name = name.trim_start_matches('*');
        json!({"name": name, "in": "path", "required": true, "schema": schema("Id")})
    });
    let query = told["query"].as_str().map_or(&told["query"], |name| &queries[name]);
    let in_query = query.as_object().into_iter().flatten();
    let in_query =
        in_query.map(|(name, text)| json!({"name": name, "in": "query", "schema": schema(text.as_str().unwrap())}));
    in_path.chain(in_query).collect()
}

fn body(told: &Value) -> Option<Value> {
    if let Some(name) = told["body"].as_str() {
        return Some(json!({"required": true, "content": {"application/json": {"schema": schema(name)}}}));
    }
    if told["csv_body"] == true {
        return Some(json!({"required": true, "content": {"text/csv": {"schema": {"type": "string"}}}}));
    }
    let foreign = json!({"required": true, "content": {"application/json": {"schema": {"type": "object"}}}});
    (told["foreign_body"] == true).then_some(foreign)
}

fn successes(told: &Value) -> Map<String, Value> {
    let mut responses = Map::new();
    let ok = |description: &str, content: Value| json!({"description": description, "content": content});
    let data = |inner: Value| {
        json!({"application/json": {"schema": {"type": "object", "properties": {"data": inner}, "required": ["data"],
            "additionalProperties": false}}})
    };
    for (member, status) in [("data", "200"), ("created", "201")] {
        match told[member].as_str() {
            Some("message") => responses.insert(status.into(), ok("What was done.", message())),
            Some(name) => responses.insert(status.into(), ok("The object.", data(schema(name)))),
            None => None,
        };
    }
    if let Some(name) = told["list"].as_str() {
        let mut content = list(name);
        if told["names"] == true {
            content["application/json"]["schema"]["properties"]["names"] = schema("{Named}");
        }
        if told["csv"] == true {
            content["text/csv"] = json!({"schema": {"type": "string"}});
        }
        responses.insert("200".into(), ok("A page of the list.", content));
    }
    if told["foreign"] == true {
        let mut content = json!({"application/json": {"schema": {"type": "object"}}});
        if told["stream"] == true {
            content["text/event-stream"] = json!({"schema": {"type": "string"}});
        }
        responses.insert("200".into(), ok("As in the API's own reference.", content));
    }
    if told["redirect"] == true {
        let location = json!({"Location": {"schema": {"type": "string"}}});
        for status in ["302", "303"] {
            responses.insert(
                status.into(),
                json!({"description": "To another page.", "headers": location}),
            );
        }
    }
    responses
}

/// The errors, in the dialect of the route.
fn refusals(row: &Row, told: &Value) -> Map<String, Value> {
    let schema = match row.dialect {
        Dialect::Management => schema("Error"),
        _ => json!({"type": "object", "required": ["error"]}),
    };
    let response = json!({
        "description": "An error: docs/api.md, §8.",
        "content": {"application/json": {"schema": schema}},
    });
    let statuses = errors(row, told).into_iter();
    statuses.map(|status| (status.to_string(), response.clone())).collect()
}

fn message() -> Value {
    json!({"application/json": {"schema": {"type": "object", "properties": {"message": {"type": "string"}},
        "required": ["message"], "additionalProperties": false}}})
}

fn list(name: &str) -> Value {
    json!({"application/json": {"schema": {
        "type": "object",
        "properties": {"data": {"type": "array", "items": schema(name)}, "next_cursor": schema("string?")},
        "required": ["data", "next_cursor"],
        "additionalProperties": false,
    }}})
}

/// The statuses of errors: those that every route of its kind has, and those that are told.
fn errors(row: &Row, told: &Value) -> Vec<u64> {
    let mut statuses = vec![400, 500, 503];
    match row.access {
        Access::Anyone => {}
        Access::Session(_) => statuses.extend([401, 403]),
        Access::ApiKey => statuses.extend([401, 403, 404, 413, 429, 502, 504]),
    }
    if row.path.contains('{') {
        statuses.push(404);
    }
    if ["POST", "PUT"].contains(&row.method.as_str()) {
        statuses.extend([413, 415]);
    }
    if row.dialect == Dialect::Anthropic {
        statuses.push(529);
    }
    statuses.extend(
        told["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_u64),
    );
    statuses.sort_unstable();
    statuses.dedup();
    statuses
}

//! Routes are written three times: in the functions' tables, in `events/`, and for `cargo lambda watch`. They agree.

use std::collections::BTreeSet;
use std::fs;

use harness::events::Event;
use harness::routes::{example, tables};
use harness::workspace;
use matchit::Router;
use serde_json::Value;
use service::http::routes::Row;

#[test]
fn every_route_has_an_event() {
    let events = Event::all();
    for (function, rows) in tables() {
        for row in rows {
            let has_event = events
                .iter()
                .any(|event| event.function == function && is_for(&event.unfilled(), &row));
            assert!(
                has_event,
                "no event in events/{function}/ is for {} {}",
                row.method, row.path
            );
        }
    }
}

#[test]
fn every_event_has_a_route() {
    let tables = tables();
    for event in Event::all() {
        // Schedules invoke without a route.
        let content = event.unfilled();
        if content["httpMethod"].is_null() {
            assert_eq!(content["source"], "aws.scheduler", "{}/{}", event.function, event.name);
            continue;
        }
        let (_, rows) = tables.iter().find(|(function, _)| *function == event.function).unwrap();
        let has_route = rows.iter().any(|row| is_for(&content, row));
        assert!(
            has_route,
            "events/{}/{}.json is for no route of its function",
            event.function, event.name
        );
    }
}

#[test]
fn the_page_of_the_api_tells_every_route_and_no_other() {
    let page = fs::read_to_string(workspace().join("docs/api.md")).unwrap();
    let told: BTreeSet<&str> = page.split('`').filter(|text| text.contains(" /")).collect();
    let rows = tables().into_iter().flat_map(|(_, rows)| rows);
    let built: BTreeSet<String> = rows
        .map(|row| format!("{} {}", row.method, row.path.replace("{*", "{")))
        .collect();
    assert_eq!(told, built.iter().map(String::as_str).collect());
}

#[test]
fn every_event_looks_as_api_gateway_sends_it() {
    for event in Event::all() {
        let content = event.unfilled();
        let place = format!("events/{}/{}.json", event.function, event.name);
        let Some(path) = content["path"].as_str() else { continue };
        assert_eq!(
            content["requestContext"]["path"],
            format!("/prod{path}"),
            "{place}: the stage stands before the path"
        );
        assert_eq!(
            content["requestContext"]["httpMethod"], content["httpMethod"],
            "{place}"
        );
        for (single, multiple) in [
            ("headers", "multiValueHeaders"),
            ("queryStringParameters", "multiValueQueryStringParameters"),
        ] {
            assert_eq!(
                as_lists(&content[single]),
                content[multiple],
                "{place}: {single} and {multiple} hold the same"
            );
        }
    }
}

#[test]
fn cargo_lambda_watch_sends_every_route_to_its_function() {
    let manifest: toml::Table = fs::read_to_string(workspace().join("Cargo.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let mut router = Router::new();
    for (path, function) in manifest["workspace"]["metadata"]["lambda"]["watch"]["router"]
        .as_table()
        .unwrap()
    {
        router.insert(path, function.as_str().unwrap()).unwrap();
    }
    for (function, rows) in tables() {
        for row in rows {
            let found = router.at(&example(row.path)).ok().map(|found| *found.value);
            assert_eq!(
                found,
                Some(function),
                "[workspace.metadata.lambda.watch.router] and {}",
                row.path
            );
        }
    }
}

fn is_for(event: &Value, row: &Row) -> bool {
    let mut router = Router::new();
    router.insert(row.path, ()).unwrap();
    event["httpMethod"] == row.method.as_str() && event["path"].as_str().is_some_and(|path| router.at(path).is_ok())
}

fn as_lists(map: &Value) -> Value {
    let Some(map) = map.as_object() else { return Value::Null };
    map.iter()
        .map(|(name, value)| (name.clone(), Value::from(vec![value.clone()])))
        .collect()
}

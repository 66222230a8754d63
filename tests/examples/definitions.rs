//! What the template has to agree with, as the code itself says it: tables, routes, variables, metrics and events, as
//! JSON.
//! `tests/infra` compares the template with it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use harness::events::{LEARNED, STORY};
use harness::routes::tables;
use serde_json::{Value, json};
use service::config::{Config, Environment};
use service::http::Code;
use service::http::routes::Access;
use service::metrics::METRICS;
use service::store::table::{ACCOUNT, HOLDER, PK, SK, TTL, Table};

/// An environment without any variable, which remembers what it was asked for.
#[derive(Default)]
struct Asked(RefCell<BTreeSet<String>>);

impl Environment for Asked {
    fn get(&self, name: &str) -> Option<String> {
        self.0.borrow_mut().insert(name.to_owned());
        None
    }
}

/// Errors that somebody must be told of.
const ALARMING: [Code; 4] = [
    Code::InternalError,
    Code::NoBackendAvailable,
    Code::DependencyUnavailable,
    Code::TooManyAttempts,
];

#[expect(clippy::print_stdout, reason = "its output is what it is for")]
fn main() {
    let definitions = json!({
        "tables": stored(),
        "account": account(),
        "routes": offered(),
        "environment": read(),
        "metrics": METRICS.map(|(name, _)| name),
        "codes": ALARMING.map(Code::name),
        "story": STORY,
        "learned": LEARNED,
    });
    println!("{definitions:#}");
}

fn stored() -> Vec<Value> {
    let table = |table: Table| {
        let index = |index: &service::store::table::Index| json!({"name": index.name, "partition": index.partition, "sort": index.sort, "keys_only": index.keys_only});
        let indexes: Vec<_> = table.indexes().iter().map(index).collect();
        json!({"name": table.name(), "partition": PK, "sort": SK, "ttl": TTL, "indexes": indexes})
    };
    Table::ALL.into_iter().map(table).collect()
}

/// The attributes that are read where password hashes are not.
fn account() -> Vec<&'static str> {
    [PK, SK].into_iter().chain(ACCOUNT).chain([HOLDER]).collect()
}

fn offered() -> Vec<Value> {
    let rows = tables()
        .into_iter()
        .flat_map(|(function, rows)| rows.into_iter().map(move |row| (function, row)));
    rows.map(|(function, row)| {
        let is_open = row.access == Access::Anyone;
        json!({"function": function, "method": row.method.as_str(), "path": row.path, "open": is_open})
    })
    .collect()
}

fn read() -> BTreeSet<String> {
    let asked = Asked::default();
    // Without variables there is no configuration; which ones it would have read is all that counts.
    let _ = Config::read(&asked);
    asked.0.into_inner()
}

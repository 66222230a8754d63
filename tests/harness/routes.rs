//! The routes of all functions, from the tables that their routers are built from.

use service::http::routes::Row;

/// Each function's routes.
pub fn tables() -> Vec<(&'static str, Vec<Row>)> {
    vec![
        ("admin", admin::routes().rows().cloned().collect()),
        ("auth", auth::routes().rows().cloned().collect()),
        ("console", console::routes().rows().cloned().collect()),
        ("keys", keys::routes().rows().cloned().collect()),
        ("proxy", proxy::routes().rows().cloned().collect()),
    ]
}

/// A path that the pattern `path` matches.
pub fn example(path: &str) -> String {
    path.split('/')
        .map(|segment| if segment.starts_with('{') { "x" } else { segment })
        .collect::<Vec<_>>()
        .join("/")
}

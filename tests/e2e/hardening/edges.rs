//! Every limit at its edge, in management's forms and in both dialects: one less than the least and one more than the
//! most are 400 and name the field, and what lies between is accepted.

use harness::provider::{Provider, Reply, openai};
use harness::{Gateway, client};
use serde_json::{Value, json};
use service::http::routes::Row;

use super::table::{Scene, at, forms, management, places, with};

/// Numbers of forms: method and path, member, the least and the most.
const NUMBERS: &[(&str, &str, i64, i64)] = &[
    ("PUT /api/v1/admin/settings", "log_retention_days", 1, 3650),
    ("PUT /api/v1/admin/settings", "responses_retention_days", 1, 3650),
    ("PUT /api/v1/admin/settings", "access_token_seconds", 60, 86_400),
    ("PUT /api/v1/admin/settings", "sign_in_minutes", 2, 43_200),
    ("PUT /api/v1/admin/policies/{name}", "rate_limit", 0, 1_000_000_000_000),
    ("PUT /api/v1/admin/policies/{name}", "rate_limit_window", 1, 86_400),
    (
        "PUT /api/v1/admin/policies/{name}",
        "request_quota_daily",
        0,
        1_000_000_000_000,
    ),
    (
        "PUT /api/v1/admin/policies/{name}",
        "token_rate_limit",
        0,
        1_000_000_000_000,
    ),
    (
        "PUT /api/v1/admin/policies/{name}",
        "token_quota_daily",
        0,
        1_000_000_000_000,
    ),
    (
        "PUT /api/v1/admin/policies/{name}",
        "token_quota_monthly",
        0,
        1_000_000_000_000,
    ),
    (
        "PUT /api/v1/admin/policies/{name}",
        "cost_quota_monthly",
        0,
        1_000_000_000,
    ),
    (
        "PUT /api/v1/admin/policies/{name}",
        "max_concurrency",
        0,
        1_000_000_000_000,
    ),
    ("PUT /api/v1/admin/models/{id}", "context_window", 1, 1_000_000_000),
    ("PUT /api/v1/admin/models/{id}", "max_output_tokens", 1, 1_000_000_000),
    (
        "PUT /api/v1/admin/models/{id}",
        "default_output_tokens",
        1,
        1_000_000_000,
    ),
    ("PUT /api/v1/admin/models/{id}", "input_price", 0, 1_000_000_000),
    ("PUT /api/v1/admin/models/{id}", "cached_input_price", 0, 1_000_000_000),
    ("PUT /api/v1/admin/models/{id}", "cache_write_price", 0, 1_000_000_000),
    (
        "PUT /api/v1/admin/models/{id}",
        "cache_write_1h_price",
        0,
        1_000_000_000,
    ),
    ("PUT /api/v1/admin/models/{id}", "output_price", 0, 1_000_000_000),
    ("PUT /api/v1/admin/backends/{id}", "weight", 0, 1000),
    ("PUT /api/v1/admin/backends/{id}", "timeout_ms", 1, 840_000),
    ("PUT /api/v1/admin/backends/{id}", "idle_timeout_ms", 1, 840_000),
    ("PUT /api/v1/admin/backends/{id}", "max_concurrency", 0, 4_294_967_295),
];

/// Texts of forms, by their characters.
const TEXTS: &[(&str, &str, usize, usize)] = &[
    ("PUT /api/v1/user/profile", "name", 1, 128),
    ("PUT /api/v1/admin/users/{id}", "name", 1, 128),
    ("PUT /api/v1/admin/users/{id}", "department", 1, 128),
    ("PUT /api/v1/admin/users/{id}", "password", 8, 128),
    ("POST /api/v1/admin/policies", "name", 1, 128),
    ("POST /api/v1/admin/models", "id", 1, 128),
    ("PUT /api/v1/admin/models/{id}", "name", 1, 128),
    ("PUT /api/v1/admin/models/{id}", "description", 0, 1000),
    ("PUT /api/v1/admin/models/{id}", "agent_instructions", 0, 20_000),
    ("PUT /api/v1/admin/backends/{id}", "name", 1, 128),
    ("PUT /api/v1/admin/backends/{id}", "region", 1, 128),
    ("PUT /api/v1/admin/backends/{id}", "model_name", 1, 512),
    ("PUT /api/v1/admin/backends/{id}", "api_key", 1, 8192),
    ("PUT /api/v1/user/keys/{id}", "name", 1, 128),
];

/// The row that is written as `method path`.
fn row(name: &str) -> Row {
    let written = |row: &Row| format!("{} {}", row.method, row.path) == name;
    management()
        .into_iter()
        .find(written)
        .unwrap_or_else(|| panic!("{name} is no route"))
}

/// Sends `value` as the only member of a change, or with what a creation needs besides it.
async fn send(scene: &Scene, name: &str, member: &str, value: &Value) -> (u16, Value) {
    let row = row(name);
    let mut body = match name {
        "POST /api/v1/admin/models" => json!({"name": "a model"}),
        _ => json!({}),
    };
    body[member] = value.clone();
    let response = scene.send(&row, body.to_string()).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// A password must not be the name.
fn filler(member: &str) -> &'static str {
    if member == "password" { "y" } else { "x" }
}

#[tokio::test]
async fn p28_each_number_is_taken_up_to_its_edges_and_no_further() {
    let scene = Scene::start().await;
    for (name, member, least, most) in NUMBERS.iter().copied() {
        for value in [least, most] {
            let (status, body) = send(&scene, name, member, &value.into()).await;
            assert_eq!(status, 200, "{name} {member} {value}: {body}");
        }
        for value in [
            json!(least - 1),
            json!(most + 1),
            json!(-1),
            json!("1"),
            json!(true),
            json!([1]),
            json!(1e300),
        ] {
            let (status, body) = send(&scene, name, member, &value).await;
            assert_eq!(status, 400, "{name} {member} {value}: {body}");
            assert_eq!(body["error"]["field"], member, "{name} {value}: {body}");
        }
    }
}

#[tokio::test]
async fn p28_each_text_is_taken_up_to_its_edges_and_no_further() {
    let scene = Scene::start().await;
    for (name, member, least, most) in TEXTS.iter().copied() {
        for length in [least, most] {
            let text = filler(member).repeat(length);
            let (status, body) = send(&scene, name, member, &text.into()).await;
            assert!([200, 201].contains(&status), "{name} {member} of {length}: {body}");
        }
        let too_short = least.checked_sub(1);
        for length in too_short.into_iter().chain([most + 1]) {
            let text = filler(member).repeat(length);
            let (status, body) = send(&scene, name, member, &text.into()).await;
            assert_eq!(status, 400, "{name} {member} of {length}: {body}");
            assert_eq!(body["error"]["field"], member, "{name} of {length}: {body}");
        }
    }
}

#[tokio::test]
async fn p28_every_list_has_1_to_200_entries_a_page() {
    let scene = Scene::start().await;
    for path in ["users", "audit", "logs"] {
        for (limit, expected) in [
            ("0", 400),
            ("1", 200),
            ("200", 200),
            ("201", 400),
            ("-1", 400),
            ("1.5", 400),
            ("", 400),
        ] {
            let path = format!("/api/v1/admin/{path}?limit={limit}");
            let response = scene.admin.get(&path).send().await.unwrap();
            assert_eq!(response.status(), expected, "{path}");
            if expected == 400 {
                let body: Value = response.json().await.unwrap();
                assert_eq!(body["error"]["field"], "limit", "{path}: {body}");
            }
        }
    }
}

#[tokio::test]
async fn no_number_of_a_form_is_a_failure_of_ours() {
    const NUMBERS: [&str; 10] = [
        "-1",
        "-0",
        "0.5",
        "1e308",
        "1e400",
        "-1e400",
        "18446744073709551616",
        "-9223372036854775809",
        "1e-400",
        "00",
    ];
    let scene = Scene::start().await;
    for (row, form) in forms() {
        for place in places(&form).iter().filter(|place| at(&form, place).is_number()) {
            for number in NUMBERS {
                let body = with(&form, place, number);
                let response = scene.send(&row, body.clone()).send().await.unwrap();
                assert!(response.status().as_u16() < 500, "{} {}: {body}", row.method, row.path);
            }
        }
    }
}

/// Members of requests to models: the path, the member, the least and the most, and what every request has.
const REQUESTS: &[(&str, &str, i64, i64)] = &[
    ("/v1/chat/completions", "n", 1, 8),
    ("/v1/messages", "max_tokens", 1, 1000),
];

#[tokio::test]
async fn p28_numbers_of_requests_have_edges_in_the_dialect() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    for (path, member, least, most) in REQUESTS.iter().copied() {
        let send = |value: Value| {
            let mut body = client::message("m");
            body[member] = value;
            program.post(path).json(&body).send()
        };
        for value in [least, most] {
            assert_eq!(
                send(value.into()).await.unwrap().status(),
                200,
                "{path} {member} {value}"
            );
        }
        for value in [json!(least - 1), json!(-1), json!("1"), json!(1.5), json!([1])] {
            let response = send(value.clone()).await.unwrap();
            assert_eq!(response.status(), 400, "{path} {member} {value}");
            let body: Value = response.json().await.unwrap();
            assert_eq!(body["error"]["type"], "invalid_request_error", "{path} {value}: {body}");
            let named = body["error"]["param"]
                .as_str()
                .or(body["error"]["message"].as_str())
                .unwrap();
            assert!(named.contains(member), "{path} {member} {value}: {body}");
        }
    }
}

//! Routes in a race: the kinds of objects that each changes, who calls it, and with which body.

use harness::client::PASSWORD;
use http::Method;
use serde_json::{Value, json};
use service::http::routes::Row;

use super::super::table::{NOBODY, form, name};

/// Objects that hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    User,
    Key,
    /// Models and their backends.
    Catalog,
    Policy,
    /// Of departments and of the organisation.
    Budget,
    Settings,
    SingleSignOn,
}

/// The objects that a route changes; none of those that only read. A new route has to be told here.
pub(super) fn kinds(row: &Row) -> Vec<Kind> {
    if row.method == Method::GET || row.method == Method::HEAD {
        return Vec::new();
    }
    let path = row.path.strip_prefix("/api/v1/").unwrap_or_default();
    match path {
        "admin/users" | "admin/users/import" | "admin/users/bulk" => vec![Kind::User, Kind::Policy],
        "admin/users/{id}" => vec![Kind::User, Kind::Key, Kind::Policy],
        "user/profile" | "user/password" | "auth/logout" | "auth/refresh" => vec![Kind::User],
        _ if path.starts_with("admin/users/{id}/keys") || path.starts_with("user/keys") => vec![Kind::Key],
        "admin/import" => vec![Kind::Catalog, Kind::Policy],
        // A trial changes nothing.
        "admin/backends/test" => Vec::new(),
        _ if path.starts_with("admin/models") || path.starts_with("admin/backends") => vec![Kind::Catalog],
        _ if path.starts_with("admin/policies") => vec![Kind::Policy],
        _ if path.starts_with("admin/departments") || path == "admin/organisation" => vec![Kind::Budget],
        _ if path.starts_with("admin/settings") => vec![Kind::Settings],
        _ if path.starts_with("admin/sso") => vec![Kind::SingleSignOn],
        // Limits, and sessions and accounts that are made of nothing that others change.
        "admin/users/{id}/quota/reset" | "admin/top-ups" | "admin/top-ups/{account}/{id}" => Vec::new(),
        // Sign-ins end once, whoever ends them.
        _ if path.contains("sign-ins") || row.path == "/device" || row.path.contains("/oauth/") => Vec::new(),
        // A rule is written as it was read, and names an account that stays one.
        _ if path.starts_with("admin/workloads") => Vec::new(),
        "auth/login" | "auth/register" | "auth/setup" | "auth/sso/token" => Vec::new(),
        _ => panic!("{} is not known to races", name(row)),
    }
}

/// True if the route changes many accounts, of which a race names one in the body.
pub(super) fn is_bulk(row: &Row) -> bool {
    row.path == "/api/v1/admin/users/bulk"
}

/// True if the person whose account it is calls the route, with the session that the race may end.
pub(super) fn is_persons(row: &Row) -> bool {
    row.path.starts_with("/api/v1/user/") || row.path.starts_with("/api/v1/auth/")
}

/// True if a success raises the version of the object that the path names, or the body.
pub(super) fn raises_version(row: &Row) -> bool {
    row.method == Method::PUT || row.path == "/api/v1/auth/logout" || is_bulk(row)
}

/// True if a success with this body ends the sessions of the account.
pub(super) fn ends_sessions(row: &Row, body: &Value) -> bool {
    match row.path {
        "/api/v1/auth/logout" | "/api/v1/user/password" => true,
        "/api/v1/admin/users/bulk" => body["change"]["status"] == "disabled",
        "/api/v1/admin/users/{id}" => {
            row.method == Method::DELETE || body["status"] == "disabled" || body.get("password").is_some()
        }
        _ => false,
    }
}

/// The body of one request of round `number`; the `turn`s of a round differ.
pub(super) fn body(row: &Row, number: usize, turn: usize) -> Value {
    let known = of_people(row, number, turn).or_else(|| of_catalog(row, number, turn));
    known.unwrap_or_else(|| unversioned(form(row).unwrap_or_default()))
}

fn of_people(row: &Row, number: usize, turn: usize) -> Option<Value> {
    let pick = |choices: &[Value]| choices[(number + turn) % choices.len()].clone();
    Some(match (row.method.as_str(), row.path) {
        ("PUT", "/api/v1/user/profile") => json!({"name": format!("Name {turn}")}),
        ("PUT", "/api/v1/user/password") => {
            json!({"old_password": PASSWORD, "new_password": format!("new password number {turn}")})
        }
        ("POST", "/api/v1/admin/users") => account(&format!("new{number}@example.com"), number),
        ("PUT", "/api/v1/admin/users/{id}") => pick(&[
            json!({"status": "disabled"}),
            json!({"role": "admin"}),
            json!({"quota_policy": policy(number)}),
            json!({"email": format!("moved{number}@example.com")}),
            json!({"password": "what the administrator has set", "revoke_keys": true}),
            json!({"role": "user", "quota_policy": "default"}),
            json!({"identity": {"issuer": "https://idp.example", "subject": format!("s{number}")}}),
        ]),
        ("POST", "/api/v1/admin/users/bulk") => pick(&[
            json!({"change": {"status": "disabled"}}),
            json!({"change": {"quota_policy": policy(number)}}),
            json!({"change": {"role": "admin", "department": "sales"}}),
        ]),
        ("POST", "/api/v1/user/keys") => json!({"name": format!("key {turn}")}),
        ("PUT", "/api/v1/user/keys/{id}") => {
            pick(&[json!({"enabled": turn.is_multiple_of(2)}), json!({"name": "another"})])
        }
        ("PUT", "/api/v1/admin/users/{id}/keys/{key}") => json!({"enabled": turn.is_multiple_of(2)}),
        ("POST", "/api/v1/admin/policies") => json!({"name": format!("fresh{number}")}),
        ("PUT", "/api/v1/admin/policies/{name}") => json!({"rate_limit": turn + 1}),
        ("POST", "/api/v1/admin/departments") => json!({"name": format!("fresh{number}")}),
        ("PUT", "/api/v1/admin/departments/{name}" | "/api/v1/admin/organisation") => {
            json!({"limits": [{"what": "cost", "per": "month", "amount": turn + 1}]})
        }
        ("PUT", "/api/v1/admin/settings") => json!({"log_retention_days": turn + 1}),
        _ => return None,
    })
}

fn of_catalog(row: &Row, number: usize, turn: usize) -> Option<Value> {
    let pick = |choices: &[Value]| choices[(number + turn) % choices.len()].clone();
    let alias = format!("alias{number}");
    Some(match (row.method.as_str(), row.path) {
        ("POST", "/api/v1/admin/models") => {
            json!({"id": format!("new{number}-{}", turn % 3), "name": "M", "aliases": [alias]})
        }
        ("POST", "/api/v1/admin/import") => json!({
            "models": [{"id": format!("new{number}-{}", turn % 3), "name": "M", "aliases": [alias]}],
            "policies": [{"name": format!("fresh{number}"), "rate_limit": turn + 1}],
        }),
        ("PUT", "/api/v1/admin/models/{id}") => pick(&[json!({"aliases": [alias]}), json!({"description": "d"})]),
        ("POST", "/api/v1/admin/models/{id}/backends") => {
            json!({"id": format!("nb{number}"), "name": "b", "base_url": NOBODY, "model_name": "n", "api_key": "sk-1"})
        }
        ("PUT", "/api/v1/admin/backends/{id}") => pick(&[
            json!({"weight": 3}),
            json!({"api_key": "sk-2"}),
            json!({"model_name": "o"}),
        ]),
        _ => return None,
    })
}

/// The import's file.
pub(super) fn csv(number: usize) -> String {
    format!(
        "email,name,quota_policy\nnew{number}@example.com,N,{}\n",
        policy(number)
    )
}

/// The policy of a round.
pub(super) fn policy(number: usize) -> String {
    format!("p{number}")
}

fn account(email: &str, number: usize) -> Value {
    json!({"email": email, "name": "N", "quota_policy": policy(number), "role": "admin"})
}

fn unversioned(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.remove("version");
    }
    body
}

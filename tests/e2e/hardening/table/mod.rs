//! The routes as the rules of hardening are tried on them: each row of the tables with a path to an object that is
//! there, and a body that has each member that it may have.
//!
//! A row that is new is tried with the body of its event in `events/`; [`form`] has more for most.

mod forms;

use std::time::Duration;

use domain::clock::Clock;
use harness::Gateway;
use harness::client::Client;
use harness::events::Event;
use harness::routes::{example, tables};
use matchit::Router;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use service::http::Dialect;
use service::http::routes::{Access, Row};

pub(super) use forms::form;

/// Where a provider would listen, if there were one: connections are refused at once.
pub(super) const NOBODY: &str = "http://127.0.0.1:9";

/// The row as `METHOD /path`.
pub(super) fn name(row: &Row) -> String {
    format!("{} {}", row.method, row.path)
}

/// All rows of all functions.
pub(super) fn rows() -> Vec<Row> {
    tables().into_iter().flat_map(|(_, rows)| rows).collect()
}

/// Those of `/api/v1`.
pub(super) fn management() -> Vec<Row> {
    rows()
        .into_iter()
        .filter(|row| row.dialect == Dialect::Management)
        .collect()
}

/// The rows of `/api/v1` with a JSON body, and one that has each of its members.
pub(super) fn forms() -> Vec<(Row, Value)> {
    let with_form = |row: Row| {
        let form = form(&row).or_else(|| of_event(&row))?;
        Some((row, form))
    };
    management().into_iter().filter_map(with_form).collect()
}

/// The JSON body of the row's event.
fn of_event(row: &Row) -> Option<Value> {
    let mut router = Router::new();
    router.insert(row.path, ()).unwrap();
    let tomorrow = (Clock::system().now() + Duration::from_hours(24)).to_string();
    let mut bodies = Event::all().into_iter().filter_map(|event| {
        let event = event.unfilled();
        let fits = event["httpMethod"] == row.method.as_str() && router.at(event["path"].as_str()?).is_ok();
        // What a story would fill in is a name like any other here.
        let body = event["body"]
            .as_str()
            .filter(|_| fits)?
            .replace("{{TOMORROW}}", &tomorrow)
            .replace("{{", "")
            .replace("}}", "");
        serde_json::from_str(&body).ok()
    });
    bodies.next()
}

/// An installation with one object of each kind, and those who call.
pub(super) struct Scene {
    pub(super) gateway: Gateway,
    pub(super) admin: Client,
    program: Client,
    user: String,
    user_key: String,
    own_key: String,
    backend: String,
}

impl Scene {
    pub(super) async fn start() -> Self {
        Self::of(Gateway::start().await).await
    }

    pub(super) async fn of(gateway: Gateway) -> Self {
        let admin = gateway.admin().clone();
        let id = |object: Value| object["id"].as_str().unwrap().to_owned();
        admin.create_policy("p", &json!({})).await;
        admin
            .create("/api/v1/admin/models", &json!({"id": "m", "name": "M"}))
            .await;
        let backend = json!({"name": "b", "base_url": NOBODY, "model_name": "n"});
        let backend = id(admin.create("/api/v1/admin/models/m/backends", &backend).await);
        let person = admin.create_person("user@example.com", json!({})).await;
        let key = json!({"name": "a key"});
        Self {
            user: id(person.profile().await),
            user_key: id(person.create("/api/v1/user/keys", &key).await),
            own_key: id(admin.create("/api/v1/user/keys", &key).await),
            program: admin.create_key().await,
            backend,
            admin,
            gateway,
        }
    }

    /// The row's path, to objects that are there.
    pub(super) fn path(&self, row: &Row) -> String {
        let id = match row.path {
            path if path.starts_with("/api/v1/admin/users/") => &self.user,
            path if path.starts_with("/api/v1/user/keys/") => &self.own_key,
            path if path.starts_with("/api/v1/admin/backends/") => &self.backend,
            _ => "m",
        };
        let path = row.path.replace("{id}", id).replace("{key}", &self.user_key);
        example(&path.replace("{name}", "p"))
    }

    /// A request by this row, of who may make it.
    pub(super) fn request(&self, row: &Row) -> RequestBuilder {
        let caller = match row.access {
            Access::Anyone => self.gateway.anybody(),
            Access::Session(_) => self.admin.clone(),
            Access::ApiKey => self.program.clone(),
        };
        caller.request(row.method.clone(), &self.path(row))
    }

    /// The same with this text as its JSON.
    pub(super) fn send(&self, row: &Row, body: String) -> RequestBuilder {
        self.request(row).header("content-type", "application/json").body(body)
    }
}

/// A part of a JSON value: the names and numbers that lead to it.
pub(super) type Place = Vec<Value>;

/// Every part of `value`, itself first.
pub(super) fn places(value: &Value) -> Vec<Place> {
    let below: Vec<(Value, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, part)| (json!(name), part)).collect(),
        Value::Array(parts) => (0..)
            .zip(parts)
            .map(|(number, part): (usize, _)| (json!(number), part))
            .collect(),
        _ => Vec::new(),
    };
    let mut found = vec![Vec::new()];
    for (step, part) in below {
        found.extend(places(part).into_iter().map(|rest| [vec![step.clone()], rest].concat()));
    }
    found
}

/// The part of `value` at `place`.
pub(super) fn at<'a>(value: &'a Value, place: &Place) -> &'a Value {
    place.iter().fold(value, |value, step| match step {
        Value::String(name) => &value[name],
        step => &value[usize::try_from(step.as_u64().unwrap()).unwrap()],
    })
}

/// The text of `value` with `text` at `place`, which need not be JSON.
pub(super) fn with(value: &Value, place: &Place, text: &str) -> String {
    const MARK: &str = "the place of the text";
    let mut changed = value.clone();
    let mut part = &mut changed;
    for step in place {
        part = match step {
            Value::String(name) => &mut part[name],
            step => &mut part[usize::try_from(step.as_u64().unwrap()).unwrap()],
        };
    }
    *part = MARK.into();
    changed.to_string().replace(&format!("\"{MARK}\""), text)
}

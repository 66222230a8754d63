//! One round of a race: objects of its own, four requests at once, and what must hold afterwards.

use futures_util::future::join_all;
use harness::Gateway;
use harness::client::{Client, PASSWORD, status};
use http::Method;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use service::http::routes::Row;

use super::super::table::{NOBODY, form, name};
use super::deeds::{Kind, body, csv, ends_sessions, is_bulk, is_persons, policy, raises_version};
use super::invariants::{Tables, Traces};

/// Requests of each route in a round.
const EACH: usize = 2;

/// A gateway whose tables can be looked into.
pub(super) struct World {
    gateway: Gateway,
    database: aws_sdk_dynamodb::Client,
}

/// The objects of one round, and the person whose they are.
struct Round {
    number: usize,
    /// The person, signed in where a route of the round is a person's.
    person: Client,
    user: String,
    key: String,
    backend: String,
}

/// A request of the race, and how it ended.
struct Done<'a> {
    row: &'a Row,
    body: Value,
    status: u16,
}

impl World {
    pub(super) async fn start() -> Self {
        let gateway = Gateway::start_with_database().await;
        let database = gateway.database();
        Self { gateway, database }
    }

    /// Sends the requests of both routes at once, and checks what they leave behind.
    pub(super) async fn round(&self, kind: Kind, rows: [&Row; 2], number: usize) {
        let round = self.prepare(kind, rows, number).await;
        let before = self.versions(&round, rows).await;
        let requests = (0..2 * EACH).map(|turn| self.send(&round, rows[turn % 2], turn));
        let done = join_all(requests).await;
        let told = told(&done);
        self.check_versions(&round, &before, &done, &told).await;
        self.check_session(&round, &done, &told).await;
        self.check_deletions(&round, &done, &told).await;
        let emails = ["u", "new", "moved"].map(|name| format!("{name}{number}@example.com"));
        let traces = Traces {
            user: &round.user,
            emails: emails.into(),
        };
        let broken = Tables::read(&self.database, traces).await.broken();
        assert!(broken.is_empty(), "{told}: {broken:#?}");
    }

    async fn send<'a>(&self, round: &Round, row: &'a Row, turn: usize) -> Done<'a> {
        let mut body = body(row, round.number, turn);
        if is_bulk(row) {
            body["ids"] = json!([round.user]);
        }
        let response = self.request(round, row, &body).send().await.unwrap();
        let mut status = response.status().as_u16();
        let text = response.text().await.unwrap();
        assert!(status < 500, "{}: {body}: {status} {text}", name(row));
        // Of many accounts each has its own result.
        if is_bulk(row) && text.contains("\"refused\":1") {
            status = 409;
        }
        Done { row, body, status }
    }

    /// Makes what the routes of a kind need.
    async fn prepare(&self, kind: Kind, rows: [&Row; 2], number: usize) -> Round {
        let mut round = Round {
            number,
            person: self.gateway.anybody(),
            user: String::new(),
            key: String::new(),
            backend: format!("b{number}"),
        };
        match kind {
            Kind::User | Kind::Policy => {
                let acts = rows.iter().any(|row| is_persons(row));
                self.make_account(&mut round, acts).await;
            }
            Kind::Key => self.make_account(&mut round, true).await,
            Kind::Catalog => self.make_model(&round).await,
            Kind::Settings => {}
            Kind::Budget => {
                let department = json!({"name": policy(number)});
                let admin = self.gateway.admin();
                admin.create("/api/v1/admin/departments", &department).await;
            }
            Kind::SingleSignOn => {
                let config = rows.iter().find_map(|row| form(row)).unwrap();
                let mut config = config.as_object().unwrap().clone();
                config.retain(|name, _| !["claims", "version"].contains(&name.as_str()));
                self.gateway
                    .admin()
                    .change("/api/v1/admin/sso/config", &config.into())
                    .await;
            }
        }
        round
    }

    /// An account, and a policy that it may get; with a session and a key if the person `acts`.
    async fn make_account(&self, round: &mut Round, acts: bool) {
        let (admin, number) = (self.gateway.admin(), round.number);
        let id = |object: Value| object["id"].as_str().unwrap().to_owned();
        admin.create_policy(&policy(number), &json!({})).await;
        let email = format!("u{number}@example.com");
        let role = if number.is_multiple_of(2) { "user" } else { "admin" };
        let mut account = json!({"email": email, "name": "U", "role": role});
        if acts {
            account["password"] = PASSWORD.into();
        }
        round.user = id(admin.create("/api/v1/admin/users", &account).await);
        if acts {
            round.person = self.gateway.anybody().signed_in(&email, PASSWORD).await;
            round.key = id(round.person.create("/api/v1/user/keys", &json!({"name": "k"})).await);
        }
    }

    async fn make_model(&self, round: &Round) {
        let (admin, model) = (self.gateway.admin(), format!("m{}", round.number));
        admin
            .create("/api/v1/admin/models", &json!({"id": model, "name": "M"}))
            .await;
        let backend = json!({"id": round.backend, "name": "b", "base_url": NOBODY, "model_name": "n"});
        admin
            .create(&format!("/api/v1/admin/models/{model}/backends"), &backend)
            .await;
    }

    fn request(&self, round: &Round, row: &Row, body: &Value) -> RequestBuilder {
        let caller = if is_persons(row) {
            &round.person
        } else {
            self.gateway.admin()
        };
        let mut path = round.path(row);
        if row.method == Method::DELETE && row.path == "/api/v1/admin/models/{id}" {
            path.push_str("?cascade=true");
        }
        let request = caller.request(row.method.clone(), &path);
        if row.path.ends_with("/users/import") {
            return request.header("content-type", "text/csv").body(csv(round.number));
        }
        if body.is_null() || row.method == Method::DELETE {
            request
        } else {
            request.json(body)
        }
    }

    /// The version of the object at the path of each route, where it has one.
    async fn versions(&self, round: &Round, rows: [&Row; 2]) -> Vec<(String, u64)> {
        let mut versions = Vec::new();
        for row in rows {
            let path = round.object(row);
            if raises_version(row) && !versions.iter().any(|(known, _)| *known == path) {
                versions.push((path.clone(), self.version(&path).await.unwrap()));
            }
        }
        versions
    }

    async fn version(&self, path: &str) -> Option<u64> {
        let response = self.gateway.admin().get(path).send().await.unwrap();
        let body: Value = response.json().await.unwrap();
        let object = match &body["data"] {
            // Of keys there is only the list.
            Value::Array(keys) => keys.first()?.clone(),
            object => object.clone(),
        };
        object["version"].as_u64()
    }

    /// Each success is one version: no change was lost, and none counted twice.
    async fn check_versions(&self, round: &Round, before: &[(String, u64)], done: &[Done<'_>], told: &str) {
        for (path, version) in before {
            let made = done
                .iter()
                .filter(|done| done.status == 200 && raises_version(done.row) && round.object(done.row) == *path);
            if let Some(after) = self.version(path).await {
                assert_eq!(after, version + made.count() as u64, "{told}: versions of {path}");
            }
        }
    }

    /// A session that has ended stays so.
    async fn check_session(&self, round: &Round, done: &[Done<'_>], told: &str) {
        let is_ended = done
            .iter()
            .any(|done| done.status == 200 && ends_sessions(done.row, &done.body));
        if is_ended && !round.person.credential().is_empty() {
            assert_eq!(
                status(round.person.get("/api/v1/user/profile")).await,
                401,
                "{told}: the session goes on"
            );
        }
    }

    /// What was deleted stays so.
    async fn check_deletions(&self, round: &Round, done: &[Done<'_>], told: &str) {
        let admin = self.gateway.admin();
        for done in done
            .iter()
            .filter(|done| done.status == 200 && done.row.method == Method::DELETE)
        {
            if !done.row.path.contains("/keys/") {
                assert_eq!(
                    status(admin.get(&round.path(done.row))).await,
                    404,
                    "{told}: it came back"
                );
            }
        }
    }
}

impl Round {
    /// The row's path, to the objects of this round.
    fn path(&self, row: &Row) -> String {
        let id = match row.path {
            path if path.starts_with("/api/v1/admin/users/") => self.user.clone(),
            path if path.starts_with("/api/v1/user/keys/") => self.key.clone(),
            path if path.starts_with("/api/v1/admin/backends/") => self.backend.clone(),
            _ => format!("m{}", self.number),
        };
        let path = row.path.replace("{id}", &id).replace("{key}", &self.key);
        path.replace("{name}", &policy(self.number))
    }

    /// Where administrators read the object that the row changes.
    fn object(&self, row: &Row) -> String {
        match row.path {
            path if path.contains("/keys") => format!("/api/v1/admin/users/{}/keys", self.user),
            path if path.starts_with("/api/v1/user/") || path.starts_with("/api/v1/auth/") => {
                format!("/api/v1/admin/users/{}", self.user)
            }
            "/api/v1/admin/users/bulk" => format!("/api/v1/admin/users/{}", self.user),
            "/api/v1/admin/sso/config" => "/api/v1/admin/sso/status".to_owned(),
            _ => self.path(row),
        }
    }
}

/// The requests and their statuses, for the message of a failure.
fn told(done: &[Done<'_>]) -> String {
    let each = done
        .iter()
        .map(|done| format!("{} {} → {}", name(done.row), done.body, done.status));
    each.collect::<Vec<_>>().join("; ")
}

//! Known secrets are sent everywhere; none comes back, and none is logged (promises 17, 22, 24 and 25).

use domain::access::api_key::KeyDigest;
use domain::models::UserId;
use harness::Gateway;
use harness::client::{BACKEND_KEY, Client, ask};
use harness::provider::{Provider, Reply};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use service::telemetry::JsonLines;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::log::Log;

const PASSWORDS: [&str; 4] = [
    "canary-password-one",
    "canary-password-two",
    "canary-password-new",
    "canary-password-csv",
];
const PROMPT: &str = "canary-prompt";

/// The answers so far, as text.
#[derive(Default)]
struct Answers(String);

impl Answers {
    async fn of(&mut self, request: RequestBuilder) -> Value {
        let response = request.send().await.unwrap();
        self.0
            .extend(response.headers().values().map(|value| value.to_str().unwrap()));
        let text = response.text().await.unwrap();
        self.0.push_str(&text);
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// The answer that shows a secret, and may.
    async fn showing(&mut self, request: RequestBuilder, field: &str) -> (Value, String) {
        let mut body: Value = request.send().await.unwrap().json().await.unwrap();
        let secret = body["data"][field].take().as_str().unwrap().to_owned();
        self.0.push_str(&body.to_string());
        (body["data"].take(), secret)
    }
}

#[tokio::test]
async fn p22_no_answer_and_no_log_line_holds_a_secret() {
    // Of this whole process, the other tests' gateways included.
    let log = Log::default();
    let filter: Targets = "info,shared=trace,auth=trace,keys=trace,admin=trace,proxy=trace,local=trace"
        .parse()
        .unwrap();
    let lines = fmt::layer().event_format(JsonLines::new(None)).with_writer(log.clone());
    tracing_subscriber::registry().with(filter).with(lines).init();
    // Answers with an error that holds the credential, as some do.
    let echo =
        json!({"error": {"message": format!("Incorrect API key provided: {BACKEND_KEY}"), "code": "invalid_api_key"}});
    let provider = Provider::always(Reply::error(401, &echo));
    let gateway = Gateway::start().await.with_model("glm", &provider).await;
    let mut answers = Answers::default();
    let secrets = live_through_a_day(&gateway, &mut answers).await;
    let logged = log.take();
    assert!(logged.contains("/api/v1/auth/login"), "requests are logged");
    for secret in &secrets {
        assert!(!answers.0.contains(secret), "an answer holds {secret}");
        assert!(!logged.contains(secret), "a log line holds {secret}");
    }
    assert!(!logged.contains(PROMPT) && !answers.0.contains(PROMPT));
}

/// Does everything that secrets take part in, rightly and wrongly, and returns all that nobody may see.
async fn live_through_a_day(gateway: &Gateway, answers: &mut Answers) -> Vec<String> {
    let (admin, anybody) = (gateway.admin(), gateway.anybody());
    let account = json!({"email": "a@example.com", "password": PASSWORDS[0], "name": "A", "role": "user"});
    let id = answers.of(admin.post("/api/v1/admin/users").json(&account)).await["data"]["id"].take();
    let user = UserId::parse(id.as_str().unwrap()).unwrap();
    let login = |password: &str| {
        let login = json!({"email": "a@example.com", "password": password});
        anybody.post("/api/v1/auth/login").json(&login)
    };
    let (_, first) = answers.showing(login(PASSWORDS[0]), "token").await;
    answers.of(login(PASSWORDS[1])).await;
    let person = anybody.with(&first);
    let (_, second) = answers.showing(person.post("/api/v1/auth/refresh"), "token").await;
    let key = person.post("/api/v1/user/keys").json(&json!({"name": "k"}));
    let (key, secret) = answers.showing(key, "key").await;
    use_wrongly(&person, &anybody, &secret, answers).await;
    complete(&anybody.with(&secret), answers).await;
    let old_hash = password_hash(gateway, &user).await;
    let change = json!({"old_password": PASSWORDS[0], "new_password": PASSWORDS[2]});
    let change = person.put("/api/v1/user/password").json(&change);
    let (_, third) = answers.showing(change, "token").await;
    administer(admin, answers).await;
    let person = anybody.with(&third);
    answers.of(person.get("/api/v1/user/keys")).await;
    answers.of(person.get("/api/v1/user/profile")).await;
    let path = format!("/api/v1/user/keys/{}", key["id"].as_str().unwrap());
    answers.of(person.delete(&path)).await;
    let digest = KeyDigest::of(&secret).unwrap().to_string();
    let new_hash = password_hash(gateway, &user).await;
    let mut secrets = vec![first, second, third, secret, digest, old_hash, new_hash];
    secrets.extend([BACKEND_KEY, admin.credential()].map(ToOwned::to_owned));
    secrets.extend(PASSWORDS.map(ToOwned::to_owned));
    secrets
}

async fn complete(program: &Client, answers: &mut Answers) {
    let mut prompt = ask("glm");
    prompt["messages"][0]["content"] = PROMPT.into();
    answers.of(program.post("/v1/chat/completions").json(&prompt)).await;
    answers.of(program.get("/v1/models")).await;
    answers.of(program.get("/v1/models/none")).await;
}

async fn administer(admin: &Client, answers: &mut Answers) {
    let password = PASSWORDS[3];
    let csv = format!("email,name,password\nb@example.com,B,{password}\nc@example.com,,{password}\n");
    let import = admin
        .post("/api/v1/admin/users/import")
        .header("content-type", "text/csv");
    answers.of(import.body(csv)).await;
    for path in ["users", "audit", "settings", "models", "backends"] {
        answers.of(admin.get(&format!("/api/v1/admin/{path}"))).await;
    }
}

async fn password_hash(gateway: &Gateway, user: &UserId) -> String {
    let store = gateway.local().store().await.unwrap();
    let email = store.user(user).await.unwrap().unwrap().email;
    let user = store.user_with_password(&email).await.unwrap().unwrap();
    user.password.hash().unwrap().as_str().to_owned()
}

/// Secrets where none belong: in malformed bodies, wrong fields, wrong headers, query strings.
async fn use_wrongly(person: &Client, anybody: &Client, key: &str, answers: &mut Answers) {
    let token = person.credential();
    answers
        .of(anybody.post("/api/v1/auth/login").body(format!(
            "{{\"email\": \"a@example.com\", \"password\": \"{}\"",
            PASSWORDS[0]
        )))
        .await;
    answers
        .of(anybody
            .post("/api/v1/auth/login")
            .json(&json!({"email": "a@example.com", "password": [PASSWORDS[0]]})))
        .await;
    answers
        .of(anybody
            .post("/api/v1/auth/register")
            .json(&json!({"email": "x", "name": "", "password": PASSWORDS[1]})))
        .await;
    answers
        .of(anybody.get(&format!("/api/v1/user/profile?token={token}")))
        .await;
    answers.of(anybody.get(&format!("/v1/models?key={key}"))).await;
    answers.of(anybody.with(key).get("/api/v1/user/profile")).await;
    answers.of(person.get("/v1/models")).await;
    answers
        .of(anybody
            .with(&format!("{key}x"))
            .post("/v1/chat/completions")
            .json(&ask("glm")))
        .await;
    answers
        .of(person
            .put("/api/v1/user/password")
            .json(&json!({"old_password": PASSWORDS[1], "new_password": "short"})))
        .await;
}

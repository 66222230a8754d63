//! Who may not call: every route with every wrong credential (promises 11 and 12), and what a refusal looks like.

use harness::client::{Client, data};
use harness::provider::{Provider, Reply, openai};
use harness::{ADMIN_EMAIL, Gateway};
use reqwest::Response;
use serde_json::{Value, json};
use shared::access::api_key::MintedKey;
use shared::http::origin::Origin;
use shared::http::routes::{Access, Row};
use shared::models::api_key::ApiKey;
use shared::models::{KeyId, RequestId, UserId};
use shared::store::KeyCreation;

use crate::routes::{example, tables};

/// An answer that is an error.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Value,
}

impl Refusal {
    /// The code of an `OpenAI` or a management error, the type of an Anthropic one.
    pub(crate) fn code(&self) -> &str {
        let name = if self.body["type"] == "error" { "type" } else { "code" };
        self.body["error"][name].as_str().unwrap_or_default()
    }
}

/// `response` as an error; it must be one, in JSON and with a request id.
pub(crate) async fn refusal(response: Response) -> Refusal {
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (retry_after, content_type, request_id) = (header("retry-after"), header("content-type"), header("x-request-id"));
    let text = response.text().await.unwrap();
    assert!(status >= 400, "{status} {text}");
    assert_eq!(content_type.as_deref(), Some("application/json"), "{text}");
    assert!(request_id.is_some(), "{text}");
    Refusal { status, retry_after, body: serde_json::from_str(&text).unwrap() }
}

async fn call(client: &Client, row: &Row) -> Response {
    client.request(row.method.clone(), &example(row.path)).json(&json!({})).send().await.unwrap()
}

fn guarded() -> impl Iterator<Item = Row> {
    tables().into_iter().flat_map(|(_, rows)| rows).filter(|row| row.access != Access::Anyone)
}

#[tokio::test]
async fn p11_p12_no_route_opens_with_a_wrong_credential() {
    let gateway = Gateway::start().await;
    let program = gateway.program().await;
    let forged = format!("{}x", program.credential());
    for row in guarded() {
        let (wrong_kind, code) = match row.access {
            Access::ApiKey if row.path.starts_with("/v1/messages") => (gateway.admin(), "authentication_error"),
            Access::ApiKey => (gateway.admin(), "invalid_api_key"),
            _ => (&program, "unauthorized"),
        };
        for client in [&gateway.anybody(), wrong_kind, &gateway.anybody().with(&forged), &gateway.anybody().with("x")] {
            let refused = refusal(call(client, &row).await).await;
            assert_eq!((refused.status, refused.code()), (401, code), "{} {} with {}", row.method, row.path, client.credential());
        }
    }
}

#[tokio::test]
async fn p12_there_is_one_credential_and_it_stands_in_a_header() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let program = gateway.program().await;
    let key = program.credential();
    let anybody = gateway.anybody();
    assert_eq!(anybody.chat("m").header("x-api-key", key).send().await.unwrap().status(), 200);
    assert_eq!(program.chat("m").header("x-api-key", key).send().await.unwrap().status(), 200);
    assert_eq!(program.chat("m").header("x-api-key", "sk-other").send().await.unwrap().status(), 401);
    assert_eq!(program.chat("m").header("authorization", format!("Bearer {key}")).send().await.unwrap().status(), 400);
    assert_eq!(anybody.get(&format!("/v1/models?api_key={key}")).send().await.unwrap().status(), 401);
    assert_eq!(anybody.get("/v1/models").header("cookie", format!("api_key={key}")).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn p18_p20_a_deleted_key_opens_nothing() {
    let gateway = Gateway::start().await;
    let created = gateway.admin().post("/api/v1/user/keys").json(&json!({"name": "short"})).send().await.unwrap();
    let key = data(created, 201).await;
    let program = gateway.anybody().with(key["key"].as_str().unwrap());
    assert_eq!(program.get("/v1/models").send().await.unwrap().status(), 200);
    let path = format!("/api/v1/user/keys/{}", key["id"].as_str().unwrap());
    assert_eq!(gateway.admin().delete(&path).send().await.unwrap().status(), 200);
    let refused = refusal(program.get("/v1/models").send().await.unwrap()).await;
    assert_eq!((refused.status, refused.code()), (401, "invalid_api_key"));
    assert_eq!(refusal(gateway.admin().delete(&path).send().await.unwrap()).await.status, 404);
}

/// A key that is past its time, which no route can make.
async fn expired_key(gateway: &Gateway) -> String {
    let _live = gateway.program().await;
    let profile = data(gateway.admin().get("/api/v1/user/profile").send().await.unwrap(), 200).await;
    let owner = UserId::parse(profile["id"].as_str().unwrap()).unwrap();
    let store = gateway.local().store().await.unwrap();
    let live = store.api_keys(&owner).await.unwrap().remove(0);
    let key = ApiKey { id: KeyId::generate(), expires_at: Some(live.created_at), ..live };
    let origin = Origin { request_id: RequestId::generate(), address: None };
    let minted = MintedKey::generate();
    let entry = origin.entry(&owner, "key.create", &key.id, key.created_at);
    assert_eq!(store.create_api_key(&key, minted.digest, &entry).await.unwrap(), KeyCreation::Done);
    minted.secret
}

#[tokio::test]
async fn p18_an_expired_or_switched_off_key_is_as_good_as_none() {
    let gateway = Gateway::start().await;
    let created = gateway.admin().post("/api/v1/user/keys").json(&json!({"name": "off"})).send().await.unwrap();
    let off = data(created, 201).await;
    let path = format!("/api/v1/user/keys/{}", off["id"].as_str().unwrap());
    data(gateway.admin().put(&path).json(&json!({"enabled": false})).send().await.unwrap(), 200).await;
    let expired = expired_key(&gateway).await;
    let mut bodies = Vec::new();
    for key in [off["key"].as_str().unwrap(), &expired, "sk-unknown"] {
        let refused = refusal(gateway.anybody().with(key).get("/v1/models").send().await.unwrap()).await;
        assert_eq!((refused.status, refused.code()), (401, "invalid_api_key"));
        bodies.push(refused.body);
    }
    assert!(bodies[0] == bodies[2] && bodies[1] == bodies[2], "{bodies:?}");
}

#[tokio::test]
async fn p19_a_key_for_one_model_does_not_open_another() {
    let provider = Provider::always(Reply::json(&openai::completion("Hello")));
    let gateway = Gateway::start().await.with_model("mine", &provider).await.with_model("other", &provider).await;
    let created = gateway.admin().post("/api/v1/user/keys").json(&json!({"name": "narrow", "models": ["mine"]})).send().await.unwrap();
    let program = gateway.anybody().with(data(created, 201).await["key"].as_str().unwrap());
    assert_eq!(program.chat("mine").send().await.unwrap().status(), 200);
    let forbidden = refusal(program.chat("other").send().await.unwrap()).await;
    let unknown = refusal(program.chat("unknown").send().await.unwrap()).await;
    assert_eq!(forbidden.body.to_string().replace("other", "unknown"), unknown.body.to_string());
    assert_eq!(refusal(program.get("/v1/models/other").send().await.unwrap()).await.code(), "model_not_found");
    let models: Value = program.get("/v1/models").send().await.unwrap().json().await.unwrap();
    assert_eq!(models["data"].as_array().unwrap().len(), 1);
    assert_eq!(models["data"][0]["id"], "mine");
}

#[tokio::test]
async fn p3_a_wrong_pair_is_refused_alike_whoever_is_meant() {
    let gateway = Gateway::start().await;
    let mut bodies = Vec::new();
    for email in [ADMIN_EMAIL, "nobody@example.com"] {
        let login = json!({"email": email, "password": "not the password"});
        let mut refused = refusal(gateway.post("/api/v1/auth/login").json(&login).send().await.unwrap()).await;
        assert_eq!((refused.status, refused.code()), (401, "invalid_credentials"));
        refused.body["error"]["request_id"] = Value::Null;
        bodies.push(refused.body);
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn p28_management_refuses_what_it_does_not_know_and_names_the_field() {
    let provider = Provider::start();
    let gateway = Gateway::start().await.with_model("m", &provider).await;
    let admin = gateway.admin();
    let backend = json!({"name": "b", "base_url": "http://127.0.0.1:1", "model_name": "x"});
    let with = |field: &str, value: Value| {
        let mut backend = backend.clone();
        backend[field] = value;
        backend
    };
    let cases = [
        ("/api/v1/auth/login", json!({"email": "a@b.c"}), "invalid_value", None),
        ("/api/v1/user/keys", json!({"name": "a", "nmae": "b"}), "invalid_value", Some("nmae")),
        ("/api/v1/user/keys", json!({"name": "a\u{202E}b"}), "invalid_value", Some("name")),
        ("/api/v1/user/keys", json!({"name": "a", "models": ["unknown"]}), "invalid_value", Some("models")),
        ("/api/v1/user/keys", json!({"name": "a", "expires_at": "2020-01-01T00:00:00Z"}), "invalid_value", Some("expires_at")),
        ("/api/v1/user/keys", json!({"name": "a", "expires_at": "soon"}), "invalid_value", Some("expires_at")),
        ("/api/v1/admin/models", json!({"id": "a b", "name": "a"}), "invalid_value", Some("id")),
        ("/api/v1/admin/models", json!({"id": "a", "name": 7}), "invalid_value", Some("name")),
        ("/api/v1/admin/models/m/backends", with("base_url", json!("http://169.254.169.254/")), "invalid_base_url", Some("base_url")),
        ("/api/v1/admin/models/m/backends", with("weight", json!(1001)), "invalid_value", Some("weight")),
        ("/api/v1/admin/models/m/backends", with("headers", json!({"Host": "x"})), "invalid_value", Some("headers")),
    ];
    for (path, body, code, field) in cases {
        let refused = refusal(admin.post(path).json(&body).send().await.unwrap()).await;
        let found = refused.body["error"]["field"].as_str();
        assert_eq!((refused.status, refused.code()), (400, code), "{path} {body}: {}", refused.body);
        assert!(field.is_none() || field == found, "{path} {body}: {}", refused.body);
    }
    let large = json!({"name": "x".repeat(70_000)});
    let refused = refusal(admin.post("/api/v1/user/keys").json(&large).send().await.unwrap()).await;
    assert_eq!((refused.status, refused.code()), (413, "request_too_large"));
}

#[tokio::test]
async fn p24_what_is_not_there_is_told_in_the_shape_of_its_neighbours() {
    let gateway = Gateway::start().await;
    let anybody = gateway.anybody();
    for (path, pointer) in [("/v1/unknown", "/error/type"), ("/api/v1/unknown", "/error/request_id"), ("/v1/messages/x", "/request_id")] {
        let refused = refusal(anybody.get(path).send().await.unwrap()).await;
        assert_eq!(refused.status, 404, "{path}");
        assert!(refused.body.pointer(pointer).is_some(), "{path}: {}", refused.body);
    }
    let refused = refusal(anybody.delete("/v1/models").send().await.unwrap()).await;
    assert_eq!((refused.status, refused.code()), (405, "method_not_allowed"));
}

//! Those who call the gateway: people with a session, programs with a key, and anybody.

use std::sync::Arc;

use reqwest::{Method, RequestBuilder, Response};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};

use crate::provider::Provider;

/// The key that the gateway shows to the providers of [`Client::create_model`].
pub const BACKEND_KEY: &str = "the-provider's-own-key";

/// The password of those whom [`Client::create_person`] makes.
pub const PASSWORD: &str = "a long enough password";

/// Somebody who calls, with or without a credential.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base_url: String,
    credential: Option<String>,
}

impl Client {
    /// Anybody, without a credential.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            http: http(),
            base_url: base_url.into(),
            credential: None,
        }
    }

    /// The same caller with a session token or an API key.
    #[must_use]
    pub fn with(&self, credential: &str) -> Self {
        Self {
            credential: Some(credential.to_owned()),
            ..self.clone()
        }
    }

    /// The same caller at another address.
    #[must_use]
    pub fn elsewhere(&self, base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            ..self.clone()
        }
    }

    /// The person with this account.
    #[must_use]
    pub async fn signed_in(&self, email: &str, password: &str) -> Self {
        let login = self
            .post("/api/v1/auth/login")
            .json(&json!({"email": email, "password": password}));
        self.with(data(login, 200).await["token"].as_str().unwrap())
    }

    /// The gateway's address.
    pub fn address(&self) -> &str {
        &self.base_url
    }

    /// The session token or API key.
    pub fn credential(&self) -> &str {
        self.credential.as_deref().unwrap_or_default()
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    pub fn put(&self, path: &str) -> RequestBuilder {
        self.request(Method::PUT, path)
    }

    pub fn delete(&self, path: &str) -> RequestBuilder {
        self.request(Method::DELETE, path)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base_url));
        match &self.credential {
            Some(credential) => request.bearer_auth(credential),
            None => request,
        }
    }

    /// Creates a managed object and returns it.
    pub async fn create(&self, path: &str, object: &Value) -> Value {
        data(self.post(path).json(object), 201).await
    }

    /// Changes a managed object and returns it.
    pub async fn change(&self, path: &str, change: &Value) -> Value {
        data(self.put(path).json(change), 200).await
    }

    /// As an administrator: creates a model that `provider` serves, there under the name `provider-model`.
    pub async fn create_model(&self, id: &str, provider: &Provider) {
        self.create_model_with(id, provider, &json!({})).await;
    }

    /// The same with other members of the backend's entry, such as `protocol` or `settings`.
    pub async fn create_model_with(&self, id: &str, provider: &Provider, backend: &Value) {
        let model = self.post("/api/v1/admin/models").json(&json!({"id": id, "name": id}));
        data(model, 201).await;
        self.create_backend_with(id, provider, backend).await;
    }

    /// As an administrator: adds a backend to a model.
    pub async fn create_backend(&self, model: &str, provider: &Provider) {
        self.create_backend_with(model, provider, &json!({})).await;
    }

    /// The same with other members of its entry, such as `protocol` or `settings`.
    pub async fn create_backend_with(&self, model: &str, provider: &Provider, members: &Value) {
        let mut backend = json!({
            "name": "scripted",
            "base_url": provider.base_url(),
            "model_name": "provider-model",
            "api_key": BACKEND_KEY
        });
        for (name, value) in members.as_object().unwrap() {
            backend[name] = value.clone();
        }
        let backend = self
            .post(&format!("/api/v1/admin/models/{model}/backends"))
            .json(&backend);
        data(backend, 201).await;
    }

    /// As an administrator: adds a policy of this name with these members.
    pub async fn create_policy(&self, name: &str, members: &Value) {
        let mut policy = json!({"name": name});
        for (member, value) in members.as_object().unwrap() {
            policy[member] = value.clone();
        }
        data(self.post("/api/v1/admin/policies").json(&policy), 201).await;
    }

    /// As an administrator: a program of a new person under this policy, with a new key.
    pub async fn create_program_under(&self, policy: &str) -> Self {
        let person = self
            .create_person(
                &format!("somebody@{policy}.example.com"),
                json!({"quota_policy": policy}),
            )
            .await;
        person.create_key().await
    }

    /// As an administrator: a person with an account of these fields over the usual ones, signed in.
    pub async fn create_person(&self, email: &str, fields: Value) -> Self {
        let mut account = json!({"email": email, "password": PASSWORD, "name": "A Person", "role": "user"});
        for (field, value) in fields.as_object().unwrap() {
            account[field] = value.clone();
        }
        data(self.post("/api/v1/admin/users").json(&account), 201).await;
        self.signed_in(email, PASSWORD).await
    }

    /// The own account.
    pub async fn profile(&self) -> Value {
        data(self.get("/api/v1/user/profile"), 200).await
    }

    /// The id of the own account.
    pub async fn id(&self) -> String {
        self.profile().await["id"].as_str().unwrap().to_owned()
    }

    /// The path at which administrators find the own account.
    pub async fn account_path(&self) -> String {
        format!("/api/v1/admin/users/{}", self.id().await)
    }

    /// As a person: a program with a new API key.
    #[must_use]
    pub async fn create_key(&self) -> Self {
        let key = self.post("/api/v1/user/keys").json(&json!({"name": "a program"}));
        self.with(data(key, 201).await["key"].as_str().unwrap())
    }

    /// As a program: asks the model for a completion.
    pub fn chat(&self, model: &str) -> RequestBuilder {
        self.post("/v1/chat/completions").json(&ask(model))
    }

    /// As a program: asks the model for a streamed completion that tells its usage, as agents do.
    pub fn chat_stream(&self, model: &str) -> RequestBuilder {
        let mut ask = ask(model);
        ask["stream"] = true.into();
        ask["stream_options"] = json!({"include_usage": true});
        self.post("/v1/chat/completions").json(&ask)
    }

    /// As a program: asks the model for a streamed response.
    pub fn response_stream(&self, model: &str) -> RequestBuilder {
        self.post("/v1/responses")
            .json(&json!({"model": model, "input": "Hello", "stream": true}))
    }

    /// As a program: asks the model for a message.
    pub fn message(&self, model: &str) -> RequestBuilder {
        self.post("/v1/messages").json(&message(model))
    }

    /// As a program: asks the model for a streamed message.
    pub fn message_stream(&self, model: &str) -> RequestBuilder {
        let mut message = message(model);
        message["stream"] = true.into();
        self.post("/v1/messages").json(&message)
    }
}

/// The body of a small chat request.
pub fn ask(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Hello"}]})
}

/// The body of a small Messages request.
pub fn message(model: &str) -> Value {
    let mut body = ask(model);
    body["max_tokens"] = 100.into();
    body
}

/// Sends a management request and returns the response's `data`. Panics at any other status.
pub async fn data(request: RequestBuilder, status: u16) -> Value {
    data_of(request.send().await.unwrap(), status).await
}

/// The members `names` of an object as an array, `null` for those that are absent: for one comparison of several.
pub fn pick<const N: usize>(object: &Value, names: [&str; N]) -> Value {
    names.map(|name| object[name].clone()).to_vec().into()
}

/// The `data` of a management response. Panics at any other status.
pub async fn data_of(response: Response, status: u16) -> Value {
    let found = response.status();
    let mut body: Value = response.json().await.unwrap();
    assert_eq!(found, status, "{body}");
    body["data"].take()
}

/// Sends a request and returns the status of its response.
pub async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

/// Sends a management request and returns the response's `error.code`. Panics at any other status.
pub async fn refusal(request: RequestBuilder, status: u16) -> String {
    let response = request.send().await.unwrap();
    let found = response.status();
    let body: Value = response.json().await.unwrap();
    assert_eq!(found, status, "{body}");
    body["error"]["code"].as_str().unwrap().to_owned()
}

/// A client that follows no redirects and asks no proxy. It speaks to loopback only, so it trusts no certificate.
pub(crate) fn http() -> reqwest::Client {
    let tls = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap();
    let tls = tls.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    let redirect = reqwest::redirect::Policy::none();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect)
        .no_proxy()
        .build()
        .unwrap()
}

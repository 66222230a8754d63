//! `/v1/responses` in the gateway as a whole. What each field becomes is shown by the fixtures of the translators; here
//! is shown that they are wired to a client and a backend.

mod claude;
mod compaction;
mod native;
mod native_stored;
mod requests;
mod sealed;
mod stored;
mod streams;

use harness::Gateway;
use harness::client::Client;
use harness::provider::{Provider, Received, Reply};
use http::{HeaderMap, StatusCode};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

/// A gateway with the model `m` of one scripted provider, and a program that may use it.
struct Bench {
    gateway: Gateway,
    provider: Provider,
    program: Client,
}

/// What a client was answered.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Bench {
    async fn start() -> Self {
        Self::of(Gateway::start().await).await
    }

    /// The same of a gateway that has no model yet.
    async fn of(gateway: Gateway) -> Self {
        Self::with_backend(gateway, &json!({})).await
    }

    /// The same with these members of the backend's entry.
    async fn with_backend(gateway: Gateway, members: &Value) -> Self {
        let provider = Provider::start();
        gateway.admin().create_model_with("m", &provider, members).await;
        let program = gateway.program().await;
        Self {
            gateway,
            provider,
            program,
        }
    }

    /// The request for a response to `members`; a model and an input are there already.
    fn responses(&self, members: &Value) -> RequestBuilder {
        let mut ask = json!({"model": "m", "input": "Hello"});
        for (name, value) in members.as_object().unwrap() {
            ask[name] = value.clone();
        }
        self.program.post("/v1/responses").json(&ask)
    }

    /// Asks the provider, which says `reply`.
    async fn ask(&self, members: Value, reply: Reply) -> Answer {
        self.provider.will(reply);
        Answer::of(self.responses(&members)).await
    }

    /// What the provider was asked last.
    fn received(&self) -> Received {
        self.provider.received().pop().unwrap()
    }
}

impl Answer {
    async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Self {
            status,
            headers,
            text: response.text().await.unwrap(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The value of a header, or `""`.
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The code, parameter and message of an error with this status.
    fn error(&self, status: u16) -> [String; 3] {
        assert_eq!(self.status, status, "{}", self.text);
        let error = &self.json()["error"];
        ["code", "param", "message"].map(|name| error[name].as_str().unwrap_or_default().to_owned())
    }

    /// The data of the events, each of which is named after its type and has the next number.
    fn events(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.text);
        let events = self
            .text
            .split_terminator("\n\n")
            .filter(|event| !event.starts_with(':'));
        let events = events.enumerate().map(|(number, event)| {
            let (name, data) = event.split_once('\n').unwrap();
            let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            assert_eq!(name.strip_prefix("event: ").unwrap(), data["type"]);
            assert_eq!(data["sequence_number"], json!(number));
            data
        });
        events.collect()
    }
}

/// A function, a custom tool, and a namespace with a function.
fn tools() -> Value {
    let function =
        |name: &str| json!({"type": "function", "name": name, "parameters": {"type": "object", "properties": {}}});
    json!([
        function("run"),
        {"type": "custom", "name": "apply_patch"},
        {"type": "namespace", "name": "docs", "tools": [function("find")]},
        {"type": "web_search"},
    ])
}

/// A call of a chat completion.
fn call(id: &str, name: &str, arguments: &str) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}

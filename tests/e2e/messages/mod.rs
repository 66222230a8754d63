//! `/v1/messages` in the gateway as a whole, one module a topic. What each field becomes is shown by the fixtures of
//! the translators; here is shown that they are wired to a client and a backend.

mod answers;
mod claude_code;
mod counting;
mod errors;
mod native;
mod requests;
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
        Self::with(json!({})).await
    }

    /// With these members in the entry of the backend.
    async fn with(backend: Value) -> Self {
        let (gateway, provider) = (Gateway::start().await, Provider::start());
        gateway.admin().create_model_with("m", &provider, &backend).await;
        let program = gateway.program().await;
        Self {
            gateway,
            provider,
            program,
        }
    }

    /// The request for an answer to `members`; a model, a limit and a first turn are there already.
    fn messages(&self, members: &Value) -> RequestBuilder {
        self.program.post("/v1/messages").json(&ask(members))
    }

    /// Asks the provider, which says `reply`.
    async fn ask(&self, members: Value, reply: Reply) -> Answer {
        self.provider.will(reply);
        Answer::of(self.messages(&members)).await
    }

    /// Lets the provider answer once, so that its failures before are none in a row.
    async fn recover(&self) {
        let answer = self
            .ask(json!({}), Reply::json(&harness::provider::openai::completion("Hello")))
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }

    /// Asks for something that no provider is asked for.
    async fn refuse(&self, members: Value) -> Answer {
        let answer = Answer::of(self.messages(&members)).await;
        assert!(self.provider.received().is_empty(), "the provider was asked");
        answer
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

    /// The type and the message of an error with this status.
    fn error(&self, status: u16) -> (String, String) {
        assert_eq!(self.status, status, "{}", self.text);
        let body = self.json();
        assert_eq!(body["type"], "error");
        assert_eq!(body["request_id"], self.header("request-id"));
        let text = |name: &str| body["error"][name].as_str().unwrap().to_owned();
        (text("type"), text("message"))
    }

    /// The data of the events, each of which is named after its type.
    fn events(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.text);
        assert_eq!(self.header("content-type"), "text/event-stream");
        let events = self.text.split_terminator("\n\n").map(|event| {
            let (name, data) = event.split_once('\n').unwrap();
            let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            assert_eq!(name.strip_prefix("event: ").unwrap(), data["type"]);
            data
        });
        events.collect()
    }

    /// The types of the events, for the order in which they came.
    fn event_types(&self) -> Vec<String> {
        self.events()
            .iter()
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The body of a small request with `members` in it.
fn ask(members: &Value) -> Value {
    let mut ask = json!({"model": "m", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]});
    for (name, value) in members.as_object().unwrap() {
        ask[name] = value.clone();
    }
    ask
}

/// A turn of the user's.
fn user(content: Value) -> Value {
    json!({"role": "user", "content": content})
}

/// A chat completion whose message is `message`.
fn completion(message: Value, finish_reason: &str) -> Reply {
    let choice = json!({"index": 0, "message": message, "finish_reason": finish_reason});
    let usage = json!({"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 5}});
    Reply::json(
        &json!({"id": "up-1", "object": "chat.completion", "created": 1, "model": "p", "choices": [choice], "usage": usage}),
    )
}

/// A chunk of a chat stream with this delta.
fn chunk(delta: Value) -> Value {
    json!({"id": "up-1", "object": "chat.completion.chunk", "created": 1, "model": "p", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]})
}

/// A piece of the call at `index`.
fn call_piece(index: u64, piece: Value) -> Value {
    let mut piece = piece;
    piece["index"] = index.into();
    chunk(json!({"tool_calls": [piece]}))
}

/// A stream of these chunks that ends with `finish_reason` and usage.
fn chunks(chunks: impl IntoIterator<Item = Value>, finish_reason: &str) -> Reply {
    let mut last = chunk(json!({}));
    last["choices"][0]["finish_reason"] = finish_reason.into();
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4}});
    Reply::events().each(chunks).event(&last).event(&usage).done()
}

//! A chat client in front of a backend that speaks Anthropic Messages (O1 to O35). What each field becomes is shown by
//! the fixtures of the translators; here is shown that they are wired to a client and a backend.

mod answers;
mod errors;

use harness::Gateway;
use harness::client::Client;
use harness::provider::{Provider, Reply};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

struct Bench {
    gateway: Gateway,
    provider: Provider,
    program: Client,
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Bench {
    async fn start() -> Self {
        Self::with(json!({"protocol": "anthropic"})).await
    }

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

    async fn send(&self, members: Value) -> Answer {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "go"}]});
        for (name, value) in members.as_object().unwrap() {
            body[name] = value.clone();
        }
        let response = self
            .program
            .post("/v1/chat/completions")
            .json(&body)
            .send()
            .await
            .unwrap();
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    async fn ask(&self, members: Value, reply: Reply) -> Answer {
        self.provider.will(reply);
        self.send(members).await
    }

    /// What the provider was asked last.
    fn received(&self) -> Value {
        self.provider.received().pop().unwrap().json()
    }
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The data of a stream, and if its end mark is there.
    fn chunks(&self) -> (Vec<Value>, bool) {
        assert_eq!(self.header("content-type"), "text/event-stream");
        let mut data: Vec<&str> = self
            .text
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .collect();
        let is_done = data.pop_if(|last| *last == "[DONE]").is_some();
        let chunks = data.into_iter().map(|data| serde_json::from_str(data).unwrap());
        (chunks.collect(), is_done)
    }
}

/// The message that a client puts together from chunks, as the SDKs do.
fn gathered(chunks: &[Value]) -> Value {
    let mut message = json!({"role": "assistant", "content": null});
    for delta in chunks.iter().filter_map(|chunk| chunk["choices"][0].get("delta")) {
        for name in ["content", "reasoning_content"] {
            if let Some(text) = delta[name].as_str().filter(|text| !text.is_empty()) {
                message[name] = format!("{}{text}", message[name].as_str().unwrap_or_default()).into();
            }
        }
        for entry in delta["reasoning_details"].as_array().into_iter().flatten() {
            let details = message
                .as_object_mut()
                .unwrap()
                .entry("reasoning_details")
                .or_insert(json!([]));
            details.as_array_mut().unwrap().push(entry.clone());
        }
        for piece in delta["tool_calls"].as_array().into_iter().flatten() {
            let calls = message
                .as_object_mut()
                .unwrap()
                .entry("tool_calls")
                .or_insert(json!([]));
            let calls = calls.as_array_mut().unwrap();
            let index = usize::try_from(piece["index"].as_u64().unwrap()).unwrap();
            if index == calls.len() {
                calls.push(json!({"id": piece["id"], "type": piece["type"], "function": piece["function"]}));
            } else {
                let arguments = &mut calls[index]["function"]["arguments"];
                let piece = piece["function"]["arguments"].as_str().unwrap();
                *arguments = format!("{}{piece}", arguments.as_str().unwrap()).into();
            }
        }
    }
    message
}

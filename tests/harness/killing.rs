//! Requests to backends that are killed while they answer: what the test and the example of it share.

use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::Gate;
use crate::client::Client;
use crate::provider::{Provider, Received, Reply, openai};

/// Answers that can be held back, so that a backend has work when it is killed.
#[derive(Clone, Debug)]
pub struct Answers(Arc<Mutex<Gate>>);

/// The outcome of a request, as its client saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Whole,
    /// A stream that had begun ended with an error event.
    Broken,
    Failed(String),
}

impl Answers {
    #[expect(
        clippy::new_without_default,
        reason = "a gate is made to be opened, which a default does not tell"
    )]
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Gate::new())))
    }

    /// A provider that gives them.
    pub fn provider(&self) -> Provider {
        let answers = self.clone();
        Provider::answering(move |request| answers.to(request))
    }

    /// Holds back the answers to requests that come from now on.
    pub fn hold(&self) {
        *self.0.lock().unwrap() = Gate::new();
    }

    /// Lets those that wait be said, and later ones at once.
    pub fn let_go(&self) {
        self.0.lock().unwrap().open();
    }

    fn to(&self, request: &Received) -> Reply {
        let gate = self.0.lock().unwrap().clone();
        match request.body.as_ref() {
            // A check of health.
            [] => Reply::json(&json!({"data": []})),
            _ if request.json()["stream"] == true => Reply::events()
                .event(&openai::chunk("Hel"))
                .wait(&gate)
                .event(&openai::chunk("lo"))
                .event(&openai::stop())
                .done(),
            _ => Reply::raw("")
                .wait(&gate)
                .then(Reply::json(&openai::completion("Hello"))),
        }
    }
}

/// Asks the model `m`; every other request is streamed.
pub async fn request(program: &Client, number: usize) -> Outcome {
    let request = if number.is_multiple_of(2) {
        program.chat("m")
    } else {
        program.chat_stream("m")
    };
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let status = response.status();
    match response.text().await {
        Ok(text) if status != 200 => Outcome::Failed(format!("{status} {text}")),
        Ok(text) if text.contains("\"error\"") => Outcome::Broken,
        Ok(_) => Outcome::Whole,
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

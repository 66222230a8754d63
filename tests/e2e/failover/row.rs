//! How a row of the table of failures is measured.

use std::fmt::Write as _;
use std::time::Duration;

use harness::Gateway;
use harness::client::{Client, data};
use harness::provider::{Provider, Reply, openai};
use local::Options;
use reqwest::Response;
use serde_json::{Value, json};

use super::failing::Failing;

/// Failures in a row that take a backend out at the latest (promise 53).
const TOLERATED: usize = 5;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    OpenAi,
    Anthropic,
}

/// A gateway with limits that are reached at once.
async fn gateway() -> Gateway {
    let limits = proxy::Limits {
        idle: Duration::from_millis(150),
        keep_alive: Duration::from_millis(90),
        max_response_bytes: 100_000,
        max_event_bytes: 100_000,
        max_stream_bytes: 100_000,
        ..proxy::Limits::with_max_body(local::MAX_BODY_BYTES)
    };
    // Nobody but the requests is to ask the backends.
    Gateway::start_with(|options| Options {
        limits,
        schedule: None,
        ..options
    })
    .await
}

/// The rows of these failures and answers, as they are.
pub(super) async fn measure(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let gateway = gateway().await;
    let bench = Bench {
        program: gateway.program().await,
        gateway,
    };
    let mut measured = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        measured.push(bench.row(number, &row[0], &row[1]).await);
    }
    measured
}

struct Bench {
    gateway: Gateway,
    program: Client,
}

impl Bench {
    async fn row(&self, number: usize, failure: &str, answer: &str) -> Vec<String> {
        let stream = answer == "stream";
        let asked = self.asked(number, failure, stream).await;
        let anthropic = Failing::new(failure, stream);
        let anthropic = self
            .told(&format!("anthropic-{number}"), &anthropic, Dialect::Anthropic, stream)
            .await;
        let (model, failing) = (format!("openai-{number}"), Failing::new(failure, stream));
        let openai = self.told(&model, &failing, Dialect::OpenAi, stream).await;
        let then = self.then(&model, stream).await;
        vec![failure.to_owned(), answer.to_owned(), asked, openai, anthropic, then]
    }

    /// What a client gets where there is no other backend.
    async fn told(&self, model: &str, failing: &Failing, dialect: Dialect, stream: bool) -> String {
        self.add(model, failing).await;
        client_gets(ask(&self.program, model, dialect, stream).await, dialect).await
    }

    /// Who is asked where another backend could answer; and if it did, that it was heard.
    async fn asked(&self, number: usize, failure: &str, stream: bool) -> String {
        let mut asked = Vec::new();
        for (model, dialect) in [("pair-o", Dialect::OpenAi), ("pair-a", Dialect::Anthropic)] {
            let (model, failing) = (format!("{model}-{number}"), Failing::new(failure, stream));
            let other = Provider::always(if stream {
                openai::stream(&["Hello"])
            } else {
                Reply::json(&openai::completion("Hello"))
            });
            self.add(&model, &failing).await;
            add(
                self.gateway.admin(),
                &model,
                &json!({"base_url": other.base_url(), "weight": 0}),
            )
            .await;
            let got = client_gets(ask(&self.program, &model, dialect, stream).await, dialect).await;
            let answered = other.received().len();
            let heard = if (got == "200") == (answered == 1) {
                String::new()
            } else {
                format!(" but {got}")
            };
            asked.push(format!("{}+{answered}{heard}", failing.asked()));
        }
        // It does not matter who asks.
        asked.dedup();
        asked.join(" or ")
    }

    async fn add(&self, model: &str, failing: &Failing) {
        add(
            self.gateway.admin(),
            model,
            &json!({"base_url": failing.base_url(), "timeout_ms": failing.timeout_ms()}),
        )
        .await;
    }

    /// After how many requests, of which there was one, the backend of the model is out.
    async fn then(&self, model: &str, stream: bool) -> String {
        for requests in 1..=TOLERATED {
            let path = format!("/api/v1/admin/models/{model}/backends");
            let backends = data(self.gateway.admin().get(&path), 200).await;
            if backends[0]["healthy"] == false {
                return format!("out after {requests}");
            }
            if requests < TOLERATED {
                client_gets(
                    ask(&self.program, model, Dialect::OpenAi, stream).await,
                    Dialect::OpenAi,
                )
                .await;
            }
        }
        "in".into()
    }
}

/// Adds a backend to the model, which is made if it is not there.
async fn add(admin: &Client, model: &str, members: &Value) {
    admin
        .post("/api/v1/admin/models")
        .json(&json!({"id": model, "name": model}))
        .send()
        .await
        .unwrap();
    let mut backend = json!({"name": "b", "model_name": "x"});
    backend
        .as_object_mut()
        .unwrap()
        .extend(members.as_object().unwrap().clone());
    let created = admin
        .post(&format!("/api/v1/admin/models/{model}/backends"))
        .json(&backend);
    data(created, 201).await;
}

async fn ask(program: &Client, model: &str, dialect: Dialect, stream: bool) -> Response {
    let request = match (dialect, stream) {
        (Dialect::OpenAi, false) => program.chat(model),
        (Dialect::OpenAi, true) => program.chat_stream(model),
        (Dialect::Anthropic, false) => program.message(model),
        (Dialect::Anthropic, true) => program.message_stream(model),
    };
    request.send().await.unwrap()
}

/// The cell of a client.
async fn client_gets(response: Response, dialect: Dialect) -> String {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get("retry-after")
        .map(|seconds| seconds.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    let member = if dialect == Dialect::OpenAi { "code" } else { "type" };
    let name = |body: &Value| body["error"][member].as_str().map(str::to_owned);
    let mut cell = status.to_string();
    if status == 200 {
        let events = text
            .lines()
            .filter_map(|line| line.strip_prefix("data: "))
            .filter_map(|data| serde_json::from_str(data).ok());
        let errors: Vec<String> = events.filter_map(|event: Value| name(&event)).collect();
        let is_whole = serde_json::from_str::<Value>(&text).is_ok()
            || ["[DONE]", "message_stop"].iter().any(|mark| text.contains(mark));
        assert_ne!(errors.len() == 1, is_whole, "either an error event or an end: {text}");
        for error in errors {
            write!(cell, ", then {error}").unwrap();
        }
    } else {
        write!(cell, " {}", name(&serde_json::from_str(&text).unwrap()).unwrap()).unwrap();
    }
    if let Some(seconds) = retry_after {
        write!(cell, ", again in {seconds} s").unwrap();
    }
    cell
}

//! What becomes of each failure of a backend, whoever asks and however: a table, one row each.

use std::fmt::Write as _;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use harness::Gateway;
use harness::client::{Client, data};
use harness::provider::{Provider, Reply, openai};
use harness::tls::TlsBackend;
use local::Options;
use reqwest::Response;
use serde_json::{Value, json};

/// * failure: what the backend does, each time.
/// * answer: how the client wants it.
/// * asked: how often the failing backend is asked, and another one where there is one, which then answers. A dash is where
///   that cannot be seen.
/// * clients: what they get where there is no other backend. Status, and code (`OpenAI`) or type (Anthropic) of the error,
///   which is an event where the answer had begun; and the seconds of `Retry-After`.
/// * then: after how many such requests in a row the backend is taken out.
const TABLE: &str = "
failure                | answer | asked | OpenAI client                           | Anthropic client                   | then
connection refused     | whole  | -+1   | 502 upstream_error                      | 502 api_error                      | out after 5
connection refused     | stream | -+1   | 502 upstream_error                      | 502 api_error                      | out after 5
name without address   | whole  | -+1   | 502 upstream_error                      | 502 api_error                      | out after 5
name without address   | stream | -+1   | 502 upstream_error                      | 502 api_error                      | out after 5
unknown authority      | whole  | -+1   | 502 upstream_error                      | 502 api_error                      | out after 5
unknown authority      | stream | -+1   | 502 upstream_error                      | 502 api_error                      | out after 5
closed before the head | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
closed before the head | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
reset before the head  | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
reset before the head  | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
stall before the head  | whole  | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
stall before the head  | stream | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
garbage for a head     | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
garbage for a head     | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
reset after the head   | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
reset after the head   | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
stall after the head   | whole  | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
stall after the head   | stream | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
truncated              | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
truncated              | stream | 1+0   | 200, then upstream_error                | 200, then api_error                | out after 5
reset in the answer    | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
reset in the answer    | stream | 1+0   | 200, then upstream_error                | 200, then api_error                | out after 5
stall in the answer    | whole  | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
stall in the answer    | stream | 1+0   | 200, then upstream_timeout              | 200, then timeout_error            | out after 5
no end mark            | stream | 1+0   | 200, then upstream_error                | 200, then api_error                | out after 5
no JSON                | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
no JSON                | stream | 1+0   | 200, then upstream_error                | 200, then api_error                | out after 5
HTML                   | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
HTML                   | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
error with status 200  | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
error with status 200  | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
endless line           | whole  | 1+0   | 502 upstream_response_too_large         | 502 api_error                      | in
endless line           | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
endless events         | whole  | 1+0   | 502 upstream_response_too_large         | 502 api_error                      | in
endless events         | stream | 1+0   | 200, then upstream_error                | 200, then api_error                | out after 5
redirect               | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
redirect               | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
400                    | whole  | 1+0   | 400 invalid_value                       | 400 invalid_request_error          | in
400                    | stream | 1+0   | 400 invalid_value                       | 400 invalid_request_error          | in
401                    | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 1
401                    | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 1
403                    | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 1
403                    | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 1
404                    | whole  | 1+0   | 404 not_found                           | 404 not_found_error                | in
404                    | stream | 1+0   | 404 not_found                           | 404 not_found_error                | in
408                    | whole  | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
408                    | stream | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
413                    | whole  | 1+0   | 413 request_too_large                   | 413 request_too_large              | in
413                    | stream | 1+0   | 413 request_too_large                   | 413 request_too_large              | in
422                    | whole  | 1+0   | 400 invalid_value                       | 400 invalid_request_error          | in
422                    | stream | 1+0   | 400 invalid_value                       | 400 invalid_request_error          | in
429                    | whole  | 1+1   | 429 upstream_rate_limited, again in 1 s | 429 rate_limit_error, again in 1 s | out after 5
429                    | stream | 1+1   | 429 upstream_rate_limited, again in 1 s | 429 rate_limit_error, again in 1 s | out after 5
429 for 7 s            | whole  | 1+1   | 429 upstream_rate_limited, again in 7 s | 429 rate_limit_error, again in 7 s | out after 1
429 for 7 s            | stream | 1+1   | 429 upstream_rate_limited, again in 7 s | 429 rate_limit_error, again in 7 s | out after 1
500                    | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
500                    | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
502                    | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
502                    | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
503                    | whole  | 1+1   | 503 no_backend_available, again in 5 s  | 529 overloaded_error, again in 5 s | out after 5
503                    | stream | 1+1   | 503 no_backend_available, again in 5 s  | 529 overloaded_error, again in 5 s | out after 5
504                    | whole  | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
504                    | stream | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
529                    | whole  | 1+1   | 503 no_backend_available, again in 5 s  | 529 overloaded_error, again in 5 s | out after 5
529                    | stream | 1+1   | 503 no_backend_available, again in 5 s  | 529 overloaded_error, again in 5 s | out after 5
";

const HEADING: [&str; 6] = [
    "failure",
    "answer",
    "asked",
    "OpenAI client",
    "Anthropic client",
    "then",
];
const WIDTHS: [usize; 6] = [22, 6, 5, 39, 34, 11];
/// Failures in a row that take a backend out at the latest (promise 53).
const TOLERATED: usize = 5;
/// Rows that one gateway takes: of what a process may try again, each needs two (promise 52).
const ROWS: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    OpenAi,
    Anthropic,
}

/// A backend that fails in one way.
enum Failing {
    Scripted {
        provider: Provider,
        is_silent: bool,
    },
    Elsewhere {
        base_url: String,
        _server: Option<TlsBackend>,
    },
}

impl Failing {
    fn new(failure: &str, stream: bool) -> Self {
        match failure {
            "connection refused" => {
                let mut provider = Provider::start();
                provider.kill();
                Self::Scripted {
                    provider,
                    is_silent: false,
                }
            }
            "name without address" => Self::Elsewhere {
                base_url: "http://name.invalid".into(),
                _server: None,
            },
            "unknown authority" => {
                let server = TlsBackend::start(&["http/1.1"], &openai::completion("Hello"));
                Self::Elsewhere {
                    base_url: server.base_url(),
                    _server: Some(server),
                }
            }
            _ => {
                let provider = Provider::always(reply(failure, stream));
                Self::Scripted {
                    provider,
                    is_silent: failure.starts_with("stall before") || failure.starts_with("stall after"),
                }
            }
        }
    }

    fn base_url(&self) -> String {
        match self {
            Self::Scripted { provider, .. } => provider.base_url(),
            Self::Elsewhere { base_url, .. } => base_url.clone(),
        }
    }

    /// How long its first byte is waited for, where it never comes.
    fn timeout_ms(&self) -> Option<u64> {
        matches!(self, Self::Scripted { is_silent: true, .. }).then_some(200)
    }

    /// How often it was asked, where that can be seen.
    fn asked(&self) -> String {
        match self {
            Self::Scripted { provider, .. } if provider.is_running() => provider.received().len().to_string(),
            _ => "-".into(),
        }
    }
}

fn reply(failure: &str, stream: bool) -> Reply {
    let head = || {
        if stream {
            Reply::events()
        } else {
            Reply::json(&openai::completion("Hello")).cut(0)
        }
    };
    let begun = || {
        if stream {
            head().event(&openai::chunk("Hel"))
        } else {
            Reply::json(&openai::completion("Hello")).cut(9)
        }
    };
    let told = json!({"error": {"message": "so it is"}});
    match failure {
        "closed before the head" => Reply::raw("").close(),
        "reset before the head" => Reply::raw("").reset(),
        "stall before the head" => Reply::silence(),
        "garbage for a head" => Reply::raw("!%&/ garbage\r\n\r\n").close(),
        "reset after the head" => head().reset(),
        "stall after the head" => head().stall(),
        "truncated" => begun().close(),
        "reset in the answer" => begun().reset(),
        "stall in the answer" => begun().stall(),
        "no end mark" => begun().end(),
        "no JSON" if stream => begun().bytes("data: {\"choices\": [\n\n").stall(),
        "no JSON" => Reply::new(200, "application/json", "{\"choices\": ["),
        "HTML" => Reply::new(200, "text/html", "<html>Welcome!</html>"),
        "error with status 200" => Reply::json(&told),
        "endless line" => Reply::events().bytes("x".repeat(4096)).endless(),
        "endless events" => Reply::events().event(&openai::chunk("Hel")).endless(),
        "redirect" => Reply::redirect("http://127.0.0.1:1/v1/chat/completions"),
        "429 for 7 s" => Reply::error(429, &told).header("retry-after", "7"),
        status => Reply::error(status.parse().unwrap(), &told),
    }
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
        schedule: Duration::from_hours(1),
        ..options
    })
    .await
}

/// The rows of these failures and answers, as they are.
async fn measure(rows: &[Vec<String>]) -> Vec<Vec<String>> {
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

fn line(cells: &[impl AsRef<str>]) -> String {
    let cells = cells
        .iter()
        .zip(WIDTHS)
        .map(|(cell, width)| format!("{:width$}", cell.as_ref()));
    cells.collect::<Vec<_>>().join(" | ").trim_end().to_owned()
}

#[tokio::test]
async fn p52_each_failure_is_tried_again_and_told_as_the_table_says() {
    let rows = TABLE
        .lines()
        .map(|row| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    let expected: Vec<_> = rows.filter(|cells| cells.len() == WIDTHS.len()).collect();
    let measured = stream::iter(expected[1..].chunks(ROWS))
        .map(measure)
        .buffered(4)
        .concat()
        .await;
    let found: Vec<_> = [HEADING.map(ToOwned::to_owned).to_vec()]
        .into_iter()
        .chain(measured)
        .collect();
    let table = |rows: &[Vec<String>]| rows.iter().map(|row| line(row)).collect::<Vec<_>>().join("\n");
    assert_eq!(
        found,
        expected,
        "so it is:\n{}\n\nso it should be:\n{}",
        table(&found),
        table(&expected)
    );
}

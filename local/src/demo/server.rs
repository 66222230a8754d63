//! The server of the demo's models: a script that speaks Chat Completions, and says that it is one.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::side_port;

/// The largest request that is read.
const MAX_BODY: usize = 64 * 1024 * 1024;
/// The pace of a stream, so that it can be watched.
const WORD: Duration = Duration::from_millis(25);
/// Requests of paths that begin so are refused: the demo has a backend that is out.
const LOCKED: &str = "/locked/";
const MODELS: [&str; 4] = ["glm-4.7", "qwen3-coder", "kimi-k2.5", "gpt-oss-120b"];
/// Bytes of a token, as a guess.
const TOKEN: usize = 4;

#[derive(Deserialize)]
struct Asked {
    model: String,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Value,
}

/// Serves until `stop`.
pub(super) async fn serve(listener: TcpListener, stop: CancellationToken) {
    side_port::serve(listener, respond, stop).await;
}

async fn respond(request: Request<Incoming>) -> Response {
    let path = request.uri().path().to_owned();
    if path.starts_with(LOCKED) {
        return refused(StatusCode::UNAUTHORIZED, "the key is not valid");
    }
    match *request.method() {
        Method::GET if path.ends_with("/models") => {
            let models = MODELS.map(|id| json!({"id": id, "object": "model", "owned_by": "demo"}));
            axum::Json(json!({"object": "list", "data": models})).into_response()
        }
        Method::POST if path.ends_with("/chat/completions") => complete(request).await,
        _ => refused(StatusCode::NOT_FOUND, "there is no such path"),
    }
}

fn refused(status: StatusCode, message: &str) -> Response {
    let error = json!({"error": {"message": message, "type": "demo", "code": status.as_u16()}});
    (status, axum::Json(error)).into_response()
}

async fn complete(request: Request<Incoming>) -> Response {
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
    let asked = body.ok().map(|body| serde_json::from_slice::<Asked>(&body.to_bytes()));
    let Some(Ok(asked)) = asked else {
        return refused(StatusCode::BAD_REQUEST, "the body is no chat completion");
    };
    let answer = asked.answer();
    let usage = asked.usage(&answer);
    if asked.stream {
        let events = Body::from_stream(events(&asked.model, &answer, &usage));
        return ([(CONTENT_TYPE, "text/event-stream")], events).into_response();
    }
    let choice = json!({"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"});
    let mut whole = chunk(&asked.model, "chat.completion", &choice);
    whole["usage"] = usage;
    axum::Json(whole).into_response()
}

impl Asked {
    /// The answer in place of a model's.
    fn answer(&self) -> String {
        let last = self.messages.iter().rfind(|message| message.role == "user");
        let asked = last.map(Message::text).unwrap_or_default();
        let asked: String = asked.chars().take(200).collect();
        format!(
            "This is a demo: a script answers in place of **{}**, one word at a time.\n\n> {}\n\n\
             A model would answer that. Everything around it is real: your key was checked, the policy had room, a \
             backend was chosen, and this answer is counted under *Usage* and *Requests*.",
            self.model,
            asked.replace('\n', "\n> ")
        )
    }

    fn usage(&self, answer: &str) -> Value {
        let asked: usize = self.messages.iter().map(|message| message.text().len()).sum();
        let (input, output) = (asked / TOKEN + 4, answer.len() / TOKEN);
        json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output})
    }
}

impl Message {
    /// The text of a content that is a string, or parts.
    fn text(&self) -> String {
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
            _ => String::new(),
        }
    }
}

/// A completion, or a part of one.
fn chunk(model: &str, object: &str, choice: &Value) -> Value {
    json!({"id": "demo", "object": object, "created": 0, "model": model, "choices": [choice]})
}

/// The events of a streamed answer, one for each word.
fn events(model: &str, answer: &str, usage: &Value) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
    let part = |delta: Value, reason: Option<&str>| {
        chunk(
            model,
            "chat.completion.chunk",
            &json!({"index": 0, "delta": delta, "finish_reason": reason}),
        )
    };
    let mut last = chunk(model, "chat.completion.chunk", &Value::Null);
    (last["choices"], last["usage"]) = (json!([]), usage.clone());
    let mut parts = vec![part(json!({"role": "assistant", "content": ""}), None)];
    parts.extend(
        answer
            .split_inclusive(' ')
            .map(|word| part(json!({"content": word}), None)),
    );
    parts.extend([part(json!({}), Some("stop")), last]);
    let lines = parts
        .into_iter()
        .map(|part| part.to_string())
        .chain(["[DONE]".to_owned()]);
    stream::iter(lines.collect::<Vec<_>>()).then(|line| async move {
        tokio::time::sleep(WORD).await;
        Ok(Bytes::from(format!("data: {line}\n\n")))
    })
}

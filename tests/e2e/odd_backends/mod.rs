//! Situations of public bug reports: each case of `cases/` is played by a backend, byte for byte, and what the backend
//! and the client got is in a snapshot beside it.
//!
//! Run with `INSTA_UPDATE=always` to write the snapshots anew, and hold each against `right`, which says what it should
//! be.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use futures_util::StreamExt as _;
use futures_util::stream;
use harness::Gateway;
use harness::client::Client;
use harness::provider::{Provider, Reply};
use serde_json::{Value, json};

/// Cases that are played at once, each with a gateway of its own.
const AT_ONCE: usize = 8;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/odd_backends/cases")
}

#[tokio::test]
async fn every_case_of_a_bug_report_is_answered_as_it_should_be() {
    let mut files: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    let played = stream::iter(files).map(|file| async move {
        let case: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        (
            file.file_stem().unwrap().to_str().unwrap().to_owned(),
            play(&case).await,
        )
    });
    let played: Vec<(String, String)> = played.buffered(AT_ONCE).collect().await;
    assert!(played.len() > 60, "{}", played.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for (name, story) in played {
            insta::assert_snapshot!(name, story);
        }
    });
}

/// The backend's and the client's part of each exchange of a case.
async fn play(case: &Value) -> String {
    let provider = Provider::start();
    let gateway = Gateway::start().await;
    let model = case["model"].as_str().unwrap();
    let id = model.strip_suffix("[1m]").unwrap_or(model);
    gateway.admin().create_model_with(id, &provider, &case["backend"]).await;
    let program = gateway.program().await;
    let mut story = format!("right: {}\n", case["right"].as_str().unwrap());
    let mut answer = Value::Null;
    for request in case["requests"].as_array().unwrap() {
        provider.will(reply(&case["reply"]));
        let mut body = request["body"].as_str().unwrap().to_owned();
        if case["answer_goes_back"] == true && !answer.is_null() {
            let mut next: Value = serde_json::from_str(&body).unwrap();
            next["messages"][1]["content"] = answer["content"].take();
            body = next.to_string();
        }
        let told = ask(&program, request["path"].as_str().unwrap(), body).await;
        let sent = provider.completions();
        if let Some(sent) = sent.last() {
            writeln!(story, "\nbackend got: {}", masked(sent.json())).unwrap();
        }
        writeln!(story, "\nclient got: {}", told.0).unwrap();
        answer = told.1;
    }
    story
}

/// The status and the body, line by line; and the body as JSON if it is.
async fn ask(program: &Client, path: &str, body: String) -> (String, Value) {
    let request = program.post(path).header("content-type", "application/json").body(body);
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let dropped = response
        .headers()
        .get("x-translation-warnings")
        .map(|value| value.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    let mut told = format!("{status} {}\n", dropped.unwrap_or_default());
    for line in text.lines().filter(|line| !line.is_empty()) {
        let data = line.strip_prefix("data: ").unwrap_or(line);
        match serde_json::from_str(data) {
            Ok(json) => writeln!(told, "{}", masked(json)).unwrap(),
            Err(_) if line.starts_with("event: ") => {}
            Err(_) => writeln!(told, "{line}").unwrap(),
        }
    }
    (told, serde_json::from_str(&text).unwrap_or_default())
}

/// Without what is new in each run: ids and signatures that the gateway makes.
fn masked(mut json: Value) -> Value {
    match &mut json {
        Value::Object(members) => {
            for (name, value) in members.iter_mut() {
                *value = match (name.as_str(), value.as_str()) {
                    ("id", Some(id)) if id.starts_with("msg_") => json!("msg_"),
                    ("id" | "tool_use_id", Some(id)) if id.starts_with("toolu_") => json!("toolu_"),
                    ("request_id", Some(_)) => json!("req_"),
                    ("signature", Some(signature)) if signature.starts_with("gw1.") => json!("gw1."),
                    _ => masked(value.take()),
                };
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = masked(item.take())),
        _ => {}
    }
    json
}

/// The pieces of a raw reply, in which `\xNN` stands for a byte.
fn reply(pieces: &Value) -> Reply {
    let pieces = pieces
        .as_array()
        .unwrap()
        .iter()
        .map(|piece| Reply::raw(bytes_of(piece.as_str().unwrap())));
    pieces.reduce(Reply::then).unwrap_or_else(|| Reply::raw("")).close()
}

fn bytes_of(piece: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(piece.len());
    let mut rest = piece;
    while let Some((before, after)) = rest.split_once("\\x") {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(&after[..2], 16).unwrap());
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    bytes
}

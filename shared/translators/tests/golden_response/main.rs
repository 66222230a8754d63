//! Each fixture of `fixtures/messages/{from_chat,stream}`, of `{whole,stream}` in `fixtures/chat_of_messages`,
//! `fixtures/chat_of_responses` and `fixtures/messages_of_responses`, and of `fixtures/error`, with what clients get
//! for it in a snapshot beside it.
//!
//! Run with `INSTA_UPDATE=always` to write the snapshots anew, and read the difference like code.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a fixture that cannot be read must fail its test"
)]

mod fixture;
#[path = "../support/mod.rs"]
mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use serde_json::value::RawValue;
use translators::context::ResponseContext;
use translators::directions::{ApiDialect, ClientContext, Direction};
use translators::error::{BackendError, Code, Dialect, ErrorBody, ErrorContext, Secrets};
use translators::sse::Event;
use translators::stream::{Interruption, StreamOutcome};

use fixture::{ErrorFixture, ResponseFixture, StreamFixture};
use support::Hex;
use support::random::counting_random;

/// The client's side, made of a fixture's context.
type Client = fn(ResponseContext) -> ClientContext;

/// A Messages client as it is where the backend's dialect is not chat's.
fn composed_messages(context: ResponseContext) -> ClientContext {
    messages(ResponseContext {
        keeps_reasoning_details: true,
        ..context
    })
}

fn messages(context: ResponseContext) -> ClientContext {
    ClientContext::Messages(ResponseContext {
        sealer: Arc::new(Hex(usize::MAX)).into(),
        ..context
    })
}

#[test]
fn whole_messages_of_chat() {
    for_each("messages/from_chat", |fixture| {
        whole(messages, ApiDialect::Chat, fixture)
    });
}

#[test]
fn whole_completions_of_messages() {
    for_each("chat_of_messages/whole", |fixture| {
        whole(ClientContext::Chat, ApiDialect::Messages, fixture)
    });
}

#[test]
fn whole_completions_of_responses() {
    for_each("chat_of_responses/whole", |fixture| {
        whole(ClientContext::Chat, ApiDialect::Responses, fixture)
    });
}

#[test]
fn whole_messages_of_responses() {
    for_each("messages_of_responses/whole", |fixture| {
        whole(composed_messages, ApiDialect::Responses, fixture)
    });
}

#[test]
fn chat_streams_of_responses() {
    for_each("chat_of_responses/stream", |fixture| {
        streamed(ClientContext::Chat, ApiDialect::Responses, fixture)
    });
}

#[test]
fn message_streams_of_responses() {
    for_each("messages_of_responses/stream", |fixture| {
        streamed(composed_messages, ApiDialect::Responses, fixture)
    });
}

#[test]
fn message_streams_of_chat() {
    for_each("messages/stream", |fixture| {
        streamed(messages, ApiDialect::Chat, fixture)
    });
}

#[test]
fn chat_streams_of_messages() {
    for_each("chat_of_messages/stream", |fixture| {
        streamed(ClientContext::Chat, ApiDialect::Messages, fixture)
    });
}

fn whole(client: Client, backend: ApiDialect, fixture: &ResponseFixture) -> String {
    let direction = Direction {
        client: client(fixture.context.build()),
        backend,
    };
    let body = Bytes::from(text_of(&fixture.backend));
    match direction.whole(body, counting_random()) {
        Ok(response) => {
            let body = String::from_utf8(response.body).unwrap();
            let body = body
                .replace("\"content\":[{", "\"content\":[\n{")
                .replace("},{\"type\"", "},\n{\"type\"");
            let body = body.replace(",\"stop_reason\"", ",\n\"stop_reason\"");
            format!(
                "{body}\n\n{:?}\nestimated: {}",
                response.usage, response.usage_is_estimated
            )
        }
        Err(error) => in_both_dialects(error),
    }
}

fn streamed(client: Client, backend: ApiDialect, fixture: &StreamFixture) -> String {
    let direction = Direction {
        client: client(fixture.context.build()),
        backend,
    };
    let mut machine = direction.stream(counting_random());
    let mut out = BytesMut::new();
    if fixture.commit_first {
        machine.commit(&mut out);
    }
    for event in &fixture.events {
        let progress = machine.feed(&Event::of_data(text_of(event)), &mut out);
        writeln!(out, "-> {progress:?}").unwrap();
    }
    let outcome = machine.finish(fixture.end.build(), &mut out);
    format!("{}\n\n{}", abridged(&out), summary(&outcome))
}

#[test]
fn errors() {
    for_each("error", |fixture: &ErrorFixture| {
        let context = ErrorContext {
            secrets: Secrets::new(fixture.secrets.iter().map(String::as_str)),
            passes_auth_errors: fixture.pass,
            same_dialect: fixture.openai.then_some(Dialect::OpenAi),
        };
        let body = text_of(&fixture.body);
        let error_type = fixture.error_type.as_deref();
        in_both_dialects(BackendError::from_response(
            fixture.status,
            error_type,
            body.as_bytes(),
            &context,
        ))
    });
}

fn for_each<F: for<'a> Deserialize<'a>>(area: &str, translate: impl Fn(&F) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(area);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(&folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let fixtures = fixtures(&folder);
    assert!(!fixtures.is_empty(), "no fixtures in {area}");
    for path in fixtures {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let fixture = std::fs::read_to_string(&path).unwrap();
        let fixture = serde_json::from_str(&fixture).unwrap_or_else(|error| panic!("{name}: {error}"));
        settings.bind(|| insta::assert_snapshot!(name, translate(&fixture)));
    }
}

fn fixtures(folder: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut fixtures: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    fixtures.sort();
    fixtures
}

/// A fixture's JSON as it is written there; a string stands for text that is no JSON.
fn text_of(json: &RawValue) -> String {
    serde_json::from_str(json.get()).unwrap_or_else(|_| json.get().to_owned())
}

/// The data of the events, one a line: each repeats the name of its event as `type`.
fn abridged(stream: &[u8]) -> String {
    let stream = std::str::from_utf8(stream).unwrap();
    let lines = stream
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("event: "));
    lines
        .map(|line| line.strip_prefix("data: ").unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n")
}

fn summary(outcome: &StreamOutcome) -> String {
    let repairs = outcome
        .repairs
        .told()
        .map(|told| format!("\nrepairs: {told}"))
        .unwrap_or_default();
    let ending = match &outcome.ending {
        Ok(()) => "Ok".to_owned(),
        Err(Interruption::CutShort(error)) => format!("cut short: {} {}", error.status, error.message),
        Err(Interruption::Backend(error)) => format!("failed: {} {}", error.status, error.message),
    };
    format!(
        "ending: {ending}\n{:?}\nestimated: {}, upstream id: {:?}, nameless calls: {}{repairs}",
        outcome.usage, outcome.usage_is_estimated, outcome.upstream_id, outcome.nameless_calls
    )
}

/// The bodies of `/v1/messages` and `/v1/chat/completions`.
fn in_both_dialects(error: BackendError) -> String {
    let code = Code::from(&error);
    let body = ErrorBody {
        code,
        message: error.message.as_str(),
        field: None,
        detail: None,
        request_id: "req_1",
    };
    let render = |dialect| format!("{} {}", code.status(dialect), body.render(dialect));
    let object = error.object.as_ref().map(|(_, object)| format!("\npassed    {object}"));
    let retry = error.retry_after.map(|seconds| format!("\nretry after {seconds}"));
    format!(
        "anthropic {}\nopenai    {}{}{}",
        render(Dialect::Anthropic),
        render(Dialect::OpenAi),
        object.unwrap_or_default(),
        retry.unwrap_or_default()
    )
}

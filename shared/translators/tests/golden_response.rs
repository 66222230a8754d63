//! Each fixture of `fixtures/messages/{from_chat,stream}` and `fixtures/error`, with what clients get for it in a snapshot beside it.
//!
//! Run with `INSTA_UPDATE=always` to write the snapshots anew, and read the difference like code.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a fixture that cannot be read must fail its test"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bytes::BytesMut;
use serde::Deserialize;
use serde_json::value::RawValue;
use translators::context::RandomText;
use translators::context::{ResponseContext, ThinkingDisplay};
use translators::error::{BackendError, Code, Dialect, ErrorBody, ErrorContext, Secrets};
use translators::messages::from_chat;
use translators::messages::stream;
use translators::settings::ThinkTags;
use translators::sse::Event;
use translators::stream::{Interruption, StreamEnd, StreamOutcome};
use translators::tool_ids::UsedIds;

#[test]
fn whole_responses() {
    for_each("messages/from_chat", |fixture: &ResponseFixture| {
        let random = &mut counting_random();
        match from_chat::translate(text_of(&fixture.backend).as_bytes(), &fixture.context.build(), random) {
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
    });
}

#[test]
fn streams() {
    for_each("messages/stream", |fixture: &StreamFixture| {
        let mut machine = stream::from_chat(fixture.context.build(), counting_random());
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
    });
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResponseFixture {
    #[serde(default)]
    context: ContextFixture,
    backend: Box<RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamFixture {
    #[serde(default)]
    context: ContextFixture,
    #[serde(default)]
    commit_first: bool,
    events: Vec<Box<RawValue>>,
    #[serde(default)]
    end: EndFixture,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorFixture {
    status: u16,
    body: Box<RawValue>,
    #[serde(default)]
    pass: bool,
    /// AWS's header.
    #[serde(default)]
    error_type: Option<String>,
    #[serde(default)]
    secrets: Vec<String>,
    /// Client and backend both speak chat.
    #[serde(default)]
    openai: bool,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ContextFixture {
    stop_sequences: Vec<String>,
    estimated_input_tokens: u64,
    thinking: String,
    parse_think_tags: bool,
    thinking_is_unasked: bool,
    keeps_reasoning_details: bool,
    used_ids: Vec<String>,
    context_window: Option<u64>,
    secrets: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum EndFixture {
    #[default]
    Closed,
    Broken,
    TimedOut,
}

impl ContextFixture {
    fn build(&self) -> ResponseContext {
        ResponseContext {
            model: "the-model".to_owned(),
            stop_sequences: self.stop_sequences.clone(),
            thinking: match self.thinking.as_str() {
                "omitted" => ThinkingDisplay::Omitted,
                "discarded" => ThinkingDisplay::Discarded,
                _ => ThinkingDisplay::Shown,
            },
            thinking_is_unasked: self.thinking_is_unasked,
            keeps_reasoning_details: self.keeps_reasoning_details,
            used_ids: self.used_ids(),
            context_window: self.context_window,
            errors: ErrorContext {
                secrets: Secrets::new(self.secrets.iter().map(String::as_str)),
                ..ErrorContext::default()
            },
            think_tags: if self.parse_think_tags {
                ThinkTags::Parse
            } else {
                ThinkTags::Keep
            },
            estimated_input_tokens: self.estimated_input_tokens,
            ..ResponseContext::default()
        }
    }
}

impl ContextFixture {
    fn used_ids(&self) -> UsedIds {
        let mut used = UsedIds::default();
        self.used_ids.iter().for_each(|id| used.add(id));
        used
    }
}

impl EndFixture {
    fn build(&self) -> StreamEnd {
        match self {
            Self::Closed => StreamEnd::Closed,
            Self::Broken => StreamEnd::Broken,
            Self::TimedOut => StreamEnd::TimedOut,
        }
    }
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

/// `r01`, `r02`, … in place of random characters.
fn counting_random() -> RandomText {
    let mut count = 0;
    Box::new(move || {
        count += 1;
        format!("r{count:02}")
    })
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

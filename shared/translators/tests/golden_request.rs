//! Each request under `fixtures/messages/to_chat/` and `fixtures/chat_of_messages/request/` through the translation; its
//! result lies beside it as a snapshot.
//!
//! A fixture is `{"preset", "settings", "max_output_tokens", "output_limit", "request"}`, all but the last optional. To accept
//! changed results: `INSTA_UPDATE=always cargo test -p shared --test golden_request`, then read the diff.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops where something is not as expected"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;
use translators::chat::input::ChatInput;
use translators::error::RequestError;
use translators::messages::wire::request::MessagesBody;
use translators::messages::{backend, to_chat};
use translators::model::ModelFacts;
use translators::settings::{BackendOverrides, BackendSettings, Preset};
use translators::translated::TranslatedRequest;

const MESSAGES_AS_CHAT: &str = "messages/to_chat";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture<'a> {
    preset: Option<Preset>,
    #[serde(default)]
    settings: BackendOverrides,
    max_output_tokens: Option<u64>,
    output_limit: Option<u64>,
    #[serde(borrow)]
    request: &'a RawValue,
}

#[test]
fn messages_requests_as_chat_requests() {
    every_fixture_gives_its_snapshot(MESSAGES_AS_CHAT, |request, backend, model| {
        to_chat::translate(&MessagesBody::parse(request)?, backend, model)
    });
}

#[test]
fn chat_requests_as_messages_requests() {
    every_fixture_gives_its_snapshot("chat_of_messages/request", |request, backend, model| {
        backend::request::translate(&serde_json::from_slice::<ChatInput<'_>>(request)?, backend, model)
    });
}

fn every_fixture_gives_its_snapshot(
    area: &str,
    translate: impl Fn(&[u8], &BackendSettings, &ModelFacts) -> Result<TranslatedRequest, RequestError>,
) {
    let fixtures = fixtures(&folder(area));
    assert!(!fixtures.is_empty(), "the fixtures were not found");
    snapshots(area).bind(|| {
        for path in fixtures {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            let fixture: Fixture<'_> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let (backend, model) = (fixture.backend(), fixture.model());
            let outcome = match translate(fixture.request.get().as_bytes(), &backend, &model) {
                Ok(call) => accepted(&call),
                Err(error) => refused(&error),
            };
            insta::assert_snapshot!(name, outcome);
        }
    });
}

#[test]
fn section_2_1_each_preset_differs_from_the_defaults_as_its_snapshot_says() {
    let defaults = serde_json::to_value(BackendSettings::default()).unwrap();
    let mut text = String::new();
    for preset in Preset::ALL {
        writeln!(text, "{}", serde_json::to_string(&preset).unwrap()).unwrap();
        let settings = serde_json::to_value(preset.settings()).unwrap();
        for (name, value) in settings.as_object().unwrap() {
            if *value != defaults[name] {
                writeln!(text, "  {name} = {value}").unwrap();
            }
        }
    }
    snapshots(MESSAGES_AS_CHAT).bind(|| insta::assert_snapshot!("section_2_1_presets", text));
}

fn folder(area: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(area)
}

/// Each snapshot beside its fixture, under the same name.
fn snapshots(area: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder(area));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

fn fixtures(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut fixtures: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    fixtures.sort();
    fixtures
}

impl Fixture<'_> {
    fn backend(&self) -> BackendSettings {
        BackendSettings::resolve(self.preset, &self.settings)
    }

    fn model(&self) -> ModelFacts {
        ModelFacts {
            client_model: "client-name".into(),
            backend_model: "backend-name".into(),
            max_output_tokens: self.max_output_tokens,
            output_limit: self.output_limit,
            ..ModelFacts::default()
        }
    }
}

fn accepted(call: &TranslatedRequest) -> String {
    let mut text = pretty(std::str::from_utf8(&call.body).unwrap());
    if !call.warnings.is_empty() {
        write!(text, "\ndropped: {}", call.warnings.join(", ")).unwrap();
    }
    text
}

fn refused(error: &RequestError) -> String {
    let code = error.error_code.map(|code| format!("\nerror_code: {code}"));
    format!("400 {error}{}", code.unwrap_or_default())
}

/// The JSON as it is, only with lines: no member changes its place and no number its form.
fn pretty(json: &str) -> String {
    let mut text = String::new();
    let (mut depth, mut in_string, mut escaped) = (0, false, false);
    for (i, c) in json.char_indices() {
        let opens_empty = matches!(json.as_bytes().get(i + 1), Some(b'}' | b']'));
        let closes_empty = i > 0 && matches!(json.as_bytes()[i - 1], b'{' | b'[');
        match c {
            _ if in_string => text.push(c),
            '{' | '[' if !opens_empty => {
                depth += 1;
                text.push(c);
                new_line(&mut text, depth);
            }
            '}' | ']' if !closes_empty => {
                depth -= 1;
                new_line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                new_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            _ => text.push(c),
        }
        in_string ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    text
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
}

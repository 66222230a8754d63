//! Each request under `fixtures/messages/to_chat/`, and under `request/` of `fixtures/chat_of_messages/`,
//! `fixtures/chat_of_responses/` and `fixtures/messages_of_responses/`, through the translation; its result lies beside
//! it as a snapshot.
//!
//! A fixture is `{"preset", "settings", "max_output_tokens", "output_limit", "request"}`, all but the last optional. To
//! accept changed results: `INSTA_UPDATE=always cargo test -p translators --test golden_request`, then read the diff.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as expected")]

mod golden;
#[expect(dead_code, reason = "not all of it is needed here")]
mod support;

use std::fmt::Write as _;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use support::Hex;
use translators::chat::input::ChatInput;
use translators::directions::ApiDialect;
use translators::directions::request::of_messages;
use translators::error::RequestError;
use translators::messages::wire::request::MessagesBody;
use translators::messages::{backend, to_chat};
use translators::model::ModelFacts;
use translators::responses;
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

#[test]
fn chat_requests_as_responses_requests() {
    every_fixture_gives_its_snapshot("chat_of_responses/request", |request, backend, model| {
        responses::backend::request::translate(&serde_json::from_slice::<ChatInput<'_>>(request)?, backend, model)
    });
}

#[test]
fn messages_requests_as_responses_requests() {
    every_fixture_gives_its_snapshot("messages_of_responses/request", |request, backend, model| {
        let translated = of_messages(&MessagesBody::parse(request)?, ApiDialect::Responses, backend, model)?;
        Ok(translated.map_context(|client| client.response().clone()))
    });
}

fn every_fixture_gives_its_snapshot(
    area: &str,
    translate: impl Fn(&[u8], &BackendSettings, &ModelFacts) -> Result<TranslatedRequest, RequestError>,
) {
    golden::for_each(area, |text| {
        let fixture: Fixture<'_> = serde_json::from_str(text).unwrap();
        let (backend, model) = (fixture.backend(), fixture.model());
        match translate(fixture.request.get().as_bytes(), &backend, &model) {
            Ok(call) => accepted(&call),
            Err(error) => refused(&error),
        }
    });
}

#[test]
fn section_2_1_each_preset_differs_from_the_defaults_as_its_snapshot_says() {
    let defaults = serde_json::to_value(BackendSettings::default()).unwrap();
    let mut text = String::new();
    for preset in Preset::ALL.iter().copied() {
        writeln!(text, "{}", serde_json::to_string(&preset).unwrap()).unwrap();
        let settings = serde_json::to_value(preset.settings()).unwrap();
        for (name, value) in settings.as_object().unwrap() {
            if *value != defaults[name] {
                writeln!(text, "  {name} = {value}").unwrap();
            }
        }
    }
    golden::snapshots(MESSAGES_AS_CHAT).bind(|| insta::assert_snapshot!("section_2_1_presets", text));
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
            sealer: Arc::new(Hex(usize::MAX)).into(),
            ..ModelFacts::default()
        }
    }
}

fn accepted(call: &TranslatedRequest) -> String {
    let mut text = golden::pretty(std::str::from_utf8(&call.body).unwrap());
    if !call.warnings.is_empty() {
        write!(text, "\ndropped: {}", call.warnings.join(", ")).unwrap();
    }
    text
}

fn refused(error: &RequestError) -> String {
    let code = error.error_code.map(|code| format!("\nerror_code: {code}"));
    format!("400 {error}{}", code.unwrap_or_default())
}

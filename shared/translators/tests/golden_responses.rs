//! Each fixture under `fixtures/responses/`, of a backend that speaks chat, and under
//! `fixtures/responses_of_messages/`, of one that speaks Messages, through the translation of a Responses client; its
//! result lies beside it as a snapshot.
//!
//! Run with `INSTA_UPDATE=always` to write the snapshots anew, and read the difference like code.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as expected")]

mod golden;
#[path = "support/random.rs"]
mod random;

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use random::counting_random;
use serde::Deserialize;
use serde_json::value::RawValue;
use translators::directions::request::{DirectedRequest, of_responses};
use translators::directions::{ApiDialect, Direction};
use translators::error::{Dialect, ErrorBody, RequestError};
use translators::model::ModelFacts;
use translators::responses::lifecycle::Lifecycle;
use translators::responses::to_chat::{ResponsesRequest, check};
use translators::responses::token_count;
use translators::responses::wire::request::ResponsesBody;
use translators::settings::{BackendOverrides, BackendSettings, Preset};
use translators::sse::Event;
use translators::stream::{Interruption, StreamEnd};

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
    /// The backend's whole answer.
    #[serde(borrow, default)]
    backend: Option<&'a RawValue>,
    /// The backend's stream.
    #[serde(borrow, default)]
    events: Vec<&'a RawValue>,
    #[serde(default)]
    broken: bool,
    /// The response began before the backend's, with so many signs of life.
    begun_early: Option<u32>,
}

#[test]
fn requests() {
    every_request("responses/to_chat", ApiDialect::Chat);
    every_request("responses_of_messages/request", ApiDialect::Messages);
}

fn every_request(area: &str, backend: ApiDialect) {
    golden::for_each(area, |text| {
        let fixture: Fixture<'_> = serde_json::from_str(text).unwrap();
        match translated(&fixture, backend, &lifecycle()) {
            Ok(call) => {
                let mut text = golden::pretty(std::str::from_utf8(&call.body).unwrap());
                if !call.warnings.is_empty() {
                    write!(text, "\ndropped: {}", call.warnings.join(", ")).unwrap();
                }
                text
            }
            Err(error) => refused(&error),
        }
    });
}

#[test]
fn whole_responses() {
    every_whole("responses/from_chat", ApiDialect::Chat);
    every_whole("responses_of_messages/whole", ApiDialect::Messages);
}

fn every_whole(area: &str, backend: ApiDialect) {
    golden::for_each(area, |text| {
        let fixture: Fixture<'_> = serde_json::from_str(text).unwrap();
        let body = Bytes::from(fixture.backend.unwrap().get().to_owned());
        match direction(&fixture, backend, &lifecycle()).whole(body, counting_random()) {
            Ok(response) => golden::pretty(std::str::from_utf8(&response.body).unwrap()),
            Err(error) => format!("{} {error}", error.status),
        }
    });
}

#[test]
fn streams() {
    every_stream("responses/stream", ApiDialect::Chat);
    every_stream("responses_of_messages/stream", ApiDialect::Messages);
}

fn every_stream(area: &str, backend: ApiDialect) {
    golden::for_each(area, |text| {
        let fixture: Fixture<'_> = serde_json::from_str(text).unwrap();
        let lifecycle = lifecycle();
        let mut out = BytesMut::new();
        if let Some(signs) = fixture.begun_early {
            let early = context_lifecycle(&fixture, &lifecycle);
            early.begin_early(&mut out);
            (0..signs).for_each(|sign| early.show_life_early(sign, &mut out));
        }
        let mut machine = direction(&fixture, backend, &lifecycle).stream(counting_random());
        if fixture.begun_early.is_some() {
            machine.commit(&mut BytesMut::new());
        }
        for event in &fixture.events {
            if event.get() == "\"ping\"" {
                machine.ping(&mut out);
                continue;
            }
            let data = serde_json::from_str(event.get()).unwrap_or_else(|_| event.get().to_owned());
            machine.feed(&Event::of_data(data), &mut out);
        }
        let end = if fixture.broken {
            StreamEnd::Broken
        } else {
            StreamEnd::Closed
        };
        let ending = match machine.finish(end, &mut out).ending {
            Ok(()) => "Ok".to_owned(),
            Err(Interruption::CutShort(error)) => format!("cut short: {} {}", error.status, error.message),
            Err(Interruption::Backend(error)) => format!("failed: {} {}", error.status, error.message),
        };
        format!("{}\n\nending: {ending}", abridged(&out))
    });
}

fn translated(
    fixture: &Fixture<'_>,
    dialect: ApiDialect,
    lifecycle: &Lifecycle,
) -> Result<DirectedRequest, RequestError> {
    let backend = BackendSettings::resolve(fixture.preset, &fixture.settings);
    let model = ModelFacts {
        client_model: "client-name".into(),
        backend_model: "backend-name".into(),
        max_output_tokens: fixture.max_output_tokens,
        output_limit: fixture.output_limit,
        ..ModelFacts::default()
    };
    let body = body(fixture);
    check(&body)?;
    let request = ResponsesRequest { body: &body, lifecycle };
    of_responses(request, dialect, &backend, &model)
}

fn body<'a>(fixture: &Fixture<'a>) -> ResponsesBody<'a> {
    serde_json::from_str(fixture.request.get()).unwrap()
}

fn direction(fixture: &Fixture<'_>, backend: ApiDialect, lifecycle: &Lifecycle) -> Direction {
    let mut client = translated(fixture, backend, lifecycle).unwrap().context;
    client.response_mut().estimated_input_tokens = token_count::estimate(&body(fixture));
    Direction { client, backend }
}

fn context_lifecycle(fixture: &Fixture<'_>, lifecycle: &Lifecycle) -> Lifecycle {
    lifecycle.of_request(&body(fixture), "client-name").unwrap()
}

fn lifecycle() -> Lifecycle {
    Lifecycle::new("k".repeat(20), Arc::new(|| 1_795_770_000))
}

fn refused(error: &RequestError) -> String {
    let body = ErrorBody {
        code: error.code,
        message: &error.message,
        field: Some(&error.path),
        detail: None,
        request_id: "req_1",
    };
    format!(
        "{} {}",
        error.code.status(Dialect::OpenAi),
        body.render(Dialect::OpenAi)
    )
}

/// The data of the events, one a line, each of which repeats its name as `type`. What a response object repeats of the
/// request is left out.
fn abridged(stream: &[u8]) -> String {
    let stream = std::str::from_utf8(stream).unwrap();
    let lines = stream
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("event: "));
    let short = |line: &str| match line.split_once(",\"background\":") {
        Some((before, _)) => format!("{before},…}}}}"),
        None => line.to_owned(),
    };
    lines
        .map(|line| short(line.strip_prefix("data: ").unwrap_or(line)))
        .collect::<Vec<_>>()
        .join("\n")
}

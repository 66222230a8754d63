//! Whatever a chat backend sends, the stream of a Responses client is events with numbers in a row.

#![no_main]

#[path = "../../../shared/translators/tests/laws/mod.rs"]
#[expect(dead_code, reason = "each target checks one law")]
mod laws;
#[path = "../../../shared/translators/tests/support/mod.rs"]
mod support;

use std::sync::Arc;

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use translators::directions::{ApiDialect, ClientContext, Direction};
use translators::model::ModelFacts;
use translators::responses::lifecycle::Lifecycle;
use translators::responses::to_chat::{self, ResponsesRequest};
use translators::responses::wire::request::ResponsesBody;
use translators::settings::BackendSettings;
use translators::stream::{Progress, StreamEnd};

const REQUEST: &str = r#"{"model": "m", "input": "x", "reasoning": {"effort": "low", "summary": "auto"},
    "tools": [{"type": "custom", "name": "a"}, {"type": "function", "name": "b", "parameters": {}}]}"#;

fuzz_target!(|input: &[u8]| {
    let (cuts, bytes) = input.split_at(input.len().min(4));
    let cuts: Vec<usize> = cuts.iter().map(|cut| usize::from(*cut)).collect();
    let body: ResponsesBody<'_> = serde_json::from_str(REQUEST).unwrap();
    let lifecycle = Lifecycle::new("k".repeat(20), Arc::new(|| 1));
    let request = ResponsesRequest {
        body: &body,
        lifecycle: &lifecycle,
    };
    let request = to_chat::translate(request, &BackendSettings::default(), &ModelFacts::default()).unwrap();
    let direction = Direction {
        client: ClientContext::Responses(Box::new(request.context)),
        backend: ApiDialect::Chat,
    };
    let mut machine = direction.stream(support::random::counting_random());
    let mut out = BytesMut::new();
    for event in laws::decode(bytes, &cuts) {
        if matches!(machine.feed(&event, &mut out), Progress::Done | Progress::Failed) {
            break;
        }
    }
    machine.finish(StreamEnd::Closed, &mut out);
    for (number, event) in (0_u64..).zip(laws::decode(&out, &[]).iter().filter_map(|event| event.data())) {
        let event: Value = serde_json::from_slice(event).unwrap();
        assert_eq!(event["sequence_number"], number);
    }
});

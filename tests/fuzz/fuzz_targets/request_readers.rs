//! Whatever a client sends, its request is refused or becomes a chat request that is JSON.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;
use translators::messages::wire::request::MessagesBody;
use translators::model::ModelFacts;
use translators::responses::lifecycle::Lifecycle;
use translators::responses::to_chat::ResponsesRequest;
use translators::responses::wire::request::ResponsesBody;
use translators::settings::BackendSettings;
use translators::{messages, responses};

/// True for JSON by its grammar alone: numbers that nobody here reads may be of any size.
fn is_json(body: &[u8]) {
    serde_json::from_slice::<&RawValue>(body).unwrap();
}

fuzz_target!(|input: &[u8]| {
    let (backend, model) = (BackendSettings::default(), ModelFacts::default());
    if let Ok(body) = MessagesBody::parse(input)
        && let Ok(chat) = messages::to_chat::translate(&body, &backend, &model)
    {
        is_json(&chat.body);
    }
    if let Ok(body) = serde_json::from_slice::<ResponsesBody<'_>>(input) {
        let lifecycle = Lifecycle::new("k".repeat(20), Arc::new(|| 1));
        let request = ResponsesRequest {
            body: &body,
            lifecycle: &lifecycle,
        };
        if let Ok(chat) = responses::to_chat::translate(request, &backend, &model) {
            is_json(&chat.body);
        }
    }
});

//! Oddities of thinking: two places for the same text, lists of parts, no signature.

use crate::draft::Draft;
use crate::json::{Json, json};
use crate::speak::Event;

const FIELDS: [&str; 2] = ["reasoning_content", "reasoning"];

/// Every delta, or the message, of a chat completion.
fn said(draft: &mut Draft) -> impl Iterator<Item = &mut Json> {
    let member = if draft.streamed { "delta" } else { "message" };
    let jsons = draft
        .events
        .iter_mut()
        .filter_map(Event::json_mut)
        .chain([&mut draft.body]);
    jsons.filter_map(move |json| json.at_mut(&["choices", "0", member]))
}

fn thinking_of(said: &Json) -> Option<(usize, String)> {
    let texts = FIELDS
        .iter()
        .enumerate()
        .filter_map(|(field, name)| Some((field, said.text_at(&[name])?.to_owned())));
    texts.into_iter().next()
}

pub(super) fn two_fields(draft: &mut Draft) -> bool {
    let mut changed = false;
    for said in said(draft) {
        let Some((field, text)) = thinking_of(said) else {
            continue;
        };
        said.add(FIELDS[1 - field], text);
        changed = true;
    }
    changed
}

pub(super) fn details(draft: &mut Draft) -> bool {
    let mut changed = false;
    for said in said(draft) {
        let Some((_, text)) = thinking_of(said) else { continue };
        said.add(
            "reasoning_details",
            json!([{"type": "reasoning.text", "text": text, "format": "unknown", "index": 0}]),
        );
        changed = true;
    }
    changed
}

pub(super) fn parts(draft: &mut Draft) -> bool {
    let mut changed = false;
    for said in said(draft) {
        let mut parts = Vec::new();
        if let Some((field, text)) = thinking_of(said) {
            said.remove(FIELDS[field]);
            parts.push(json!({"type": "thinking", "thinking": [{"type": "text", "text": text}]}));
        }
        if let Some(text) = said.text_at(&["content"]).filter(|text| !text.is_empty()) {
            parts.push(json!({"type": "text", "text": text}));
        }
        if !parts.is_empty() {
            said.set("content", parts);
            changed = true;
        }
    }
    changed
}

pub(super) fn signature_missing(draft: &mut Draft) -> bool {
    let count = draft.events.len();
    let is_signature =
        |event: &Event| event.json().and_then(|json| json.text_at(&["delta", "type"])) == Some("signature_delta");
    draft.events.retain(|event| !is_signature(event));
    draft.events.len() < count
}

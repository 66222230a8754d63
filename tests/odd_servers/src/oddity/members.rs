//! Odd values, members that stand twice, and events that say nothing (B5).

use crate::draft::Draft;
use crate::json::{Json, json};
use crate::protocol::Protocol;
use crate::speak::{Event, Part};

fn nothings() -> [Json; 5] {
    [json!(""), json!({}), Json::Null, json!([null]), json!([])]
}

/// Sets a member of the message, or of one delta, that says nothing.
fn set_nothing(draft: &mut Draft, name: &str, kinds: usize) -> bool {
    let nothing = nothings()[draft.rng.below(kinds)].clone();
    let Some(said) = draft.content_object() else {
        return false;
    };
    if said.get(name).is_some_and(|value| *value != Json::Null) {
        return false;
    }
    said.set(name, nothing);
    true
}

pub(super) fn tool_calls_empty(draft: &mut Draft) -> bool {
    set_nothing(draft, "tool_calls", 5)
}

pub(super) fn function_call_empty(draft: &mut Draft) -> bool {
    set_nothing(draft, "function_call", 3)
}

/// The object of an event with content, or the body.
fn envelope(draft: &mut Draft) -> Option<&mut Json> {
    if !draft.streamed {
        return Some(&mut draft.body);
    }
    let place = draft.content_place()?;
    draft.events[place].json_mut()
}

pub(super) fn error_empty(draft: &mut Draft) -> bool {
    let nothing = [json!(""), json!({}), json!(false), Json::Null][draft.rng.below(4)].clone();
    envelope(draft).is_some_and(|json| {
        json.set("error", nothing);
        true
    })
}

fn insert_noise(draft: &mut Draft, event: Event) -> bool {
    let place = draft.any_place();
    draft.events.insert(place, event);
    true
}

pub(super) fn choices_null(draft: &mut Draft) -> bool {
    let mut event = draft.empty_event();
    let kind = draft.rng.below(4);
    if let Some(json) = event.json_mut() {
        json.remove("choices");
        if let Some(choices) = [json!([null]), Json::Null, json!([])].get(kind) {
            json.add("choices", choices.clone());
        }
    }
    insert_noise(draft, event)
}

pub(super) fn choices_other(draft: &mut Draft) -> bool {
    if draft.streamed {
        let chunk = draft.chunk(json!([{"index": 1, "delta": {"content": "other"}, "finish_reason": null}]));
        let Some(place) = draft.place_before_finish() else {
            return false;
        };
        draft.events.insert(place, Event::new(Part::Noise, chunk));
        return true;
    }
    let other = json!({"index": 1, "message": {"role": "assistant", "content": "other"}, "finish_reason": "stop"});
    if let Some(Json::Array(choices)) = draft.body.at_mut(&["choices"]) {
        choices.push(other);
    }
    true
}

pub(super) fn choice_index_odd(draft: &mut Draft) -> bool {
    let index = [
        None,
        Some(json!("0")),
        Some(Json::Number("0.0".to_owned())),
        Some(Json::Null),
    ][draft.rng.below(4)]
    .clone();
    for json in draft
        .events
        .iter_mut()
        .filter_map(Event::json_mut)
        .chain([&mut draft.body])
    {
        let Some(choice) = json
            .at_mut(&["choices", "0"])
            .filter(|choice| choice.count_at(&["index"]) == Some(0))
        else {
            continue;
        };
        choice.remove("index");
        if let Some(index) = &index {
            choice.add_first("index", index.clone());
        }
    }
    true
}

pub(super) fn odd(draft: &mut Draft) -> bool {
    let numbers = [draft.rng.below(3), draft.rng.below(3)];
    let Some(said) = draft.content_object() else {
        return false;
    };
    let (name, value) = [("audio", json!({})), ("annotations", json!("")), ("role", Json::Null)][numbers[0]].clone();
    said.set(name, value);
    let Some(envelope) = envelope(draft) else { return false };
    let (name, value) = [
        ("created", json!("now")),
        ("system_fingerprint", json!({})),
        ("service_tier", json!(0)),
    ][numbers[1]]
        .clone();
    envelope.set(name, value);
    true
}

pub(super) fn data_null(draft: &mut Draft) -> bool {
    insert_noise(draft, Event::noise(None, "null"))
}

pub(super) fn heartbeats(draft: &mut Draft) -> bool {
    for _ in 0..=draft.rng.below(3) {
        let name = draft.rng.pick(&["ping", "heartbeat", "keep-alive"]);
        let data = draft
            .rng
            .pick(&["", "{}", "1", "pong", "null", "{\"type\":\"ping\"}", "[]"]);
        insert_noise(draft, Event::noise(Some(name), data));
    }
    true
}

pub(super) fn events_unknown(draft: &mut Draft) -> bool {
    let data = match draft.protocol {
        Protocol::Responses => json!({"type": "response.hint.delta", "delta": "no text", "output_index": 0}),
        _ => json!({"type": "content_block_hint", "index": 0, "text": "no text"}),
    };
    insert_noise(draft, Event::named(Part::Noise, data))
}

/// The object in which the text of an event or of the body stands, and the name of that member.
fn text_member(draft: &mut Draft) -> Option<(&mut Json, &'static str)> {
    let (protocol, streamed) = (draft.protocol, draft.streamed);
    let paths: &[(&[&str], &'static str)] = match (protocol, streamed) {
        (Protocol::Chat, _) => &[(&[], "content")],
        (Protocol::Messages, true) => &[
            (&["delta"], "text"),
            (&["delta"], "thinking"),
            (&["delta"], "partial_json"),
        ],
        (Protocol::Messages, false) => &[(&["content", "0"], "text"), (&["content", "0"], "thinking")],
        (Protocol::Responses, true) => &[(&[], "delta")],
        (Protocol::Responses, false) => &[
            (&["output", "0", "content", "0"], "text"),
            (&["output", "0"], "arguments"),
        ],
    };
    let json = draft.content_object()?;
    let (path, name) = paths
        .iter()
        .find(|(path, name)| json.at(path).is_some_and(|holder| holder.text_at(&[name]).is_some()))?;
    json.at_mut(path).map(|holder| (holder, *name))
}

pub(super) fn content_twice(draft: &mut Draft) -> bool {
    let earlier = [None, Some(json!("")), Some(Json::Null), Some(json!("another text"))][draft.rng.below(4)].clone();
    let Some((holder, name)) = text_member(draft) else {
        return false;
    };
    let said = holder.get(name).cloned().unwrap_or(Json::Null);
    holder.add_first(name, earlier.unwrap_or(said));
    true
}

pub(super) fn thinking_twice(draft: &mut Draft) -> bool {
    let member = if draft.streamed { "delta" } else { "message" };
    let mut found = false;
    for json in draft
        .events
        .iter_mut()
        .filter_map(Event::json_mut)
        .chain([&mut draft.body])
    {
        let Some(said) = json.at_mut(&["choices", "0", member]) else {
            continue;
        };
        let name = ["reasoning_content", "reasoning"]
            .into_iter()
            .find(|name| said.text_at(&[name]).is_some());
        let Some(name) = name else { continue };
        let text = said.get(name).cloned().unwrap_or(Json::Null);
        said.add(name, text);
        found = true;
    }
    found
}

pub(super) fn twice(draft: &mut Draft) -> bool {
    let (name, earlier) = match (draft.protocol, draft.rng.below(2)) {
        (Protocol::Chat, 0) => ("choices", json!([])),
        (Protocol::Messages, 0) if draft.streamed => ("index", json!(99)),
        (Protocol::Responses, 0) if draft.streamed => ("output_index", json!(99)),
        _ => ("id", json!("another")),
    };
    envelope(draft).is_some_and(|json| {
        if json.get(name).is_none() {
            json.add(name, earlier.clone());
        }
        json.add_first(name, earlier);
        true
    })
}

//! Oddities of the events of messages and responses: what is missing, jumps, or comes all at once.

use crate::draft::Draft;
use crate::json::{Json, json};
use crate::speak::{Event, Part};

fn kind(event: &Event) -> &str {
    event
        .json()
        .and_then(|json| json.text_at(&["type"]))
        .unwrap_or_default()
}

/// Removes events; false if none was there.
fn remove(draft: &mut Draft, unwanted: impl Fn(&Event) -> bool) -> bool {
    let count = draft.events.len();
    draft.events.retain(|event| !unwanted(event));
    draft.events.len() < count
}

pub(super) fn content_in_start(draft: &mut Draft) -> bool {
    let starts: Vec<usize> = (0..draft.events.len())
        .filter(|place| kind(&draft.events[*place]) == "content_block_start")
        .collect();
    if starts.is_empty() {
        return false;
    }
    let start = starts[draft.rng.below(starts.len())];
    let deltas = draft.events[start + 1..]
        .iter()
        .take_while(|event| event.part.is_content())
        .count();
    let texts = draft.events[start + 1..=start + deltas].iter().filter_map(|event| {
        let delta = event.json()?.at(&["delta"])?;
        delta
            .text_at(&["text"])
            .or(delta.text_at(&["thinking"]))
            .or(delta.text_at(&["partial_json"]))
    });
    let content: String = texts.collect();
    let Some(block) = draft.events[start]
        .json_mut()
        .and_then(|json| json.at_mut(&["content_block"]))
    else {
        return false;
    };
    match block.text_at(&["type"]) {
        Some("text") => block.set("text", content),
        Some("thinking") => block.set("thinking", content),
        _ => match Json::parse(&content) {
            Ok(input) if input.is_object() => block.set("input", input),
            _ => return false,
        },
    }
    draft.events.drain(start + 1..=start + deltas);
    true
}

pub(super) fn block_stop_missing(draft: &mut Draft) -> bool {
    remove(draft, |event| kind(event) == "content_block_stop")
}

pub(super) fn block_indices_jump(draft: &mut Draft) -> bool {
    for json in draft.events.iter_mut().filter_map(Event::json_mut) {
        if let Some(index) = json.count_at(&["index"]) {
            json.set("index", index * 2 + 1);
        }
    }
    true
}

pub(super) fn message_deltas(draft: &mut Draft) -> bool {
    let Some(place) = draft.place_of(Part::Finish) else {
        return false;
    };
    let delta = json!({"type": "message_delta", "delta": {"stop_reason": null, "stop_sequence": null}, "usage": {"output_tokens": 1}});
    draft.events.insert(place, Event::named(Part::Noise, delta));
    true
}

pub(super) fn part_events_missing(draft: &mut Draft) -> bool {
    let dones_too = draft.rng.one_in(2);
    remove(draft, |event| {
        let kind = kind(event);
        let of_part = kind.contains("_part.");
        let done = kind.rsplit('.').next() == Some("done") && kind != "response.output_item.done";
        of_part || dones_too && done
    })
}

pub(super) fn deltas_missing(draft: &mut Draft) -> bool {
    remove(draft, |event| kind(event).rsplit('.').next() == Some("delta"))
}

pub(super) fn only_terminal(draft: &mut Draft) -> bool {
    remove(draft, |event| event.part == Part::Edge || event.part.is_content())
}

pub(super) fn output_missing(draft: &mut Draft) -> bool {
    let Some(place) = draft.place_of(Part::Finish) else {
        return false;
    };
    let response = draft.events[place]
        .json_mut()
        .and_then(|json| json.at_mut(&["response"]));
    response.is_some_and(|response| {
        response.set("output", json!([]));
        true
    })
}

pub(super) fn sequence_missing(draft: &mut Draft) -> bool {
    let zero = draft.rng.one_in(2);
    for json in draft.events.iter_mut().filter_map(Event::json_mut) {
        json.remove("sequence_number");
        if zero {
            json.add("sequence_number", 0);
        }
    }
    true
}

pub(super) fn names_missing(draft: &mut Draft) -> bool {
    draft.events.iter_mut().for_each(|event| event.name = None);
    true
}

pub(super) fn names_odd(draft: &mut Draft) -> bool {
    let name = draft.rng.pick(&["message", "chunk", "data", "completion"]);
    draft
        .events
        .iter_mut()
        .for_each(|event| event.name = Some(name.to_owned()));
    true
}

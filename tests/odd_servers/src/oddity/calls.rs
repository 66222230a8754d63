//! Oddities of the pieces of calls in chat completions: ids, names, indices, shapes (B2).

use crate::draft::Draft;
use crate::json::{Json, json};
use crate::rng::Rng;
use crate::speak::{Event, Part};
use crate::truth::Truth;

/// Changes the pieces behind the first one of each call; false if there is none.
fn later_pieces(draft: &mut Draft, mut change: impl FnMut(usize, &mut Json, &mut Rng)) -> bool {
    let mut changed = false;
    draft.each_call_piece(|ordinal, first, piece, rng| {
        if !first {
            change(ordinal, piece, rng);
            changed = true;
        }
    });
    changed
}

fn ids(truth: &Truth) -> Vec<String> {
    truth.calls().map(|call| call.id.clone().unwrap_or_default()).collect()
}

pub(super) fn ids_missing(draft: &mut Draft) -> bool {
    let instead = [None, Some(json!("")), Some(Json::Null)][draft.rng.below(3)].clone();
    draft.each_call_piece(|_, _, piece, _| {
        if piece.remove("id").is_some()
            && let Some(value) = &instead
        {
            piece.add_first("id", value.clone());
        }
    });
    draft.truth.calls_mut().for_each(|call| call.id = None);
    draft.has_calls(1)
}

pub(super) fn ids_null_later(draft: &mut Draft) -> bool {
    let nothing = if draft.rng.one_in(2) { Json::Null } else { json!("") };
    later_pieces(draft, |_, piece, _| {
        piece.set("id", nothing.clone());
        piece.set("type", nothing.clone());
        if let Some(function) = piece.at_mut(&["function"]) {
            function.set("name", nothing.clone());
        }
    })
}

pub(super) fn ids_repeated(draft: &mut Draft) -> bool {
    let ids = ids(&draft.truth);
    later_pieces(draft, |ordinal, piece, _| piece.set("id", &ids[ordinal]))
}

pub(super) fn ids_change(draft: &mut Draft) -> bool {
    later_pieces(draft, |_, piece, rng| {
        piece.set("id", format!("call_other_{:x}", rng.next()));
    })
}

pub(super) fn names_repeated(draft: &mut Draft) -> bool {
    let ids = ids(&draft.truth);
    let names: Vec<String> = draft.truth.calls().map(|call| call.name.clone()).collect();
    let with_id = draft.rng.one_in(2);
    later_pieces(draft, |ordinal, piece, _| {
        if with_id {
            piece.set("id", &ids[ordinal]);
        }
        if let Some(function) = piece.at_mut(&["function"]) {
            function.add_first("name", &names[ordinal]);
        }
    })
}

pub(super) fn signed(draft: &mut Draft) -> bool {
    draft.each_call_piece(|_, first, piece, _| {
        if first {
            piece.add(
                "extra_content",
                json!({"google": {"thought_signature": "c2lnbmF0dXJl+/=="}}),
            );
        }
    });
    draft.truth.calls_mut().for_each(|call| call.id = None);
    draft.has_calls(1)
}

pub(super) fn said_again(draft: &mut Draft) -> bool {
    let count = draft.truth.calls().count();
    let ordinal = draft.rng.below(count);
    let Some(call) = draft.truth.calls().nth(ordinal) else {
        return false;
    };
    let again = json!({
        "index": (count + ordinal), "id": (call.id.clone().unwrap_or_default()), "type": "function",
        "function": {"name": (&call.name), "arguments": (call.arguments.text())},
    });
    let chunk = draft.chunk(json!([{"index": 0, "delta": {"tool_calls": [again]}, "finish_reason": null}]));
    let pieces_of = |event: &Event| {
        event
            .json()
            .and_then(|json| json.count_at(&["choices", "0", "delta", "tool_calls", "0", "index"]))
    };
    let last_piece = draft
        .events
        .iter()
        .rposition(|event| pieces_of(event) == u64::try_from(ordinal).ok());
    let (Some(last_piece), Some(finish)) = (last_piece, draft.place_of(Part::Finish)) else {
        return false;
    };
    if last_piece >= finish {
        return false;
    }
    let place = if draft.rng.one_in(2) { last_piece + 1 } else { finish };
    draft.events.insert(place, Event::new(Part::Call(ordinal), chunk));
    true
}

/// The first run of events of calls: from, to.
fn run_of_calls(draft: &Draft) -> Option<(usize, usize)> {
    let is_call = |event: &Event| matches!(event.part, Part::Call(_));
    let from = draft.events.iter().position(is_call)?;
    let length = draft.events[from..]
        .iter()
        .position(|event| !is_call(event))
        .unwrap_or(draft.events.len() - from);
    Some((from, from + length))
}

pub(super) fn interleaved(draft: &mut Draft) -> bool {
    let Some((from, to)) = run_of_calls(draft) else {
        return false;
    };
    let mut calls: Vec<(Part, Vec<Event>)> = Vec::new();
    for event in draft.events.drain(from..to) {
        match calls.iter_mut().find(|(part, _)| *part == event.part) {
            Some((_, events)) => events.push(event),
            None => calls.push((event.part, vec![event])),
        }
    }
    let several = calls.iter().filter(|(_, events)| events.len() > 1).count() > 0 && calls.len() > 1;
    let mut queues: Vec<_> = calls.into_iter().map(|(_, events)| events.into_iter()).collect();
    let mut turns = Vec::new();
    while turns.len() < to - from {
        if several {
            turns.extend(queues.iter_mut().filter_map(Iterator::next));
        } else {
            turns.extend(queues.iter_mut().flatten());
        }
    }
    draft.events.splice(from..from, turns);
    several
}

fn set_indices(draft: &mut Draft, index: impl Fn(usize) -> Option<Json>) -> bool {
    draft.each_call_piece(|ordinal, _, piece, _| match index(ordinal) {
        Some(index) => piece.set("index", index),
        None => drop(piece.remove("index")),
    });
    draft.has_calls(1)
}

pub(super) fn indices_missing(draft: &mut Draft) -> bool {
    set_indices(draft, |_| None)
}

pub(super) fn indices_as_text(draft: &mut Draft) -> bool {
    set_indices(draft, |ordinal| Some(json!(ordinal.to_string())))
}

pub(super) fn indices_as_floats(draft: &mut Draft) -> bool {
    set_indices(draft, |ordinal| Some(Json::Number(format!("{ordinal}.0"))))
}

pub(super) fn indices_negative(draft: &mut Draft) -> bool {
    set_indices(draft, |_| Some(json!(-1)))
}

pub(super) fn indices_zero(draft: &mut Draft) -> bool {
    set_indices(draft, |_| Some(json!(0))) && draft.has_calls(2)
}

pub(super) fn indices_jump(draft: &mut Draft) -> bool {
    match draft.rng.below(3) {
        0 => set_indices(draft, |ordinal| Some(json!(ordinal + 1))),
        1 => set_indices(draft, |ordinal| Some(json!(ordinal * 3 + 2))),
        _ => set_indices(draft, |ordinal| Some(json!(100 - ordinal))),
    }
}

pub(super) fn in_one_delta(draft: &mut Draft) -> bool {
    let Some((from, to)) = run_of_calls(draft).filter(|(from, to)| to - from > 1) else {
        return false;
    };
    let joined = draft.rng.between(2, to - from + 1);
    let path = &["choices", "0", "delta", "tool_calls"];
    let pieces: Vec<Json> = draft
        .events
        .drain(from + 1..from + joined)
        .filter_map(|event| Some(event.json()?.at(path)?.items().to_vec()))
        .flatten()
        .collect();
    if let Some(Json::Array(items)) = draft.events[from].json_mut().and_then(|json| json.at_mut(path)) {
        items.extend(pieces);
    }
    true
}

pub(super) fn function_call(draft: &mut Draft) -> bool {
    if draft.truth.calls().count() != 1 {
        return false;
    }
    let member = if draft.streamed { "delta" } else { "message" };
    for json in draft
        .events
        .iter_mut()
        .filter_map(Event::json_mut)
        .chain([&mut draft.body])
    {
        let Some(said) = json.at_mut(&["choices", "0", member]) else {
            continue;
        };
        let Some(function) = said.at(&["tool_calls", "0", "function"]).cloned() else {
            continue;
        };
        said.remove("tool_calls");
        said.add("function_call", function);
    }
    draft.truth.calls_mut().for_each(|call| call.id = None);
    true
}

pub(super) fn arguments_as_object(draft: &mut Draft) -> bool {
    let texts: Vec<String> = draft
        .truth
        .calls()
        .map(|call| call.arguments.text().to_owned())
        .collect();
    let mut changed = false;
    draft.each_call_piece(|ordinal, _, piece, _| {
        let Some(arguments) = piece.at_mut(&["function", "arguments"]) else {
            return;
        };
        // A piece of them may be an object too.
        let Some(whole) = arguments.text().filter(|text| *text == texts[ordinal]) else {
            return;
        };
        if let Ok(object) = Json::parse(whole) {
            *arguments = object;
            changed = true;
        }
    });
    changed
}

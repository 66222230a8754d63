//! Oddities of the end of an answer: its reason and its mark (B1, B4).

use crate::draft::Draft;
use crate::json::{Json, json};
use crate::protocol::Protocol;
use crate::speak::{Event, Part};
use crate::truth::Stop;

fn choice(event: &mut Event) -> Option<&mut Json> {
    event.json_mut().and_then(|json| json.at_mut(&["choices", "0"]))
}

/// The place of the chunk with the reason, and the reason.
fn finish(draft: &Draft) -> Option<(usize, Json)> {
    let place = draft.place_of(Part::Finish)?;
    let word = draft.events[place]
        .json()?
        .at(&["choices", "0", "finish_reason"])?
        .clone();
    Some((place, word))
}

fn set_everywhere(draft: &mut Draft, word: &Json) -> bool {
    let places = draft.content_places();
    for place in &places {
        if let Some(choice) = choice(&mut draft.events[*place]) {
            choice.set("finish_reason", word.clone());
        }
    }
    !places.is_empty()
}

pub(super) fn finish_everywhere(draft: &mut Draft) -> bool {
    finish(draft).is_some_and(|(_, word)| set_everywhere(draft, &word))
}

pub(super) fn finish_everywhere_slowly(draft: &mut Draft) -> bool {
    if !finish_everywhere(draft) {
        return false;
    }
    for event in draft.events.iter_mut().skip(1) {
        event.after_ms = draft.rng.between(100, 1_900) as u64;
    }
    true
}

pub(super) fn finish_with_thinking(draft: &mut Draft) -> bool {
    let Some((place, word)) = finish(draft) else {
        return false;
    };
    let last = draft.events.iter().rposition(|event| event.part == Part::Thinking);
    let Some(last) = last.filter(|last| draft.events[last + 1..].iter().any(|event| event.part.is_content())) else {
        return false;
    };
    if let Some(choice) = choice(&mut draft.events[last]) {
        choice.set("finish_reason", word);
    }
    if draft.rng.one_in(2)
        && let Some(choice) = choice(&mut draft.events[place])
    {
        choice.set("finish_reason", Json::Null);
    }
    true
}

/// The place of a chunk that tells the reason and nothing else.
fn bare_finish(draft: &Draft) -> Option<usize> {
    let place = draft.place_of(Part::Finish)?;
    let delta = draft.events[place].json()?.at(&["choices", "0", "delta"])?;
    delta.members().is_empty().then_some(place)
}

pub(super) fn finish_early(draft: &mut Draft) -> bool {
    let (Some(place), Some(earlier)) = (bare_finish(draft), draft.content_place()) else {
        return false;
    };
    let finish = draft.events.remove(place);
    draft.events.insert(earlier, finish);
    true
}

pub(super) fn finish_usage_content(draft: &mut Draft) -> bool {
    let (Some((_, word)), Some(place)) = (finish(draft), draft.content_place()) else {
        return false;
    };
    let finish = draft.chunk(json!([{"index": 0, "delta": {}, "finish_reason": word}]));
    let mut usage = draft.chunk(json!([]));
    usage.set(
        "usage",
        json!({"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}),
    );
    let events = [Event::new(Part::Noise, finish), Event::new(Part::Noise, usage)];
    draft.events.splice(place..place, events);
    true
}

pub(super) fn finish_empty(draft: &mut Draft) -> bool {
    set_everywhere(draft, &json!(""))
}

pub(super) fn finish_missing(draft: &mut Draft) -> bool {
    let Some((place, _)) = finish(draft) else { return false };
    if !matches!(draft.truth.stop, Stop::Natural | Stop::ToolUse) || draft.content_places().is_empty() {
        return false;
    }
    if let Some(choice) = choice(&mut draft.events[place]) {
        choice.set("finish_reason", Json::Null);
    }
    true
}

pub(super) fn finish_twice(draft: &mut Draft) -> bool {
    let Some((place, word)) = finish(draft) else {
        return false;
    };
    let again = draft.chunk(json!([{"index": 0, "delta": {}, "finish_reason": word}]));
    draft.events.insert(place + 1, Event::new(Part::Noise, again));
    true
}

pub(super) fn finish_error(draft: &mut Draft) -> bool {
    let message = "the provider died (4711)";
    let error = json!({"code": 502, "message": message});
    let kind = draft.rng.below(3);
    let json = if draft.streamed {
        draft
            .place_of(Part::Finish)
            .and_then(|place| draft.events[place].json_mut())
    } else {
        Some(&mut draft.body)
    };
    let Some(json) = json else { return false };
    if let Some(choice) = json.at_mut(&["choices", "0"]) {
        choice.set("finish_reason", "error");
        if kind == 1 {
            choice.set("error", error.clone());
        }
    }
    if kind == 2 {
        json.set("error", error);
    }
    draft.must_fail((kind > 0).then_some(message));
    true
}

pub(super) fn mark_missing(draft: &mut Draft) -> bool {
    let count = draft.events.len();
    draft.events.retain(|event| event.part != Part::Done);
    draft.events.len() < count
}

pub(super) fn mark_twice(draft: &mut Draft) -> bool {
    let mark = match draft.protocol {
        Protocol::Messages if draft.rng.one_in(2) => Event::named(Part::Noise, json!({"type": "message_stop"})),
        _ => Event::noise(None, "[DONE]"),
    };
    draft.events.push(mark);
    true
}

pub(super) fn only_done(draft: &mut Draft) -> bool {
    draft.events = vec![Event::done()];
    draft.must_fail(None);
    true
}

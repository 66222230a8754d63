//! Oddities of the counts of tokens (B7).

use crate::draft::Draft;
use crate::expectation::UsageExpectation;
use crate::json::{Json, json};
use crate::protocol::Protocol;
use crate::speak::{Event, Part, chat_usage, messages_usage, responses_usage};
use crate::truth::Usage;

fn not_believed(draft: &mut Draft) -> bool {
    draft.usage = draft.usage.max(UsageExpectation::Estimated);
    true
}

fn replace(draft: &mut Draft, usage: &Json) -> bool {
    let usages = draft.usages_mut();
    let found = !usages.is_empty();
    for old in usages {
        *old = usage.clone();
    }
    found
}

pub(super) fn missing(draft: &mut Draft) -> bool {
    for json in draft
        .events
        .iter_mut()
        .filter_map(Event::json_mut)
        .chain([&mut draft.body])
    {
        json.remove("usage");
        for within in ["message", "response"] {
            if let Some(within) = json.at_mut(&[within]) {
                within.remove("usage");
            }
        }
    }
    draft.events.retain(|event| event.part != Part::Usage);
    not_believed(draft)
}

pub(super) fn zero(draft: &mut Draft) -> bool {
    let zeros = match draft.protocol {
        Protocol::Chat => chat_usage(Usage::default()),
        Protocol::Messages => messages_usage(Usage::default()),
        Protocol::Responses => responses_usage(Usage::default()),
    };
    replace(draft, &zeros) && not_believed(draft)
}

pub(super) fn empty(draft: &mut Draft) -> bool {
    let empty = if draft.rng.one_in(2) { json!({}) } else { Json::Null };
    replace(draft, &empty) && not_believed(draft)
}

pub(super) fn only_total(draft: &mut Draft) -> bool {
    let total = draft.truth.usage.input + draft.truth.usage.output;
    replace(draft, &json!({"total_tokens": total})) && not_believed(draft)
}

pub(super) fn absurd(draft: &mut Draft) -> bool {
    let count = Json::Number(
        draft
            .rng
            .pick(&[
                "9223372036854775807",
                "1099511627776",
                "18446744073709551616",
                "4294967296",
            ])
            .to_owned(),
    );
    let absurd = match draft.protocol {
        Protocol::Chat => {
            json!({"prompt_tokens": (count.clone()), "completion_tokens": (count.clone()), "total_tokens": count})
        }
        _ => json!({"input_tokens": (count.clone()), "output_tokens": (count.clone()), "total_tokens": count}),
    };
    replace(draft, &absurd) && not_believed(draft)
}

pub(super) fn of_anthropic(draft: &mut Draft) -> bool {
    // Servers that mix the names do not agree on whether the input is with the cached tokens.
    draft.truth.usage.cached = 0;
    let usage = draft.truth.usage;
    replace(
        draft,
        &json!({"input_tokens": (usage.input), "output_tokens": (usage.output)}),
    )
}

pub(super) fn details_odd(draft: &mut Draft) -> bool {
    let odd = [json!([]), Json::Null, json!(""), json!({})][draft.rng.below(4)].clone();
    let names: &[&str] = match draft.protocol {
        Protocol::Chat => &["prompt_tokens_details", "completion_tokens_details"],
        Protocol::Messages => &["cache_creation", "output_tokens_details"],
        Protocol::Responses => &["input_tokens_details", "output_tokens_details"],
    };
    for usage in draft.usages_mut() {
        for name in names {
            usage.set(name, odd.clone());
        }
    }
    if draft.protocol != Protocol::Messages {
        draft.truth.usage.cached = 0;
    }
    true
}

pub(super) fn total_above(draft: &mut Draft) -> bool {
    let hidden = draft.rng.between(1, 600) as u64;
    let said = draft.truth.usage;
    let usage = json!({
        "prompt_tokens": (said.input), "completion_tokens": (said.output), "total_tokens": (said.input + said.output + hidden),
        "prompt_tokens_details": {"cached_tokens": (said.cached)},
    });
    draft.truth.usage.output += hidden;
    replace(draft, &usage)
}

pub(super) fn everywhere(draft: &mut Draft) -> bool {
    // Behind the true counts, which stand last, none may follow.
    let last = draft.place_of(Part::Finish).unwrap_or_default();
    let places: Vec<usize> = draft
        .content_places()
        .into_iter()
        .filter(|place| *place < last)
        .collect();
    let (input, output) = (draft.truth.usage.input, draft.truth.usage.output);
    for (count, place) in (1..).zip(&places) {
        let said = output.min(count);
        if let Some(json) = draft.events[*place].json_mut() {
            json.set(
                "usage",
                json!({"prompt_tokens": input, "completion_tokens": said, "total_tokens": (input + said)}),
            );
        }
    }
    !places.is_empty()
}

pub(super) fn zero_later(draft: &mut Draft) -> bool {
    let Some(done) = draft.place_of(Part::Done) else {
        return false;
    };
    let usage = if draft.rng.one_in(2) {
        json!({})
    } else {
        chat_usage(Usage::default())
    };
    let mut chunk = draft.chunk(json!([]));
    chunk.set("usage", usage);
    draft.events.insert(done, Event::new(Part::Noise, chunk));
    true
}

pub(super) fn zero_input(draft: &mut Draft) -> bool {
    let Some(place) = draft.place_of(Part::Finish) else {
        return false;
    };
    let usage = json!({"input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": (draft.truth.usage.output)});
    draft.events[place].json_mut().is_some_and(|json| {
        json.set("usage", usage);
        true
    })
}

pub(super) fn early(draft: &mut Draft) -> bool {
    let (Some(usage), Some(place)) = (draft.place_of(Part::Usage), draft.place_before_finish()) else {
        return false;
    };
    let usage = draft.events.remove(usage);
    draft.events.insert(place, usage);
    true
}

pub(super) fn twice(draft: &mut Draft) -> bool {
    let earlier = [Json::Null, json!({}), json!({"prompt_tokens": 1, "input_tokens": 1})][draft.rng.below(3)].clone();
    let within: &[&str] = if draft.protocol == Protocol::Responses && draft.streamed {
        &["response"]
    } else {
        &[]
    };
    let mut found = false;
    for json in draft
        .events
        .iter_mut()
        .filter_map(Event::json_mut)
        .chain([&mut draft.body])
    {
        let Some(holder) = json.at_mut(within) else { continue };
        if holder.get("usage").is_some_and(Json::is_object) {
            holder.add_first("usage", earlier.clone());
            found = true;
        }
    }
    found
}

/// Silence between the reason of the end and its usage.
fn delay(draft: &mut Draft, after_ms: usize) -> bool {
    let Some(usage) = draft.place_of(Part::Usage) else {
        return false;
    };
    draft.events[usage].after_ms = after_ms as u64;
    true
}

pub(super) fn late(draft: &mut Draft) -> bool {
    let after_ms = draft.rng.between(300, 1_900);
    delay(draft, after_ms)
}

pub(super) fn too_late(draft: &mut Draft) -> bool {
    delay(draft, 10_000) && {
        draft.usage = UsageExpectation::Any;
        true
    }
}

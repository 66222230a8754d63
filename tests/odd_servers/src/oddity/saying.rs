//! Oddities that are part of what is said: bytes in texts, arguments, ids, words for the end.

use crate::draft::Draft;
use crate::protocol::Protocol;
use crate::truth::{Arguments, Block, Stop};

/// Stands for bytes that are replaced when all is written.
const REPLACED: char = '\u{fffd}';
const LARGE: usize = 200 << 10;

pub(super) fn invalid_utf8(draft: &mut Draft) -> bool {
    let broken: [&'static [u8]; 4] = [b"\xf0\x9f", b"\xff", b"\xc3", b"\xe2\x82"];
    mark_a_text(draft) && {
        draft.wire.replacement = Some(broken[draft.rng.below(broken.len())]);
        true
    }
}

pub(super) fn lone_surrogate(draft: &mut Draft) -> bool {
    mark_a_text(draft) && {
        draft.wire.replacement = Some(b"\\ud83d");
        true
    }
}

fn mark_a_text(draft: &mut Draft) -> bool {
    let Some(text) = draft.truth.texts_mut().next() else {
        return false;
    };
    let places: Vec<usize> = text
        .char_indices()
        .map(|(place, _)| place)
        .chain([text.len()])
        .collect();
    text.insert(places[draft.rng.below(places.len())], REPLACED);
    true
}

pub(super) fn large_event(draft: &mut Draft) -> bool {
    let Some(text) = draft.truth.texts_mut().next() else {
        return false;
    };
    text.push_str(&"large ".repeat(LARGE / 6));
    true
}

pub(super) fn thinking_late(draft: &mut Draft) -> bool {
    let Some(place) = draft
        .truth
        .blocks
        .iter()
        .position(|block| matches!(block, Block::Thinking(_)))
    else {
        return false;
    };
    if draft.truth.blocks.len() < 2 {
        return false;
    }
    let thinking = draft.truth.blocks.remove(place);
    draft.truth.blocks.push(thinking);
    draft.truth.join_neighbours();
    true
}

pub(super) fn closing_think_tag(draft: &mut Draft) -> bool {
    let without_tags = |text: String| text.replace("think>", "thin>");
    let thinking = without_tags(draft.truth.thinking());
    let text = without_tags(draft.truth.text());
    let (thinking, text) = (thinking.trim(), text.trim_start());
    if thinking.is_empty() || text.is_empty() {
        return false;
    }
    let first = [Block::Thinking(thinking.to_owned()), Block::Text(text.to_owned())];
    draft.truth.blocks.retain(|block| matches!(block, Block::Call(_)));
    draft.truth.blocks.splice(0..0, first);
    draft.think_tags = true;
    true
}

/// Sends a call's arguments as `sent` makes them of the true ones.
fn send_otherwise(draft: &mut Draft, sent: impl Fn(&str) -> String) -> bool {
    let ordinal = draft.some_call();
    let Some(call) = draft.call_mut(ordinal) else {
        return false;
    };
    let sent = sent(call.arguments.text());
    draft.sent.insert(ordinal, sent);
    true
}

pub(super) fn arguments_junk(draft: &mut Draft) -> bool {
    let junk = draft.rng.pick(&[
        "\n</tool_call>",
        "<|im_end|>",
        "}",
        "\n",
        "```",
        "</function>",
        " null",
        "{}",
        "\"",
        "\n\n{\"name\":",
    ]);
    send_otherwise(draft, |text| format!("{text}{junk}"))
}

pub(super) fn arguments_twice(draft: &mut Draft) -> bool {
    send_otherwise(draft, |text| format!("{text}{text}"))
}

pub(super) fn arguments_empty_first(draft: &mut Draft) -> bool {
    send_otherwise(draft, |text| format!("{{}}{text}"))
}

pub(super) fn arguments_spaced(draft: &mut Draft) -> bool {
    send_otherwise(draft, |text| format!(" \n{text}\n"))
}

pub(super) fn arguments_none(draft: &mut Draft) -> bool {
    set_arguments(draft, Arguments::Object("{}".to_owned())) && send_otherwise_last(draft)
}

/// Sends nothing for the calls whose arguments are `{}`.
fn send_otherwise_last(draft: &mut Draft) -> bool {
    let empty: Vec<usize> = draft
        .truth
        .calls()
        .enumerate()
        .filter(|(_, call)| call.arguments.text() == "{}")
        .map(|(ordinal, _)| ordinal)
        .collect();
    draft.sent.extend(empty.iter().map(|ordinal| (*ordinal, String::new())));
    !empty.is_empty()
}

fn set_arguments(draft: &mut Draft, arguments: Arguments) -> bool {
    let ordinal = draft.some_call();
    let Some(call) = draft.call_mut(ordinal) else {
        return false;
    };
    call.arguments = arguments;
    true
}

pub(super) fn arguments_no_json(draft: &mut Draft) -> bool {
    let raw = draft.rng.pick(&[
        "{'p': 'a'}",
        "{p: \"a\"}",
        "[1, 2]",
        "\"text\"",
        "cmd=ls -l",
        "<arg>a</arg>",
        "42",
    ]);
    set_arguments(draft, Arguments::Raw(raw.to_owned()))
}

/// The last call breaks off, and nothing follows it.
pub(super) fn arguments_cut(draft: &mut Draft) -> bool {
    draft.some_call();
    let Some(last) = draft
        .truth
        .blocks
        .iter()
        .rposition(|block| matches!(block, Block::Call(_)))
    else {
        return false;
    };
    let Some(Block::Call(call)) = draft.truth.blocks.get_mut(last) else {
        return false;
    };
    let text = call.arguments.text();
    // Inside the braces, at the beginning of a character.
    let ends: Vec<usize> = text
        .char_indices()
        .map(|(place, _)| place)
        .filter(|place| *place > 0)
        .collect();
    call.arguments = Arguments::Cut(text[..ends[draft.rng.below(ends.len())]].to_owned());
    draft.truth.blocks.truncate(last + 1);
    draft.truth.stop = Stop::MaxTokens;
    let words: [Option<&'static str>; 3] = match draft.protocol {
        Protocol::Chat => [None, Some("stop"), Some("tool_calls")],
        Protocol::Messages => [None, Some("end_turn"), Some("tool_use")],
        Protocol::Responses => [None, Some("completed"), Some("completed")],
    };
    draft.finish = words[draft.rng.below(words.len())];
    true
}

pub(super) fn ids_of_history(draft: &mut Draft) -> bool {
    let ordinal = draft.some_call();
    let id = draft.call_mut(ordinal).and_then(|call| call.id.clone());
    draft.history_ids.extend(id);
    !draft.history_ids.is_empty()
}

pub(super) fn ids_twice(draft: &mut Draft) -> bool {
    draft.some_call();
    draft.truth.add_call(&mut draft.rng);
    let Some(first) = draft.call_mut(0).cloned() else {
        return false;
    };
    draft.call_mut(1).is_some_and(|call| {
        // With the same name and arguments besides it would be one call said twice (B2.4).
        let differs = (&call.name, &call.arguments) != (&first.name, &first.arguments);
        if differs {
            call.id = first.id;
        }
        differs
    })
}

pub(super) fn ids_odd_characters(draft: &mut Draft) -> bool {
    draft.some_call();
    let kind = draft.rng.below(4);
    for (ordinal, call) in draft.truth.calls_mut().enumerate() {
        call.id = Some(match kind {
            0 => format!("functions.{}:{ordinal}", call.name),
            1 => format!("call {ordinal}"),
            2 => format!("{}{ordinal:02}", "long_".repeat(16)),
            _ => format!("工具/{ordinal}"),
        });
    }
    true
}

pub(super) fn finish_cut_word(draft: &mut Draft) -> bool {
    draft.truth.stop = Stop::MaxTokens;
    draft.finish = Some(draft.rng.pick(&["max_tokens", "MAX_TOKENS", "model_length"]));
    true
}

pub(super) fn finish_wrong(draft: &mut Draft) -> bool {
    draft.finish = match draft.truth.stop {
        Stop::ToolUse => Some("stop"),
        Stop::Natural => Some("tool_calls"),
        _ => return false,
    };
    true
}

pub(super) fn finish_unknown(draft: &mut Draft) -> bool {
    if !matches!(draft.truth.stop, Stop::ToolUse | Stop::Natural) {
        return false;
    }
    draft.finish = Some(draft.rng.pick(&["eos", "COMPLETE", "unknown", "STOP", "end_of_turn"]));
    true
}

//! Labels, forms, line ends, frames, compression and silences (B8, B9).

use crate::draft::Draft;
use crate::speak::Part;
use crate::wire::{LineEnds, Split};

pub(super) fn json_for_stream(draft: &mut Draft) -> bool {
    draft.speak_whole();
    draft.wire.as_events = false;
    draft.wire.content_type = Some("application/json");
    true
}

pub(super) fn stream_for_whole(draft: &mut Draft) -> bool {
    draft.speak_streamed();
    draft.wire.as_events = true;
    draft.wire.content_type = Some(draft.rng.pick(&["text/event-stream", "application/json"]));
    true
}

pub(super) fn newlines_first(draft: &mut Draft) -> bool {
    draft.wire.before_body = draft.rng.pick(&["\n", "\n\n\n\n", "\r\n\r\n", "  \n\t"]);
    true
}

pub(super) fn byte_order_mark(draft: &mut Draft) -> bool {
    draft.wire.bom = true;
    draft.wire.instead.as_ref().is_none_or(|text| !text.is_empty())
}

pub(super) fn line_ends(draft: &mut Draft) -> bool {
    draft.wire.line_ends = [LineEnds::CrLf, LineEnds::Cr, LineEnds::Mixed][draft.rng.below(3)];
    draft.wire.sends_events()
}

pub(super) fn comments(draft: &mut Draft) -> bool {
    draft.wire.comments = true;
    draft.wire.sends_events()
}

pub(super) fn data_lines(draft: &mut Draft) -> bool {
    draft.wire.many_data_lines = true;
    draft.wire.sends_events()
}

pub(super) fn colon_only(draft: &mut Draft) -> bool {
    draft.wire.blank_after_colon = false;
    draft.wire.sends_events()
}

pub(super) fn split(draft: &mut Draft) -> bool {
    draft.wire.split = [Split::Once, Split::Anywhere, Split::Bytes][draft.rng.below(3)];
    true
}

pub(super) fn wrong_label(draft: &mut Draft) -> bool {
    let right = draft.wire.content_type;
    let labels = [
        "text/event-stream",
        "application/json",
        "text/plain; charset=utf-8",
        "application/octet-stream",
        "text/html",
    ];
    let wrong: Vec<&'static str> = labels.into_iter().filter(|label| Some(*label) != right).collect();
    draft.wire.content_type = wrong.get(draft.rng.below(wrong.len() + 1)).copied();
    true
}

pub(super) fn gzip(draft: &mut Draft) -> bool {
    draft.wire.gzip = true;
    true
}

pub(super) fn head_late(draft: &mut Draft) -> bool {
    draft.wire.head_after_ms = draft.rng.between(500, 119_000) as u64;
    true
}

pub(super) fn first_late(draft: &mut Draft) -> bool {
    draft.wire.first_after_ms = draft.rng.between(500, 119_000) as u64;
    true
}

pub(super) fn first_too_late(draft: &mut Draft) -> bool {
    let after_ms = draft.rng.between(125_000, 200_000) as u64;
    if draft.rng.one_in(2) {
        draft.wire.head_after_ms = after_ms;
    } else {
        draft.wire.first_after_ms = after_ms;
    }
    draft.must_fail(None);
    true
}

/// Silence somewhere behind the first content, up to the reason of the end.
fn be_silent(draft: &mut Draft, from_ms: usize, to_ms: usize) -> bool {
    let places = (draft.content_places().first().copied(), draft.place_of(Part::Finish));
    let (Some(first), Some(finish)) = places else {
        return false;
    };
    let place = draft.rng.between(first + 1, finish + 1);
    draft.events[place].after_ms = draft.rng.between(from_ms, to_ms) as u64;
    draft.wire.sends_events()
}

pub(super) fn silence(draft: &mut Draft) -> bool {
    be_silent(draft, 16_000, 299_000)
}

pub(super) fn silence_too_long(draft: &mut Draft) -> bool {
    be_silent(draft, 305_000, 400_000) && {
        draft.must_fail(None);
        true
    }
}

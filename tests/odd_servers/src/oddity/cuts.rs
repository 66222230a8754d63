//! Bodies that end early, not at all, or without their last line ends.

use crate::draft::Draft;
use crate::protocol::Protocol;
use crate::speak::Part;
use crate::wire::Ending;

pub(super) fn short(draft: &mut Draft) -> bool {
    draft.wire.cut = true;
    true
}

pub(super) fn reset(draft: &mut Draft) -> bool {
    draft.wire.ending = Ending::Reset;
    short(draft)
}

/// With its end mark or, in chat completions, without.
pub(super) fn stays_open(draft: &mut Draft) -> bool {
    if draft.protocol == Protocol::Chat && draft.rng.one_in(2) {
        draft.events.retain(|event| event.part != Part::Done);
    }
    draft.wire.ending = Ending::StaysOpen;
    true
}

pub(super) fn last_event_open(draft: &mut Draft) -> bool {
    draft.wire.line_ends_missing = draft.rng.between(1, 3);
    draft.wire.sends_events()
}

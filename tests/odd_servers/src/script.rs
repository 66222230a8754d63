//! What a server does to one request, whatever the request is, and what its client must get.

use crate::draft::Draft;
use crate::expectation::{Expectation, UsageExpectation};
use crate::oddity::Oddity;
use crate::protocol::Protocol;
use crate::rng::Rng;
use crate::truth::Truth;
use crate::wire::{Ending, Frame, render};

/// At most this many oddities at once.
const MAX_ODDITIES: usize = 4;

#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    pub seed: u64,
    pub protocol: Protocol,
    /// The request asks for a stream; what the server sends may be otherwise.
    pub streamed: bool,
    pub status: u16,
    pub headers: Vec<(&'static str, &'static str)>,
    /// Silence before the head.
    pub head_after_ms: u64,
    pub frames: Vec<Frame>,
    pub ending: Ending,
    /// The body is to be sent compressed, with `content-encoding: gzip` in `headers`; `frames` are plain.
    pub gzip: bool,
    /// The body is events, whatever its label says.
    pub as_events: bool,
    pub truth: Truth,
    pub oddities: Vec<Oddity>,
    pub expectation: Expectation,
    pub usage: UsageExpectation,
    /// Ids that calls of the conversation so far must have for the script to make sense.
    pub history_ids: Vec<String>,
    /// The backend must be set to `think_tags: parse`.
    pub think_tags: bool,
}

impl Script {
    /// A server with up to four oddities.
    pub fn from_seed(seed: u64, protocol: Protocol, streamed: bool) -> Self {
        Self::from_seed_among(seed, protocol, streamed, |_| true)
    }

    /// A server whose oddities are among those that `wanted` takes.
    pub fn from_seed_among(seed: u64, protocol: Protocol, streamed: bool, wanted: impl Fn(Oddity) -> bool) -> Self {
        // Another stream of numbers than that of the draft, which begins with the seed itself.
        let mut rng = Rng::new(seed ^ 0x5EED_0DD1);
        let fitting = |oddity: &Oddity| oddity.forms().contains(protocol, streamed) && wanted(*oddity);
        let fitting: Vec<Oddity> = Oddity::ALL.iter().copied().filter(fitting).collect();
        let mut chosen: Vec<Oddity> = Vec::new();
        for _ in 0..rng.below(MAX_ODDITIES + 1) {
            let Some(oddity) = fitting.get(rng.below(fitting.len())) else {
                break;
            };
            if chosen.iter().all(|other| !other.excludes(*oddity)) {
                chosen.push(*oddity);
            }
        }
        Self::with(seed, protocol, streamed, &chosen)
    }

    /// A server with the oddities of `wanted`, except those that its truth gives no room for.
    pub fn with(seed: u64, protocol: Protocol, streamed: bool, wanted: &[Oddity]) -> Self {
        let mut draft = Draft::new(seed, protocol, streamed);
        let mut applied = Vec::new();
        let mut in_order: Vec<Oddity> = Oddity::ALL
            .iter()
            .copied()
            .filter(|oddity| wanted.contains(oddity))
            .collect();
        let later = in_order.split_off(in_order.partition_point(|oddity| oddity.changes_the_truth()));
        applied.extend(in_order.into_iter().filter(|oddity| oddity.apply(&mut draft)));
        draft.speak();
        applied.extend(later.into_iter().filter(|oddity| oddity.apply(&mut draft)));
        Self::of(seed, draft, applied)
    }

    fn of(seed: u64, mut draft: Draft, oddities: Vec<Oddity>) -> Self {
        let frames = render(&mut draft);
        let mut headers: Vec<_> = draft
            .wire
            .content_type
            .map(|label| ("content-type", label))
            .into_iter()
            .collect();
        headers.extend(draft.wire.gzip.then_some(("content-encoding", "gzip")));
        Self {
            seed,
            protocol: draft.protocol,
            streamed: draft.streamed,
            status: draft.wire.status,
            headers,
            head_after_ms: draft.wire.head_after_ms,
            frames,
            ending: draft.wire.ending,
            gzip: draft.wire.gzip,
            as_events: draft.wire.sends_events(),
            truth: draft.truth,
            oddities,
            expectation: draft.expectation,
            usage: draft.usage,
            history_ids: draft.history_ids,
            think_tags: draft.think_tags,
        }
    }

    /// All bytes of the body.
    pub fn body(&self) -> Vec<u8> {
        self.frames
            .iter()
            .flat_map(|frame| frame.bytes.iter().copied())
            .collect()
    }
}

//! The affinity of conversations: which of several equal backends serves one, so that its prompts are read from that
//! backend's cache. Rendezvous hashing by weight, with bounded load (promise 92, decision 80).
//!
//! The order of the backends follows from the conversation's key and their ids alone: it is the same in every process,
//! and a backend that comes or goes moves no conversation but its own.

#[cfg(test)]
mod tests;

use super::candidate::Candidate;
use crate::request::ConversationKey;

/// The part of its fair share that a backend may carry before conversations are sent on.
const BOUND: f64 = 1.25;
/// The part that is added to it for the most patient of conversations.
const PATIENCE: f64 = 0.1;
/// Standard deviations of a count of requests that are no proof of a lasting overload.
const CHANCE: f64 = 0.5;
/// Standard deviations of the requests in flight from which a peak counts by itself, for the most patient conversation.
const PEAK: f64 = 6.0;

/// The candidate for a conversation: the first one in its order that is not overloaded; if all are full, the first one.
pub(super) fn pick<'a>(equals: &[Candidate<'a>], conversation: ConversationKey) -> Option<Candidate<'a>> {
    let total = Total::of(equals);
    let ranked = |candidate: &Candidate<'a>| Ranked::new(*candidate, conversation, &total);
    let first = equals.iter().map(ranked).max_by(Ranked::compare)?;
    Some(first.candidate)
}

/// The sums of all candidates.
struct Total {
    weight: f64,
    load: f64,
    recent: f64,
}

/// A candidate in the order of one conversation.
struct Ranked<'a> {
    candidate: Candidate<'a>,
    is_overloaded: bool,
    score: f64,
}

impl Total {
    fn of(candidates: &[Candidate<'_>]) -> Self {
        Self {
            weight: candidates.iter().map(|each| f64::from(each.weight())).sum(),
            load: candidates.iter().map(|each| f64::from(each.load)).sum(),
            recent: candidates.iter().map(|each| each.recent).sum(),
        }
    }
}

impl<'a> Ranked<'a> {
    fn new(candidate: Candidate<'a>, ConversationKey(key): ConversationKey, total: &Total) -> Self {
        let weight = f64::from(candidate.weight());
        let hash = mixed(key ^ name_hash(candidate.backend.id.as_str()));
        let share = weight / total.weight;
        Self {
            is_overloaded: candidate.is_full() || is_overloaded(&candidate, share, total, fraction(mixed(hash))),
            // The backend of the highest score is each one in proportion to its weight.
            score: weight / -fraction(hash).ln(),
            candidate,
        }
    }

    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        let rank = |ranked: &Self| (!ranked.candidate.is_full(), !ranked.is_overloaded);
        let by_score = || self.score.total_cmp(&other.score);
        rank(self).cmp(&rank(other)).then_with(by_score)
    }
}

/// True if the candidate carries more than [`BOUND`] of its `share` of the requests in flight, and does so by more than
/// chance: either it has had too many of the recent ones too, or the peak is too high to wait for its end.
///
/// The `patience` of a conversation with a backend, from 0 to 1, is always the same, so that the same ones are sent on:
/// these have their prompts in two caches, and the others in one.
fn is_overloaded(candidate: &Candidate<'_>, share: f64, total: &Total, patience: f64) -> bool {
    let (load, fair_load, fair_recent) = (f64::from(candidate.load), total.load * share, total.recent * share);
    let lasting = (BOUND + PATIENCE * patience) * fair_recent + CHANCE * (fair_recent + 1.0).sqrt();
    let peak = BOUND * fair_load + PEAK * patience * (fair_load + 1.0).sqrt();
    load > BOUND * fair_load && (candidate.recent > lasting || load > peak)
}

/// FNV-1a (<https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>).
fn name_hash(name: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// The last step of `SplitMix64`, which spreads each bit over all (<https://doi.org/10.1145/2714064.2660195>).
fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A number between 0 and 1, and neither of them.
fn fraction(hash: u64) -> f64 {
    let upper = u32::try_from(hash >> 32).unwrap_or_default();
    (f64::from(upper) + 0.5) / (f64::from(u32::MAX) + 1.0)
}

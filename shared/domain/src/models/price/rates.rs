//! The price of each kind of use, and the cost of a request.

use super::amount::{MILLION, MicroUsd, Price};
use super::entry::PriceSet;
use super::split::Split;

/// Kinds of use that have a price.
const KINDS: usize = 11;

/// A price for each kind of use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Rates {
    pub(super) input: Price,
    pub(super) cached_input: Price,
    pub(super) cache_write_5m: Price,
    pub(super) cache_write_1h: Price,
    /// The price of cache writes of which it is not told how long they last.
    pub(super) cache_write_untold: Price,
    pub(super) audio_input: Price,
    pub(super) output: Price,
    pub(super) reasoning: Price,
    pub(super) audio_output: Price,
    /// The price of each request.
    pub(super) request: Price,
}

impl Rates {
    /// The rates of a set: what has no price of its own costs what its kind costs, and what is not told apart the most
    /// that it may.
    pub(super) fn of(set: &PriceSet) -> Self {
        let input = set.input.unwrap_or_default();
        let output = set.output.unwrap_or_default();
        let written = set.cache_write_5m.unwrap_or(input);
        let written_for_an_hour = set.cache_write_1h.unwrap_or(written);
        Self {
            input,
            cached_input: set.cached_input.unwrap_or(input),
            cache_write_5m: written,
            cache_write_1h: written_for_an_hour,
            cache_write_untold: written.max(written_for_an_hour),
            audio_input: set.audio_input.unwrap_or(input),
            output,
            reasoning: set.reasoning.unwrap_or(output),
            audio_output: set.audio_output.unwrap_or(output),
            request: set.request.unwrap_or_default(),
        }
    }

    /// The cost of a request. Rounded up, once: what costs anything is never free, and two requests are never cheaper
    /// than one that is as large as both.
    pub(super) fn cost(&self, split: &Split) -> MicroUsd {
        total(self.parts(split))
    }

    /// Each kind's amount with its price; a request is a million of what it is priced for.
    pub(super) fn parts(&self, split: &Split) -> [(u64, Price); KINDS] {
        [
            (split.input, self.input),
            (split.cached_input, self.cached_input),
            (split.cache_write_5m, self.cache_write_5m),
            (split.cache_write_1h, self.cache_write_1h),
            (split.cache_write_untold, self.cache_write_untold),
            (split.audio_input, self.audio_input),
            (split.output, self.output),
            (split.reasoning, self.reasoning),
            (split.output_untold, self.output.max(self.reasoning)),
            (split.audio_output, self.audio_output),
            (MILLION, self.request),
        ]
    }

    /// The dearer of both, kind by kind.
    pub(super) fn max(self, other: Self) -> Self {
        Self {
            input: self.input.max(other.input),
            cached_input: self.cached_input.max(other.cached_input),
            cache_write_5m: self.cache_write_5m.max(other.cache_write_5m),
            cache_write_1h: self.cache_write_1h.max(other.cache_write_1h),
            cache_write_untold: self.cache_write_untold.max(other.cache_write_untold),
            audio_input: self.audio_input.max(other.audio_input),
            output: self.output.max(other.output),
            reasoning: self.reasoning.max(other.reasoning),
            audio_output: self.audio_output.max(other.audio_output),
            request: self.request.max(other.request),
        }
    }

    /// The most that one token of input can cost, of whatever kind it turns out to be. A cache write that is not told
    /// apart costs at most what the dearer kind does.
    pub(super) fn dearest_input(&self) -> Price {
        let written = self.cache_write_5m.max(self.cache_write_1h);
        self.input.max(self.cached_input).max(written).max(self.audio_input)
    }

    /// The most that one token of output can cost.
    pub(super) fn dearest_output(&self) -> Price {
        self.output.max(self.reasoning).max(self.audio_output)
    }
}

/// The sum of amounts times their prices, rounded up to a micro-dollar.
pub(super) fn total<const N: usize>(parts: [(u64, Price); N]) -> MicroUsd {
    let exact: u128 = parts
        .into_iter()
        .map(|(tokens, price)| u128::from(tokens) * u128::from(price.millionths()))
        .sum();
    MicroUsd(u64::try_from(exact.div_ceil(u128::from(MILLION))).unwrap_or(u64::MAX))
}

//! The token counts of one call, whatever the dialect.

use super::breakdown::{Breakdown, ServedTier};

/// More tokens than any window has.
const MAX_COUNT: u64 = 1 << 31;

/// The tokens of one call, as its backend reported them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// The whole prompt, including what was read from or written to a cache.
    pub input: u64,
    /// The part of `input` that came from a cache.
    pub cached_input: u64,
    /// The part of `input` that was written to a cache, for however long.
    pub cache_write: u64,
    /// The part of `cache_write` that the cache keeps for an hour.
    pub cache_write_1h: u64,
    pub output: u64,
    /// The part of `output` that was thinking, where the backend reports it.
    pub reasoning: Option<u64>,
    pub breakdown: Breakdown,
}

impl Usage {
    /// An estimate for backends that report nothing: the request's estimate, and a token for four bytes of text.
    pub fn estimate(input_tokens: u64, output_bytes: usize) -> Self {
        let output = u64::try_from(output_bytes.div_ceil(4)).unwrap_or(u64::MAX);
        Self {
            input: input_tokens,
            output,
            ..Self::default()
        }
    }

    /// The same tokens, served in this tier if one is told.
    #[must_use]
    pub fn served_in(mut self, tier: Option<ServedTier>) -> Self {
        self.breakdown.tier = tier.or(self.breakdown.tier);
        self
    }

    /// Takes over a later report: of each count the last value that is not zero stands (B7.1).
    pub fn update(&mut self, new: Self) {
        let last = |known: u64, new: u64| if new == 0 { known } else { new };
        let mut breakdown = self.breakdown;
        breakdown.update(new.breakdown);
        *self = Self {
            input: last(self.input, new.input),
            cached_input: last(self.cached_input, new.cached_input),
            cache_write: last(self.cache_write, new.cache_write),
            cache_write_1h: last(self.cache_write_1h, new.cache_write_1h),
            output: last(self.output, new.output),
            reasoning: new.reasoning.filter(|tokens| *tokens > 0).or(self.reasoning),
            breakdown,
        };
    }

    /// What was reported, as far as it can be true, and true if some of it had to be replaced by the estimate: where
    /// nothing or only zeros came though text was said (B7.2), and where a count is beyond any window (B7.4).
    pub fn believed(reported: Option<Self>, estimate: Self, context_window: Option<u64>) -> (Self, bool) {
        let Some(reported) = reported else {
            return (estimate, true);
        };
        let says_nothing = reported.input == 0 && reported.output == 0 && estimate.output > 0;
        if says_nothing || reported.is_absurd(context_window) {
            return (estimate, true);
        }
        (reported, false)
    }

    /// True if a count is more than a request could have (B7.4).
    pub fn is_absurd(self, context_window: Option<u64>) -> bool {
        let most = context_window.unwrap_or(MAX_COUNT).max(1);
        self.input > most || self.output > most
    }

    /// The input tokens that were neither read from nor written to a cache: Anthropic's `input_tokens`.
    pub fn uncached_input(self) -> u64 {
        self.input
            .saturating_sub(self.cached_input)
            .saturating_sub(self.cache_write)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input: u64, output: u64) -> Usage {
        Usage {
            input,
            output,
            ..Usage::default()
        }
    }

    #[test]
    fn b7_1_of_several_reports_the_last_count_that_is_not_zero_stands() {
        let mut known = usage(100, 0);
        for (input, output) in [(0, 3), (90, 20), (0, 0)] {
            known.update(usage(input, output));
        }
        assert_eq!(known, usage(90, 20));
    }

    #[test]
    fn b7_2_zeros_are_an_estimate_where_text_was_said() {
        let estimate = usage(7, 3);
        assert_eq!(Usage::believed(None, estimate, None), (estimate, true));
        assert_eq!(Usage::believed(Some(usage(0, 0)), estimate, None), (estimate, true));
        assert_eq!(
            Usage::believed(Some(usage(0, 0)), usage(7, 0), None),
            (usage(0, 0), false)
        );
        assert_eq!(Usage::believed(Some(usage(5, 0)), estimate, None), (usage(5, 0), false));
    }

    #[test]
    fn b7_4_a_count_beyond_the_window_is_not_believed() {
        let estimate = usage(7, 3);
        assert_eq!(
            Usage::believed(Some(usage(u64::MAX, 1)), estimate, None),
            (estimate, true)
        );
        assert_eq!(
            Usage::believed(Some(usage(1, (1 << 31) + 1)), estimate, None),
            (estimate, true)
        );
        assert_eq!(
            Usage::believed(Some(usage(200, 1)), estimate, Some(199)),
            (estimate, true)
        );
        assert_eq!(
            Usage::believed(Some(usage(1 << 31, 1)), estimate, None),
            (usage(1 << 31, 1), false)
        );
    }
}

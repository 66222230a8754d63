//! Tokens of exchanges, by kind.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Tokens of one exchange, or the sum of several. Items of before some kind was counted have none of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tokens {
    /// The whole prompt, including what was read from or written to a cache.
    #[serde(rename = "input_tokens")]
    pub input: u64,
    /// The part of `input` that was read from a cache.
    #[serde(rename = "cached_input_tokens")]
    pub cached_input: u64,
    /// The part of `input` that was written to a cache, for however long.
    #[serde(rename = "cache_write_tokens")]
    pub cache_write: u64,
    /// The part of `cache_write` that the cache keeps for an hour.
    #[serde(rename = "cache_write_1h_tokens")]
    pub cache_write_1h: u64,
    /// All output, including reasoning.
    #[serde(rename = "output_tokens")]
    pub output: u64,
    /// The part of `output` that was reasoning, where the backend reports it.
    #[serde(rename = "reasoning_tokens")]
    pub reasoning: u64,
}

impl Tokens {
    /// More than any exchange has of one kind.
    pub const MOST: u64 = 1_000_000_000;

    /// The same tokens within what is possible: at most [`Tokens::MOST`] of a kind, and no part larger than its whole.
    /// A backend's nonsense must not break the sums.
    #[must_use]
    pub fn bounded(self) -> Self {
        let (input, output) = (self.input.min(Self::MOST), self.output.min(Self::MOST));
        let cached_input = self.cached_input.min(input);
        let cache_write = self.cache_write.min(input - cached_input);
        Self {
            input,
            cached_input,
            cache_write,
            cache_write_1h: self.cache_write_1h.min(cache_write),
            output,
            reasoning: self.reasoning.min(output),
        }
    }

    /// The share of the input that was read from a cache, in ten-thousandths at most; `None` without input.
    pub fn cached_share(self) -> Option<f64> {
        let ten_thousandths = u128::from(self.cached_input) * 10_000 / u128::from(self.input.max(1));
        let share = u32::try_from(ten_thousandths).map_or(1.0, |share| f64::from(share) / 10_000.0);
        (self.input > 0).then_some(share)
    }

    /// Input and output.
    pub fn total(self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        for (sum, part) in [
            (&mut self.input, other.input),
            (&mut self.cached_input, other.cached_input),
            (&mut self.cache_write, other.cache_write),
            (&mut self.cache_write_1h, other.cache_write_1h),
            (&mut self.output, other.output),
            (&mut self.reasoning, other.reasoning),
        ] {
            *sum = sum.saturating_add(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_backends_nonsense_is_bounded() {
        let nonsense = Tokens {
            input: u64::MAX,
            cached_input: 7,
            cache_write: u64::MAX,
            cache_write_1h: u64::MAX,
            output: 3,
            reasoning: 9,
        };
        let bounded = Tokens {
            input: Tokens::MOST,
            cached_input: 7,
            cache_write: Tokens::MOST - 7,
            cache_write_1h: Tokens::MOST - 7,
            output: 3,
            reasoning: 3,
        };
        assert_eq!(nonsense.bounded(), bounded);
    }

    #[test]
    fn the_share_from_a_cache_is_of_the_input() {
        let share = |input, cached_input| {
            let tokens = Tokens {
                input,
                cached_input,
                ..Tokens::default()
            };
            tokens.cached_share()
        };
        assert_eq!(share(0, 0), None);
        assert_eq!(
            (share(3, 2), share(7, 0), share(7, 7)),
            (Some(0.6666), Some(0.0), Some(1.0))
        );
    }

    #[test]
    fn items_of_before_cache_writes_were_counted_are_read() {
        let before = json!({"input_tokens": 10, "cached_input_tokens": 4, "output_tokens": 5, "reasoning_tokens": 2});
        let tokens = Tokens {
            input: 10,
            cached_input: 4,
            output: 5,
            reasoning: 2,
            ..Tokens::default()
        };
        assert_eq!(serde_json::from_value::<Tokens>(before).unwrap(), tokens);
    }
}

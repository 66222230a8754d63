//! The use of one request, split into the kinds that have prices.

use crate::models::tokens::Tokens;

use super::tier::Tier;

/// Facts of a request's use beside its tokens, as far as they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The part of the cache writes that is told to last five minutes.
    pub cache_write_5m: u64,
    /// The part of the input that was sound.
    pub audio_input: u64,
    /// The part of the output that is sound.
    pub audio_output: u64,
    /// True if it is told how much of the output was reasoning.
    pub tells_reasoning: bool,
    /// The tier that the client asked for, if it named one.
    pub asked_tier: Option<Tier>,
    /// The tier that the backend tells.
    pub told_tier: Option<Tier>,
}

/// Tokens by kind: no token is of two kinds. What is not told apart is of a kind of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) input: u64,
    pub(super) cached_input: u64,
    pub(super) cache_write_5m: u64,
    pub(super) cache_write_1h: u64,
    /// Written for five minutes or for an hour.
    pub(super) cache_write_untold: u64,
    pub(super) audio_input: u64,
    pub(super) output: u64,
    pub(super) reasoning: u64,
    /// Reasoning or not.
    pub(super) output_untold: u64,
    pub(super) audio_output: u64,
}

impl Split {
    /// No part is larger than its whole, whatever a backend tells.
    pub(super) fn new(tokens: Tokens, details: &Details) -> Self {
        let tokens = tokens.bounded();
        let uncached = tokens.input - tokens.cached_input - tokens.cache_write;
        let audio_input = details.audio_input.min(uncached);
        let cache_write_5m = details.cache_write_5m.min(tokens.cache_write - tokens.cache_write_1h);
        let audio_output = details.audio_output.min(tokens.output);
        let text = tokens.output - audio_output;
        let reasoning = tokens.reasoning.min(text);
        let (output, output_untold) = if details.tells_reasoning {
            (text - reasoning, 0)
        } else {
            (0, text - reasoning)
        };
        Self {
            input: uncached - audio_input,
            cached_input: tokens.cached_input,
            cache_write_5m,
            cache_write_1h: tokens.cache_write_1h,
            cache_write_untold: tokens.cache_write - tokens.cache_write_1h - cache_write_5m,
            audio_input,
            output,
            reasoning,
            output_untold,
            audio_output,
        }
    }
}

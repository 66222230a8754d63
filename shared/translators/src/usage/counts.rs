//! The token counts of one call, whatever the dialect.

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

    /// The input tokens that were neither read from nor written to a cache: Anthropic's `input_tokens`.
    pub fn uncached_input(self) -> u64 {
        self.input
            .saturating_sub(self.cached_input)
            .saturating_sub(self.cache_write)
    }
}

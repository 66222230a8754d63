//! Counts of tokens (B7): the last one above zero stands, and none is believed beyond any window.

use odd_servers::{Json, Usage};

#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    input: u64,
    cached: u64,
    output: u64,
}

impl Counts {
    pub(crate) fn chat(&mut self, usage: &Json) {
        let count = |path: &[&str]| usage.count_at(path).unwrap_or_default();
        let hidden = count(&["total_tokens"]).saturating_sub(count(&["prompt_tokens"]) + count(&["completion_tokens"]));
        let hidden = if count(&["completion_tokens"]) > 0 { hidden } else { 0 };
        self.take(
            count(&["prompt_tokens"]),
            count(&["prompt_tokens_details", "cached_tokens"]),
            count(&["completion_tokens"]) + hidden,
        );
        self.take(count(&["input_tokens"]), 0, count(&["output_tokens"]));
    }

    pub(crate) fn messages(&mut self, usage: &Json) {
        let count = |name: &str| usage.count_at(&[name]).unwrap_or_default();
        self.take(
            count("input_tokens"),
            count("cache_read_input_tokens"),
            count("output_tokens"),
        );
    }

    /// Messages count the cached tokens beside the input.
    pub(crate) fn with_cached(mut self) -> Self {
        self.input += self.cached;
        self
    }

    pub(crate) fn responses(&mut self, usage: &Json) {
        let count = |path: &[&str]| usage.count_at(path).unwrap_or_default();
        self.take(
            count(&["input_tokens"]),
            count(&["input_tokens_details", "cached_tokens"]),
            count(&["output_tokens"]),
        );
    }

    fn take(&mut self, input: u64, cached: u64, output: u64) {
        for (count, said) in [
            (&mut self.input, input),
            (&mut self.cached, cached),
            (&mut self.output, output),
        ] {
            if said > 0 && said < 1 << 31 {
                *count = said;
            }
        }
    }

    /// With an estimate of what was not told.
    pub(crate) fn total(self) -> Usage {
        Usage {
            input: self.input.max(1),
            cached: self.cached,
            output: self.output.max(1),
            reasoning: 0,
        }
    }
}

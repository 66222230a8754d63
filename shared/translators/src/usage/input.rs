//! Usage of requests that generate nothing.

use serde_json::value::RawValue;

use super::counts::Usage;
use super::member::count;
use crate::json::{Raw, lenient, lenient_object};

lenient_object! {
    InputUsage {
        prompt_tokens: Raw<'a> = b"prompt_tokens",
        total_tokens: Raw<'a> = b"total_tokens",
    }
}

impl Usage {
    /// The input that the `usage` of a list of embeddings reports (EM3).
    pub fn input_of_embeddings(usage: &RawValue) -> Option<u64> {
        let usage: InputUsage<'_> = lenient(usage)?;
        count(usage.prompt_tokens).or_else(|| count(usage.total_tokens))
    }
}

//! Usage of requests that generate nothing.

use serde_json::value::RawValue;

use super::counts::Usage;
use super::member::count;
use crate::json::{Lenient, Raw, lenient, lenient_object};

lenient_object! {
    InputUsage {
        prompt_tokens: Raw<'a> = b"prompt_tokens",
        total_tokens: Raw<'a> = b"total_tokens",
    }
}

lenient_object! {
    Meta {
        billed: Lenient<Billed<'a>> = b"billed_units",
        tokens: Lenient<Billed<'a>> = b"tokens",
    }
}

lenient_object! {
    Billed {
        total_tokens: Raw<'a> = b"total_tokens",
        input_tokens: Raw<'a> = b"input_tokens",
    }
}

impl Usage {
    /// The input that a ranking reports, in its `usage` or, as Cohere does, in its `meta` (RR3).
    pub fn input_of_ranking(usage: Raw<'_>, meta: Raw<'_>) -> Option<u64> {
        let usage: InputUsage<'_> = usage.and_then(lenient).unwrap_or_default();
        let meta: Meta<'_> = meta.and_then(lenient).unwrap_or_default();
        let billed = [meta.billed.0, meta.tokens.0].into_iter().flatten();
        let billed = billed.flat_map(|units| [units.total_tokens, units.input_tokens]);
        [usage.total_tokens, usage.prompt_tokens]
            .into_iter()
            .chain(billed)
            .find_map(count)
    }

    /// The input that the `usage` of a list of embeddings reports (EM3).
    pub fn input_of_embeddings(usage: &RawValue) -> Option<u64> {
        let usage: InputUsage<'_> = lenient(usage)?;
        count(usage.prompt_tokens).or_else(|| count(usage.total_tokens))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn rr3_a_rankings_tokens_are_found_wherever_a_server_tells_them() {
        for (usage, meta, tokens) in [
            (r#"{"total_tokens":9,"prompt_tokens":7}"#, "null", Some(9)),
            (r#"{"prompt_tokens":7}"#, "null", Some(7)),
            ("null", r#"{"billed_units":{"search_units":1}}"#, None),
            (
                "null",
                r#"{"billed_units":{"search_units":1,"input_tokens":5}}"#,
                Some(5),
            ),
            ("null", r#"{"billed_units":{"total_tokens":6}}"#, Some(6)),
            ("null", r#"{"tokens":{"input_tokens":8}}"#, Some(8)),
            ("null", "null", None),
        ] {
            let raw = |text: &'static str| serde_json::from_str::<Option<&RawValue>>(text).unwrap();
            assert_eq!(Usage::input_of_ranking(raw(usage), raw(meta)), tokens, "{usage} {meta}");
        }
    }
}

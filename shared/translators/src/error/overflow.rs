//! The request does not fit the model's context: found in the backends' many wordings, told in the one that
//! agents look for (§6.1). They compact the conversation, or ask for fewer tokens, on these very words.

/// The sizes in a backend's message, as far as it has them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Overflow {
    input: Option<u64>,
    output: Option<u64>,
    limit: Option<u64>,
}

const TRIGGERS: [&str; 7] = [
    "maximum context length",
    "longer than the model's context length",
    "model's context length is only",
    "longer than the maximum model length",
    "exceeds the available context size",
    "exceeded model token limit",
    "prompt is too long",
];

/// The text before the number, in lower case.
const LIMIT: [&str; 7] = [
    "maximum context length is ",
    "maximum context length of ",
    "context length is only ",
    "model's context length (",
    "maximum model length of ",
    "available context size (",
    "token limit: ",
];
const INPUT: [&str; 6] = [
    "resulted in ",
    "the input (",
    "request (",
    "prompt (length ",
    "you passed ",
    "request has ",
];
const OUTPUT: [&str; 1] = ["is too large: "];
const TOTAL: [&str; 3] = ["you requested a total of ", "you requested about ", "you requested "];

/// The text behind the number.
const INPUT_PARTS: [&str; 6] = [
    " in the messages",
    " in the functions",
    " input tokens",
    " tokens from the input messages",
    " of text input",
    " of tool input",
];
const OUTPUT_PARTS: [&str; 4] = [
    " in the completion",
    " tokens for the completion",
    " output tokens",
    " in the output",
];

impl Overflow {
    /// Reads a message. `known`: an error code has already shown that the context is too small.
    pub(super) fn read(message: &str, known: bool) -> Option<Self> {
        let text = message.to_lowercase();
        if !known && !TRIGGERS.iter().any(|trigger| text.contains(trigger)) {
            return None;
        }
        let after = |phrases: &[&str]| phrases.iter().find_map(|phrase| number_after(&text, phrase));
        let parts = |phrases: &[&str]| {
            let numbers = phrases.iter().filter_map(|phrase| number_before(&text, phrase));
            numbers.reduce(u64::saturating_add)
        };
        let input = parts(&INPUT_PARTS).or_else(|| after(&INPUT));
        let output = parts(&OUTPUT_PARTS).or_else(|| after(&OUTPUT));
        Some(Self {
            input: input.or_else(|| after(&TOTAL)),
            output,
            limit: after(&LIMIT),
        })
    }

    /// Fills gaps with the counts that llama.cpp puts beside its message.
    pub(super) fn or_counts(mut self, prompt_tokens: Option<u64>, context_tokens: Option<u64>) -> Self {
        self.input = prompt_tokens.or(self.input);
        self.limit = context_tokens.or(self.limit);
        self
    }

    /// The wording for agents, and the backend's own in parentheses.
    pub(super) fn wording(self, original: &str) -> String {
        if original.starts_with("prompt is too long: ") {
            return original.to_owned();
        }
        match (self.input, self.output, self.limit) {
            (Some(input), Some(output), Some(limit)) if input <= limit => {
                format!("input length and `max_tokens` exceed context limit: {input} + {output} > {limit} ({original})")
            }
            (Some(input), _, Some(limit)) => {
                format!("prompt is too long: {input} tokens > {limit} maximum ({original})")
            }
            _ => format!("prompt is too long ({original})"),
        }
    }
}

fn number_after(text: &str, phrase: &str) -> Option<u64> {
    let (_, rest) = text.split_once(phrase)?;
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest[..length].parse().ok()
}

fn number_before(text: &str, phrase: &str) -> Option<u64> {
    let (rest, _) = text.split_once(phrase)?;
    let length = rest.bytes().rev().take_while(u8::is_ascii_digit).count();
    rest[rest.len() - length..].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wording(message: &str) -> Option<String> {
        let overflow = Overflow::read(message, false)?;
        let wording = overflow.wording(message);
        Some(
            wording
                .strip_suffix(&format!(" ({message})"))
                .map(str::to_owned)
                .unwrap_or(wording),
        )
    }

    #[track_caller]
    fn check(message: &str, expected: &str) {
        assert_eq!(wording(message).as_deref(), Some(expected));
    }

    #[test]
    fn s6_1_an_input_that_is_too_long_names_both_numbers() {
        let expected = "prompt is too long: 40000 tokens > 32768 maximum";
        check(
            "This model's maximum context length is 32768 tokens. However, your messages resulted in 40000 \
             tokens. Please reduce the length of the messages.",
            expected,
        );
        check(
            "This model's maximum context length is 32768 tokens. However, you requested 44000 tokens (40000 in \
             the messages, 4000 in the completion).",
            expected,
        );
        check(
            "This model's maximum context length is 32768 tokens. However, your request has 40000 input tokens.",
            expected,
        );
        check(
            "The input (40000 tokens) is longer than the model's context length (32768 tokens).",
            expected,
        );
        check(
            "The decoder prompt (length 40000) is longer than the maximum model length of 32768.",
            expected,
        );
        check(
            "the request (40000 tokens) exceeds the available context size (32768 tokens), try increasing it",
            expected,
        );
    }

    #[test]
    fn s6_1_an_input_that_fits_without_the_answer_tells_the_sum() {
        let expected = "input length and `max_tokens` exceed context limit: 10000 + 32000 > 32768";
        check(
            "This model's maximum context length is 32768 tokens. However, you requested 42000 tokens (10000 in \
             the messages, 32000 in the completion). Please reduce the length of the messages or completion.",
            expected,
        );
        check(
            "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is \
             32768 tokens and your request has 10000 input tokens (32000 > 32768 - 10000).",
            expected,
        );
        check(
            "Requested token count exceeds the model's maximum context length of 32768 tokens. You requested a \
             total of 42000 tokens: 10000 tokens from the input messages and 32000 tokens for the completion.",
            expected,
        );
        check(
            "You passed 10000 input tokens and requested 32000 output tokens. However, the model's context length \
             is only 32768 tokens.",
            expected,
        );
    }

    #[test]
    fn s6_1_parts_of_the_input_are_added_up() {
        check(
            "This endpoint's maximum context length is 32768 tokens. However, you requested about 42000 tokens \
             (9000 of text input, 1000 of tool input, 32000 in the output).",
            "input length and `max_tokens` exceed context limit: 10000 + 32000 > 32768",
        );
        check(
            "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens.",
            "prompt is too long: 9000 tokens > 8192 maximum",
        );
    }

    #[test]
    fn s6_1_an_overflow_without_numbers_still_has_the_words() {
        check(
            "the request exceeds the available context size, try increasing it",
            "prompt is too long",
        );
        check("Your request exceeded model token limit: 131072", "prompt is too long");
    }

    #[test]
    fn s6_1_anthropics_own_wording_stays() {
        let message = "prompt is too long: 5 tokens > 4 maximum";
        check(message, message);
    }

    #[test]
    fn s6_1_other_messages_are_no_overflow() {
        assert_eq!(wording("max_tokens must be positive"), None);
    }
}

//! The request does not fit the model's context: found in the backends' many wordings, told in the one that
//! agents look for (§6.1). They compact the conversation, or ask for fewer tokens, on these very words.

/// What a backend says about the sizes, as far as it does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Overflow {
    input: Option<u64>,
    output: Option<u64>,
    limit: Option<u64>,
}

/// The words of the vendors, in lower case (B6.2, E7).
const TRIGGERS: [&str; 31] = [
    "maximum context length",                       // OpenAI, vLLM, DeepSeek, OpenRouter
    "longer than the model's context length",       // SGLang
    "model's context length is only",               // vLLM since 0.9
    "longer than the maximum model length",         // vLLM before 0.6
    "exceeds the available context size",           // llama.cpp
    "exceed context window of",                     // llama-cpp-python
    "exceeded model token limit",                   // Kimi
    "prompt is too long",                           // Anthropic, Fireworks
    "exceed context limit",                         // Anthropic, Bedrock
    "too long for requested model",                 // Bedrock
    "exceeds the context window",                   // OpenAI's Responses
    "exceeds the maximum number of tokens allowed", // Gemini
    "maximum prompt length is",                     // xAI
    "reduce the length of the messages",            // Groq, Cerebras
    "reduce the length of the prompt",
    "maximum allowed input length",            // Poolside
    "maximum allowed length",                  // SGLang
    "context window exceeds limit",            // MiniMax
    "range of input length should be",         // DashScope
    "input length should be",                  // DashScope
    "exceeded max context length",             // Ollama
    "prompt too long",                         // Ollama
    "input length exceeds the context length", // Ollama's embeddings
    "prompt exceeds max length",               // GLM
    "`max_new_tokens` must be <=",             // TGI
    "`inputs` must have less than",            // TGI
    "context the overflows",                   // LM Studio
    "when context overflows",                  // LM Studio
    "greater than the context length",         // LM Studio
    "too large for model with",                // Mistral
    "context size has been exceeded",          // llama.cpp, LM Studio
];

/// Words for limits by the minute, which a shorter prompt does not mend (Groq's 413, Anthropic's 429).
const RATES: [&str; 4] = ["per minute", "(tpm)", "please wait", "per day"];

/// The codes of the vendors.
const CODES: [&str; 4] = [
    "context_length_exceeded",
    "exceed_context_size_error", // llama.cpp
    "context_window_exceeded",
    "model_context_window_exceeded",
];
/// GLM.
const NUMBER: u64 = 1261;

/// What stands before the number, in lower case.
const LIMIT: [&str; 15] = [
    "maximum context length is ",
    "maximum context length of ",
    "maximum context length: ",
    "context length is only ",
    "context length of only ",
    "model's context length (",
    "maximum model length of ",
    "available context size (",
    "token limit: ",
    "tokens allowed (",
    "maximum prompt length is ",
    "`max_new_tokens` must be <= ",
    "context window of ",
    "too large for model with ",
    "maximum allowed input length of ",
];
const INPUT: [&str; 11] = [
    "resulted in ",
    "the input (",
    "request (",
    "prompt (length ",
    "you passed ",
    "request has ",
    "input token count (",
    "request contains ",
    "given: ",
    "keep the first ",
    "prompt contains ",
];
const OUTPUT: [&str; 1] = ["is too large: "];
const TOTAL: [&str; 3] = ["you requested a total of ", "you requested about ", "you requested "];

/// What stands behind the number.
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
    /// Reads a message, and the codes beside it.
    pub(super) fn read(message: &str, number: Option<u64>, words: &[String]) -> Option<Self> {
        let text = message.to_lowercase();
        let has = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
        let known = number == Some(NUMBER) || words.iter().any(|word| CODES.iter().any(|code| word.contains(code)));
        if !known && (!has(&TRIGGERS) || has(&RATES)) {
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
        let overflow = Overflow::read(message, None, &[])?;
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

    /// Words of vendors, and ours for them.
    const VENDORS: &[(&str, &str)] = &[
        ("Input is too long for requested model.", "prompt is too long"),
        (
            "The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).",
            "prompt is too long: 1048577 tokens > 1048576 maximum",
        ),
        (
            "Trying to keep the first 7000 tokens when context the overflows. However, the model is loaded with \
                 context length of only 4096 tokens, which is not enough.",
            "prompt is too long: 7000 tokens > 4096 maximum",
        ),
        (
            "invalid params, context window exceeds limit (2013)",
            "prompt is too long",
        ),
        (
            "prompt too long; exceeded max context length by 1253 tokens",
            "prompt is too long",
        ),
        (
            "`inputs` tokens + `max_new_tokens` must be <= 32769. Given: 40000 `inputs` tokens and 1000 \
                 `max_new_tokens`",
            "prompt is too long: 40000 tokens > 32769 maximum",
        ),
        (
            "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
            "prompt is too long: 537812 tokens > 131072 maximum",
        ),
        ("Range of input length should be [1, 30720]", "prompt is too long"),
        (
            "Your input exceeds the context window of this model.",
            "prompt is too long",
        ),
        (
            "Please reduce the length of the messages or completion.",
            "prompt is too long",
        ),
        (
            "input exceeds the maximum allowed input length of 9 tokens",
            "prompt is too long",
        ),
        ("Prompt exceeds max length", "prompt is too long"),
        (
            "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
            "prompt is too long: 40000 tokens > 32768 maximum",
        ),
    ];

    #[test]
    fn b6_2_every_vendor_is_understood() {
        for (message, expected) in VENDORS {
            check(message, expected);
        }
    }

    #[test]
    fn b6_2_a_code_is_enough() {
        let code = |number, word: &str| Overflow::read("no", number, &[word.to_owned()]).is_some();
        assert!(code(Some(1261), "") && code(None, "context_length_exceeded"));
        assert!(!code(Some(1262), "string_above_max_length"));
    }

    #[test]
    fn e7_a_limit_by_the_minute_is_no_overflow() {
        for message in [
            "Too many tokens, please wait before trying again.",
            "Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 7000, please reduce \
             the length of the messages",
        ] {
            assert_eq!(wording(message), None, "{message}");
        }
    }
}

//! How many tokens a prompt has, roughly: for `count_tokens` (§7) and for `message_start` (W5).
//!
//! No tokenizer: the models behind the gateway have different ones, their tables would double the binary, and
//! every translated request is counted. Instead each character has a price by its class, lower within a run of
//! one class than at its start. The prices were fitted to a current tokenizer of 200 000 words, over prose in
//! thirty languages, source code and JSON: a few kilobytes of text are five percent off in the mean, and less
//! than ten in nine of ten cases.

use super::anthropic::request::{Block, Content, Message, Request, Source, Tool};
use super::chat::text::EscapedText;
use super::json::Field;
use super::request::error::{At, RequestError};

/// Thousandths of a token.
type Price = u64;

const TOKEN: Price = 1000;
const PER_MESSAGE: Price = 4 * TOKEN;
const PER_TOOL: Price = 8 * TOKEN;
const PER_IMAGE: Price = 1600 * TOKEN;
/// A page of a PDF is some thousand tokens and some ten thousand bytes of base64.
const PER_BASE64_BYTE: Price = TOKEN / 20;

/// Classes of characters by their first byte.
const SMALL: u8 = 0;
const CAPITAL: u8 = 1;
const DIGIT: u8 = 2;
const SPACE: u8 = 3;
const LINE_END: u8 = 4;
const SYMBOL: u8 = 5;
/// Two bytes in UTF-8: Cyrillic, Greek, Arabic, accented letters.
const TWO_BYTES: u8 = 6;
/// Chinese, Japanese, Korean, Indic scripts.
const THREE_BYTES: u8 = 7;
/// Emoji, rare characters.
const FOUR_BYTES: u8 = 8;
/// A later byte of a character.
const LATER_BYTE: u8 = 9;

/// What a character of each class costs at the start of a run, and within it.
const PRICES: [(Price, Price); 10] = [
    (440, 101),
    (485, 671),
    (1200, 300),
    (200, 13),
    (954, 50),
    (785, 205),
    (1300, 80),
    (894, 715),
    (2000, 1500),
    (0, 0),
];

/// The class of each byte, and the price of each class after each other: looked up once a byte.
static CLASSES: [u8; 256] = classes();
static PRICE_AFTER: [[Price; 16]; 16] = prices();

/// The answer to `count_tokens`: at least 1. Fails on what is no conversation; what is in the blocks is not judged.
pub fn count(request: &Request<'_>) -> Result<u64, RequestError> {
    Ok(estimate(request, &request.conversation()?))
}

/// The same for a request whose turns are read already.
pub fn estimate(request: &Request<'_>, conversation: &[(Message<'_>, Content<'_>)]) -> u64 {
    let system = Content::of(request.system, At::root("system"));
    let tools: Vec<Tool<'_>> = request.tools.objects(At::root("tools")).unwrap_or_default();
    let price = system.map_or(0, |content| of_content(&content))
        + tools.iter().map(of_tool).sum::<Price>()
        + conversation
            .iter()
            .map(|(_, content)| PER_MESSAGE + of_content(content))
            .sum::<Price>();
    price.div_ceil(TOKEN).max(1)
}

fn of_content(content: &Content<'_>) -> Price {
    match content {
        Content::Text(raw) => EscapedText::of(raw).map_or(0, of_text),
        Content::Blocks(blocks) => blocks.iter().map(of_block).sum(),
    }
}

/// The members that reach the model, of whatever type the block is.
fn of_block(block: &Block<'_>) -> Price {
    if block
        .kind
        .raw()
        .is_some_and(|kind| kind.get() == "\"image\"")
    {
        return PER_IMAGE;
    }
    let texts = [
        block.text,
        block.thinking,
        block.title,
        block.context,
        block.name,
        block.tool_name,
    ];
    let source: Option<Source<'_>> = block.source.object(At::root("source")).ok().flatten();
    texts.into_iter().map(of_string).sum::<Price>()
        + block.input.raw().map_or(0, |input| of_json(input.get()))
        + Content::of(block.content, At::root("content")).map_or(0, |content| of_content(&content))
        + source.map_or(0, |source| of_source(&source))
}

fn of_source(source: &Source<'_>) -> Price {
    if source
        .kind
        .raw()
        .is_some_and(|kind| kind.get() == "\"base64\"")
    {
        return source
            .data
            .raw()
            .map_or(0, |data| data.get().len() as Price * PER_BASE64_BYTE);
    }
    let content = Content::of(source.content, At::root("content"));
    of_string(source.data) + content.map_or(0, |content| of_content(&content))
}

fn of_tool(tool: &Tool<'_>) -> Price {
    let schema = tool
        .input_schema
        .raw()
        .map_or(0, |schema| of_json(schema.get()));
    PER_TOOL + of_string(tool.name) + of_string(tool.description) + schema
}

fn of_string(field: Field<'_>) -> Price {
    field.raw().and_then(EscapedText::of).map_or(0, of_text)
}

fn of_json(json: &str) -> Price {
    of_text(EscapedText::from_escaped(json))
}

fn of_text(text: EscapedText<'_>) -> Price {
    let bytes = text.escaped().as_bytes();
    let (mut price, mut last, mut at) = (0, LINE_END, 0);
    while let Some(&byte) = bytes.get(at) {
        let (class, length) = if byte == b'\\' {
            escape(&bytes[at..])
        } else {
            (CLASSES[usize::from(byte)], 1)
        };
        price += PRICE_AFTER[usize::from(last & 15)][usize::from(class & 15)];
        last = if class == LATER_BYTE { last } else { class };
        at += length;
    }
    price
}

/// The class of an escaped character, and the length of the escape.
fn escape(rest: &[u8]) -> (u8, usize) {
    match rest {
        [_, b'n' | b'r' | b't', ..] => (LINE_END, 2),
        [_, b'u', b'0', b'0', ..] => (SYMBOL, 6),
        [_, b'u', b'0', ..] => (TWO_BYTES, 6),
        [_, b'u', ..] => (THREE_BYTES, 6),
        _ => (SYMBOL, 2),
    }
}

const fn classes() -> [u8; 256] {
    let mut classes = [SYMBOL; 256];
    let mut byte: u8 = 0;
    loop {
        classes[byte as usize] = match byte {
            b'a'..=b'z' => SMALL,
            b'A'..=b'Z' => CAPITAL,
            b'0'..=b'9' => DIGIT,
            b' ' => SPACE,
            b'\n' | b'\r' | b'\t' => LINE_END,
            0..=0x7F => SYMBOL,
            0x80..=0xBF => LATER_BYTE,
            0xC0..=0xDF => TWO_BYTES,
            0xE0..=0xEF => THREE_BYTES,
            0xF0..=0xFF => FOUR_BYTES,
        };
        if byte == u8::MAX {
            return classes;
        }
        byte += 1;
    }
}

const fn prices() -> [[Price; 16]; 16] {
    let mut prices = [[0; 16]; 16];
    let mut last = 0;
    while last < PRICES.len() {
        let mut class = 0;
        while class < PRICES.len() {
            // A word with a capital is still one word.
            let goes_on = class == last || (class == SMALL as usize && last == CAPITAL as usize);
            prices[last][class] = if goes_on {
                PRICES[class].1
            } else {
                PRICES[class].0
            };
            class += 1;
        }
        last += 1;
    }
    prices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(body: &str) -> u64 {
        count(&Request::parse(body.as_bytes()).unwrap()).unwrap()
    }

    fn of(text: &str) -> u64 {
        of_text(EscapedText::from_escaped(text)) / TOKEN
    }

    #[test]
    fn section_7_the_estimate_is_near_a_real_tokenizer() {
        // The second number is the count of a tokenizer with 200 000 words.
        let prose = "The gateway translates requests between two dialects, and it does so without losing anything \
            that a client has said. Where a backend cannot be told something, the client is warned of it.";
        let code = r#"fn main() {\n    let total: u64 = items.iter().map(|item| item.price * 100).sum();\n    println!(\"{total}\");\n}"#;
        let chinese = "网关在两种方言之间翻译请求，并且不会丢失客户端所说的任何内容。";
        for (text, tokens) in [(prose, 36), (code, 32), (chinese, 24)] {
            let estimate = of(text);
            assert!(
                estimate.abs_diff(tokens) * 4 <= tokens,
                "{estimate} for {tokens}: {text}"
            );
        }
    }

    #[test]
    fn section_7_escaped_text_costs_what_the_characters_cost() {
        assert_eq!(
            of(r"\u4f60\u597d\u4e16\u754c\u4f60\u597d"),
            of("你好世界你好")
        );
        assert_eq!(of(&r"a\n\n".repeat(9)), of(&"a\n\n".repeat(9)));
    }

    #[test]
    fn section_7_everything_that_the_model_reads_counts() {
        let plain = counted(r#"{"messages": [{"role": "user", "content": "foo"}]}"#);
        let long = "many words that cost something ".repeat(20);
        for more in [
            format!(
                r#"{{"system": "{long}", "messages": [{{"role": "user", "content": "foo"}}]}}"#
            ),
            format!(
                r#"{{"tools": [{{"name": "f", "description": "{long}"}}], "messages": [{{"role": "user", "content": "foo"}}]}}"#
            ),
            format!(
                r#"{{"messages": [{{"role": "user", "content": [{{"type": "tool_result", "content": "{long}"}}]}}]}}"#
            ),
            format!(
                r#"{{"messages": [{{"role": "user", "content": [{{"type": "document", "source": {{"type": "text", "data": "{long}"}}}}]}}]}}"#
            ),
        ] {
            assert!(counted(&more) > plain + 80, "{more}");
        }
    }

    #[test]
    fn section_7_an_image_is_some_1600_tokens_whatever_its_size() {
        let data = "A".repeat(100_000);
        let body = format!(
            r#"{{"messages": [{{"role": "user", "content": [{{"type": "image", "source": {{"type": "base64", "data": "{data}"}}}}]}}]}}"#
        );
        assert_eq!(counted(&body), 1604);
    }

    #[test]
    fn section_7_an_empty_prompt_is_one_token_at_least() {
        assert!(counted(r#"{"messages": [{"role": "user", "content": ""}]}"#) >= 1);
    }

    #[test]
    fn section_7_counting_needs_messages_but_no_max_tokens() {
        let request = Request::parse(b"{}").unwrap();
        assert_eq!(
            count(&request).unwrap_err().to_string(),
            "messages: field required"
        );
    }
}

//! The estimated number of tokens of a Messages request: for `count_tokens` (§7) and for `message_start` (W5).
//!
//! No tokenizer: the models behind the gateway have different ones, their tables would double the binary, and
//! every translated request is counted. `tokens.rs` has the weights that stand in its place.

use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Field};
use crate::messages::wire::request::{InputBlock, InputContent, InputMessage, MessagesBody, Source, ToolDefinition};
use crate::tokens::{MilliTokens, TOKEN, of_text};

const PER_MESSAGE: MilliTokens = 4 * TOKEN;
const PER_TOOL: MilliTokens = 8 * TOKEN;
const PER_IMAGE: MilliTokens = 1600 * TOKEN;
/// A page of a PDF is some thousand tokens and some ten thousand bytes of base64.
const PER_BASE64_BYTE: MilliTokens = TOKEN / 20;

/// A turn holds a result, that a document, and that blocks: nothing lies deeper, whatever a request pretends.
const MAX_DEPTH: usize = 4;

/// The number for `count_tokens`: at least 1. Fails if there is no conversation; blocks are not validated.
pub fn count(request: &MessagesBody<'_>) -> Result<u64, RequestError> {
    Ok(estimate(request, &request.conversation()?))
}

/// The same for a request whose turns are parsed already.
pub fn estimate(request: &MessagesBody<'_>, conversation: &[(InputMessage<'_>, InputContent<'_>)]) -> u64 {
    let tools: Vec<ToolDefinition<'_>> = request.tools.objects(FieldPath::root("tools")).unwrap_or_default();
    let turn = |(_, content): &(InputMessage<'_>, InputContent<'_>)| PER_MESSAGE + of_content(content, MAX_DEPTH);
    let total = of_inner(request.system, MAX_DEPTH)
        + tools.iter().map(of_tool).sum::<MilliTokens>()
        + conversation.iter().map(turn).sum::<MilliTokens>();
    total.div_ceil(TOKEN).max(1)
}

fn of_content(content: &InputContent<'_>, depth: usize) -> MilliTokens {
    match content {
        InputContent::Text(raw) => EscapedText::of(raw).map_or(0, of_text),
        InputContent::Blocks(blocks) => blocks.iter().map(|block| of_block(block, depth - 1)).sum(),
    }
}

/// Content inside of something else, as deep as it may lie.
fn of_inner(field: Field<'_>, depth: usize) -> MilliTokens {
    if depth == 0 {
        return 0;
    }
    InputContent::of(field, FieldPath::root("content")).map_or(0, |content| of_content(&content, depth))
}

/// The members that reach the model, of whatever type the block is.
fn of_block(block: &InputBlock<'_>, depth: usize) -> MilliTokens {
    if is(block.kind, "\"image\"") {
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
    let source: Option<Source<'_>> = block.source.object(FieldPath::root("source")).ok().flatten();
    texts.into_iter().map(of_string).sum::<MilliTokens>()
        + of_json(block.input)
        + of_inner(block.content, depth)
        + source.map_or(0, |source| of_source(&source, depth))
}

fn of_source(source: &Source<'_>, depth: usize) -> MilliTokens {
    if is(source.kind, "\"base64\"") {
        return source
            .data
            .raw()
            .map_or(0, |data| data.get().len() as MilliTokens * PER_BASE64_BYTE);
    }
    of_string(source.data) + of_inner(source.content, depth)
}

fn of_tool(tool: &ToolDefinition<'_>) -> MilliTokens {
    PER_TOOL + of_string(tool.name) + of_string(tool.description) + of_json(tool.input_schema)
}

fn of_string(field: Field<'_>) -> MilliTokens {
    field.raw().and_then(EscapedText::of).map_or(0, of_text)
}

fn of_json(field: Field<'_>) -> MilliTokens {
    field
        .raw()
        .map_or(0, |json| of_text(EscapedText::from_escaped(json.get())))
}

fn is(field: Field<'_>, json: &str) -> bool {
    field.raw().is_some_and(|raw| raw.get() == json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(body: &str) -> u64 {
        count(&MessagesBody::parse(body.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn section_7_everything_that_the_model_reads_counts() {
        let plain = counted(r#"{"messages": [{"role": "user", "content": "foo"}]}"#);
        let long = "many words that cost something ".repeat(20);
        for more in [
            format!(r#"{{"system": "{long}", "messages": [{{"role": "user", "content": "foo"}}]}}"#),
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
        let request = MessagesBody::parse(b"{}").unwrap();
        assert_eq!(count(&request).unwrap_err().to_string(), "messages: field required");
    }

    #[test]
    fn section_7_no_depth_of_nesting_is_too_deep() {
        let depth = 100_000;
        let nested = format!(
            "{}{}",
            r#"[{"content":"#.repeat(depth),
            "1".to_owned() + &"}]".repeat(depth)
        );
        let body = format!(r#"{{"messages": [{{"role": "user", "content": {nested}}}]}}"#);
        assert!(counted(&body) < 10);
    }
}

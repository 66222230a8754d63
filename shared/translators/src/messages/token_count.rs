//! The estimated number of tokens of a Messages request: for `count_tokens` (§7) and for `message_start` (W5).
//!
//! No tokenizer: the models behind the gateway have different ones, their tables would double the binary, and
//! every translated request is counted. `tokens.rs` has the weights that stand in its place.

use std::borrow::Cow;

use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Field, Json, Members};
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
        + conversation.iter().map(turn).sum::<MilliTokens>()
        + [request.output_config, request.output_format]
            .into_iter()
            .map(of_json)
            .sum::<MilliTokens>()
        + of_members(&request.rest);
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
    let texts = [
        block.text,
        block.thinking,
        block.title,
        block.context,
        block.name,
        block.tool_name,
    ];
    let source: Option<Source<'_>> = block.source.object(FieldPath::root("source")).ok().flatten();
    // Of a search result the source is a text.
    let source = source.map_or_else(
        || of_json(block.source),
        |source| of_source(&source, is(block.kind, "\"image\""), depth),
    );
    texts.into_iter().map(of_string).sum::<MilliTokens>()
        + of_json(block.input)
        + of_json(block.tool)
        + of_json(block.tool_changes)
        + of_inner(block.content, depth)
        + of_members(&block.rest)
        + source
}

/// Only what lies in the place of media counts as such, whatever the block calls itself.
fn of_source(source: &Source<'_>, is_image: bool, depth: usize) -> MilliTokens {
    let is_media = ["\"base64\"", "\"url\"", "\"file\""]
        .iter()
        .any(|kind| is(source.kind, kind));
    if is_image && is_media {
        return PER_IMAGE;
    }
    if is(source.kind, "\"base64\"") {
        return source
            .data
            .raw()
            .map_or(0, |data| data.get().len() as MilliTokens * PER_BASE64_BYTE);
    }
    of_string(source.data) + of_inner(source.content, depth)
}

fn of_tool(tool: &ToolDefinition<'_>) -> MilliTokens {
    PER_TOOL
        + of_string(tool.name)
        + of_string(tool.description)
        + of_json(tool.input_schema)
        + of_json(tool.input_examples)
        + of_members(&tool.rest)
}

/// Members that no rule names: a backend may read them.
fn of_members(members: &Members<'_>) -> MilliTokens {
    let member = |(name, value): &(Cow<'_, str>, Json<'_>)| {
        of_text(EscapedText::from_escaped(name)) + of_text(EscapedText::from_escaped(value.get()))
    };
    members.0.iter().map(member).sum()
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
    fn p71_ha12_schemas_names_and_unknown_members_count_and_only_media_are_media() {
        let plain = counted(r#"{"messages": [{"role": "user", "content": "foo"}]}"#);
        let long = "many words that cost something ".repeat(400);
        let user = |block: &str| format!(r#"{{"messages": [{{"role": "user", "content": [{block}]}}]}}"#);
        let with = |member: &str| format!(r#"{{{member}, "messages": [{{"role": "user", "content": "foo"}}]}}"#);
        for more in [
            with(&format!(
                r#""output_config": {{"format": {{"schema": {{"title": "{long}"}}}}}}"#
            )),
            with(&format!(r#""grammar": "{long}""#)),
            with(&format!(r#""tools": [{{"name": "f", "x": "{long}"}}]"#)),
            with(&format!(r#""tools": [{{"name": "f", "input_examples": ["{long}"]}}]"#)),
            user(&format!(
                r#"{{"type": "image", "source": {{"type": "text", "data": "{long}"}}}}"#
            )),
            user(&format!(
                r#"{{"type": "image", "text": "{long}", "source": {{"type": "base64", "data": ""}}}}"#
            )),
            user(&format!(r#"{{"type": "search_result", "source": "{long}"}}"#)),
        ] {
            assert!(counted(&more) > plain + 1700, "{}", &more[..80]);
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

//! System text: at the head, or as a reminder in a user turn (O1, O2).

use super::body::{Block, Content};
use crate::error::RequestError;
use crate::json::{EscapedText, Json, TextBuilder};

/// The head's texts as one, joined with a blank line; as blocks where a cache mark must stay (O1).
pub(super) fn joined(blocks: Vec<Block<'_>>) -> Result<Option<Content<'_>>, RequestError> {
    if blocks.is_empty() {
        return Ok(None);
    }
    if blocks.iter().any(|block| block.cache_control.is_some()) {
        return Ok(Some(Content::Blocks(blocks)));
    }
    Ok(Some(Content::Text(text(&blocks, true)?)))
}

/// A system message's text as a user turn can carry it (SY3). A cache mark stays on it.
pub(super) fn reminder(mut blocks: Vec<Block<'_>>) -> Result<Block<'_>, RequestError> {
    let cache_control = blocks.iter_mut().rev().find_map(|block| block.cache_control.take());
    let inner = text(&blocks, false)?;
    let inner = EscapedText::of(&inner).unwrap_or(EscapedText::EMPTY);
    let builder = TextBuilder::with_capacity(inner.escaped().len() + 40).literal("<system-reminder>");
    let wrapped = builder.newline().escaped(inner).newline().literal("</system-reminder>");
    Ok(Block {
        cache_control,
        ..Block::text(wrapped.build()?)
    })
}

/// Puts a text behind the last text of `blocks`, on a line of its own.
pub(super) fn append(blocks: &mut Vec<Block<'_>>, added: Block<'_>) -> Result<(), RequestError> {
    let added = added.as_text().unwrap_or(EscapedText::EMPTY);
    let last = blocks.pop_if(|block| block.as_text().is_some());
    let (text, cache_control) = match &last {
        Some(last) => (last.as_text(), last.cache_control.clone()),
        None => (None, None),
    };
    let text = TextBuilder::with_capacity(added.escaped().len() + 2)
        .line(text)
        .line(Some(added));
    let block = Block::text(text.build()?);
    let cache_control = cache_control.map(|mark| std::borrow::Cow::Owned(mark.into_owned()));
    blocks.push(Block { cache_control, ..block });
    Ok(())
}

fn text<'a>(blocks: &[Block<'_>], with_blank_line: bool) -> Result<Json<'a>, RequestError> {
    let texts: Vec<EscapedText<'_>> = blocks.iter().filter_map(Block::as_text).collect();
    let length = texts.iter().map(|text| text.escaped().len() + 4).sum();
    let mut builder = TextBuilder::with_capacity(length);
    for (i, text) in texts.into_iter().enumerate() {
        if i > 0 {
            builder = builder.newline();
        }
        if i > 0 && with_blank_line {
            builder = builder.newline();
        }
        builder = builder.escaped(text);
    }
    builder.build()
}

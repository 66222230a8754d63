//! Documents and search results, which a chat backend reads as text, except PDF (§3.5).

use crate::chat::request::{ContentPart, FilePart, PartKind};
use crate::json::EscapedText;
use crate::json::{Json, TextBuilder};
use crate::messages::wire::request::{InputBlock, InputContent, Source};
use crate::settings::Pdf;

use super::parts;
use super::scope::Scope;
use crate::error::{At, RequestError};

/// Title and context come first, in whatever form the rest is.
pub(super) fn parts<'a>(
    block: &InputBlock<'a>,
    scope: &Scope<'a>,
    at: At<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let title = block.title.text(at.field("title"))?;
    let context = block.context.text(at.field("context"))?;
    let at = at.field("source");
    let source: Source<'a> = block.source.required_object(at)?;
    match source.kind.required_word(at.field("type"))?.as_ref() {
        "text" => text_part(&[title, context, Some(source.data.required_text(at.field("data"))?)]),
        "content" => {
            let mut all = text_part(&[title, context])?;
            all.extend(inner_blocks(&source, scope, at)?);
            Ok(all)
        }
        "base64" => {
            let mut all = text_part(&[context])?;
            all.push(pdf(&source, title, scope.backend.pdf, at)?);
            Ok(all)
        }
        kind => Err(at
            .field("type")
            .error(format!("document sources of type `{kind}` are not supported"))),
    }
}

/// A search result that the client found: title, source, text.
pub(super) fn search_result<'a>(block: &InputBlock<'a>, at: At<'_>) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let title = block.title.text(at.field("title"))?;
    let source = block.source.text(at.field("source"))?;
    let at = at.field("content");
    let mut lines = vec![title, source];
    if let InputContent::Blocks(blocks) = InputContent::of(block.content, at)? {
        for (i, block) in blocks.iter().enumerate() {
            lines.push(Some(block.text.required_text(at.index(i).field("text"))?));
        }
    } else {
        lines.push(block.content.text(at)?);
    }
    text_part(&lines)
}

fn inner_blocks<'a>(source: &Source<'a>, scope: &Scope<'a>, at: At<'_>) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let at = at.field("content");
    let blocks = match InputContent::of(source.content, at)? {
        InputContent::Text(text) => return Ok(parts::of_string(text)),
        InputContent::Blocks(blocks) => blocks,
    };
    let mut all = Vec::new();
    for (i, block) in blocks.iter().enumerate() {
        let at = at.index(i);
        let kind = block.kind.required_word(at.field("type"))?;
        match parts::of_plain_block(&kind, block, scope, at)? {
            Some(parts) => all.extend(parts),
            None => return Err(parts::misplaced(&kind, "in a document", at)),
        }
    }
    Ok(all)
}

fn text_part<'a>(lines: &[Option<EscapedText<'a>>]) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let length = lines.iter().flatten().map(|line| line.escaped().len() + 2).sum();
    let text = lines
        .iter()
        .fold(TextBuilder::with_capacity(length), |builder, line| builder.line(*line))
        .build()?;
    Ok(if text.get() == "\"\"" {
        Vec::new()
    } else {
        vec![ContentPart::text(text)]
    })
}

fn pdf<'a>(
    source: &Source<'a>,
    title: Option<EscapedText<'a>>,
    setting: Pdf,
    at: At<'_>,
) -> Result<ContentPart<'a>, RequestError> {
    let media_type = source.media_type.required_word(at.field("media_type"))?;
    if media_type != "application/pdf" {
        return Err(at.field("media_type").error("must be application/pdf"));
    }
    if setting == Pdf::Reject {
        return Err(at.error("this model does not accept PDF documents"));
    }
    let data = source.data.required_text(at.field("data"))?;
    let builder = TextBuilder::with_capacity(data.escaped().len() + 32);
    let file_data = builder.literal("data:application/pdf;base64,").escaped(data).build()?;
    Ok(ContentPart::new(PartKind::File {
        file: FilePart {
            filename: filename(title)?,
            file_data,
        },
    }))
}

fn filename<'a>(title: Option<EscapedText<'_>>) -> Result<Json<'a>, RequestError> {
    let title = title
        .filter(|title| !title.is_empty())
        .unwrap_or(EscapedText::from_escaped("document"));
    let name = TextBuilder::with_capacity(title.escaped().len() + 4).escaped(title);
    let name = if title.decode().to_ascii_lowercase().ends_with(".pdf") {
        name
    } else {
        name.literal(".pdf")
    };
    name.build()
}

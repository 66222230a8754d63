//! Documents and search results, which a chat backend reads as text, except PDF (§3.5).

use crate::chat::request::{ContentPart, FilePart, PartKind};
use crate::json::{EscapedText, Json, TextBuilder};
use crate::messages::wire::request::{InputBlock, InputContent, Source};
use crate::settings::Pdf;

use super::parts;
use crate::error::{FieldPath, RequestError};
use crate::to_hub::Scope;

/// Title and context come first, in whatever form the rest is.
pub(super) fn parts<'a>(
    block: &InputBlock<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let title = block.title.text(path.field("title"))?;
    let context = block.context.text(path.field("context"))?;
    let path = path.field("source");
    let source: Source<'a> = block.source.required_object(path)?;
    match source.kind.required_word(path.field("type"))?.as_ref() {
        "text" => text_part(&[title, context, Some(source.data.required_text(path.field("data"))?)]),
        "content" => {
            let mut all = text_part(&[title, context])?;
            all.extend(inner_blocks(&source, scope, path)?);
            Ok(all)
        }
        "base64" => {
            let mut all = text_part(&[context])?;
            all.push(pdf(&source, title, scope.backend.pdf, path)?);
            Ok(all)
        }
        kind => Err(path
            .field("type")
            .error(format!("document sources of type `{kind}` are not supported"))),
    }
}

/// A search result that the client found: title, source, text.
pub(super) fn search_result<'a>(
    block: &InputBlock<'a>,
    path: FieldPath<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let title = block.title.text(path.field("title"))?;
    let source = block.source.text(path.field("source"))?;
    let path = path.field("content");
    let mut lines = vec![title, source];
    if let InputContent::Blocks(blocks) = InputContent::of(block.content, path)? {
        for (i, block) in blocks.iter().enumerate() {
            lines.push(Some(block.text.required_text(path.index(i).field("text"))?));
        }
    } else {
        lines.push(block.content.text(path)?);
    }
    text_part(&lines)
}

fn inner_blocks<'a>(
    source: &Source<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let path = path.field("content");
    let blocks = match InputContent::of(source.content, path)? {
        InputContent::Text(text) => return Ok(parts::of_string(text)),
        InputContent::Blocks(blocks) => blocks,
    };
    let mut all = Vec::new();
    for (i, block) in blocks.iter().enumerate() {
        let path = path.index(i);
        let kind = block.kind.required_word(path.field("type"))?;
        match parts::of_plain_block(&kind, block, scope, path)? {
            Some(parts) => all.extend(parts),
            None => return Err(parts::misplaced(&kind, "in a document", path)),
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
    path: FieldPath<'_>,
) -> Result<ContentPart<'a>, RequestError> {
    let media_type = source.media_type.required_word(path.field("media_type"))?;
    if media_type != "application/pdf" {
        return Err(path.field("media_type").error("must be application/pdf"));
    }
    if setting == Pdf::Reject {
        return Err(path.error("this model does not accept PDF documents"));
    }
    let data = source.data.required_text(path.field("data"))?;
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

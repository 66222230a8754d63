//! The content of messages and results (N10).

use std::borrow::Cow;

use super::body::{Content, Part};
use crate::chat::input::{InputFile, InputImage, InputMessage, InputPart};
use crate::chat::saying::is_text;
use crate::error::{Code, FieldPath, RequestError};
use crate::json::{EscapedText, Field, Json, TextBuilder};
use crate::settings::Pdf;
use crate::to_hub::Scope;

/// The content of a user's message, or of a tool's result. A string stays one.
pub(super) fn input<'a>(
    message: &InputMessage<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Content<'a>, RequestError> {
    let path = path.field("content");
    match message.content.raw() {
        None => Ok(Content::Parts(Vec::new())),
        Some(raw) if EscapedText::of(raw).is_some() => Ok(Content::Text(Cow::Borrowed(raw))),
        Some(_) => each(message.content, path, |part, path| {
            scope.warnings.dropped_all(&part.rest);
            of_input(part, scope, path)
        })
        .map(Content::Parts),
    }
}

/// The content of an assistant's message; `None` where it says nothing.
pub(super) fn output<'a>(
    message: &InputMessage<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Option<Content<'a>>, RequestError> {
    let string = message.content.raw().filter(|raw| EscapedText::of(raw).is_some());
    let refusal = message.refusal.raw().filter(|raw| is_text(Some(raw)));
    if let (Some(text), None) = (string, refusal) {
        return Ok(is_text(Some(text)).then_some(Content::Text(Cow::Borrowed(text))));
    }
    let mut parts = match string {
        Some(text) if is_text(Some(text)) => vec![Part::OutputText {
            text: Cow::Borrowed(text),
        }],
        Some(_) => Vec::new(),
        None => each(message.content, path.field("content"), |part, path| {
            scope.warnings.dropped_all(&part.rest);
            of_output(part, path)
        })?,
    };
    parts.extend(refusal.map(|refusal| Part::Refusal {
        refusal: Cow::Borrowed(refusal),
    }));
    Ok((!parts.is_empty()).then_some(Content::Parts(parts)))
}

/// The texts of a system message as one.
pub(super) fn system<'a>(message: &InputMessage<'a>, path: FieldPath<'_>) -> Result<Option<Json<'a>>, RequestError> {
    let path = path.field("content");
    let Some(raw) = message.content.raw() else {
        return Ok(None);
    };
    if EscapedText::of(raw).is_some() {
        return Ok(is_text(Some(raw)).then_some(Cow::Borrowed(raw)));
    }
    let parts: Vec<InputPart<'a>> = message.content.objects(path)?;
    let mut text = TextBuilder::with_capacity(raw.get().len());
    for (i, part) in parts.iter().enumerate() {
        let path = path.index(i);
        let kind = part.kind.word(path.field("type"))?.unwrap_or(Cow::Borrowed("text"));
        if kind != "text" {
            let message = format!("parts of type `{kind}` are not supported in a system message");
            return Err(path.field("type").error(message));
        }
        text = text.line(Some(part.text.required_text(path.field("text"))?));
    }
    let text = text.build()?;
    Ok(Some(text).filter(|text| is_text(Some(text))))
}

fn each<'a>(
    content: Field<'a>,
    path: FieldPath<'_>,
    mut part: impl FnMut(&InputPart<'a>, FieldPath<'_>) -> Result<Part<'a>, RequestError>,
) -> Result<Vec<Part<'a>>, RequestError> {
    let parts: Vec<InputPart<'a>> = content.objects(path)?;
    let parts = parts.iter().enumerate().map(|(i, each)| part(each, path.index(i)));
    parts.collect()
}

fn of_input<'a>(part: &InputPart<'a>, scope: &Scope<'a>, path: FieldPath<'_>) -> Result<Part<'a>, RequestError> {
    let kind = part.kind.required_word(path.field("type"))?;
    match kind.as_ref() {
        "text" => Ok(Part::InputText {
            text: text(part.text, path.field("text"))?,
        }),
        "image_url" if !scope.backend.vision => Err(path.field("type").error("this model does not accept images")),
        "image_url" => image(part.image_url, path.field("image_url")),
        "file" => file(part.file, scope.backend.pdf, path.field("file")),
        kind => {
            let error = format!("parts of type `{kind}` are not supported by this model");
            Err(path.field("type").error(error).code(Code::UnsupportedParameter))
        }
    }
}

fn of_output<'a>(part: &InputPart<'a>, path: FieldPath<'_>) -> Result<Part<'a>, RequestError> {
    match part.kind.required_word(path.field("type"))?.as_ref() {
        "text" => Ok(Part::OutputText {
            text: text(part.text, path.field("text"))?,
        }),
        "refusal" => Ok(Part::Refusal {
            refusal: text(part.refusal, path.field("refusal"))?,
        }),
        kind => {
            let message = format!("parts of type `{kind}` are not supported in an assistant message");
            Err(path.field("type").error(message))
        }
    }
}

fn text<'a>(field: Field<'a>, path: FieldPath<'_>) -> Result<Json<'a>, RequestError> {
    field.required_string(path).map(Cow::Borrowed)
}

fn image<'a>(field: Field<'a>, path: FieldPath<'_>) -> Result<Part<'a>, RequestError> {
    let is_string = field.raw().is_some_and(|raw| EscapedText::of(raw).is_some());
    let image = if is_string {
        InputImage {
            url: field,
            ..InputImage::default()
        }
    } else {
        field.required_object(path)?
    };
    Ok(Part::InputImage {
        image_url: image.url.required_string(path.field("url"))?,
        detail: image.detail.raw(),
    })
}

/// A file with its data: one that lies in another account cannot be read from here.
fn file<'a>(field: Field<'a>, pdf: Pdf, path: FieldPath<'_>) -> Result<Part<'a>, RequestError> {
    if pdf == Pdf::Reject {
        return Err(path.error("this model does not accept files"));
    }
    let file: InputFile<'a> = field.required_object(path)?;
    if file.file_id.is_present() {
        let message = "files of another server cannot be read; send `file_data`";
        return Err(path.field("file_id").error(message));
    }
    file.filename.text(path.field("filename"))?;
    Ok(Part::InputFile {
        filename: file.filename.raw(),
        file_data: file.file_data.required_string(path.field("file_data"))?,
    })
}

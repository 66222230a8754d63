//! Files in a message: PDF as a part where the backend takes it, text as text (R4).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::chat::request::{ContentPart, FilePart, PartKind};
use crate::error::{FieldPath, RequestError};
use crate::json::{Field, Json, json_string};
use crate::responses::wire::request::InputPart;
use crate::settings::Pdf;

/// The beginning of a PDF in base64.
const PDF_IN_BASE64: &str = "JVBERi";
const PDF: &str = "application/pdf";

/// The file as a part; none for one without text.
pub(super) fn part<'a>(
    part: &InputPart<'a>,
    pdf: Pdf,
    path: FieldPath<'_>,
) -> Result<Option<ContentPart<'a>>, RequestError> {
    refuse_id(part.file_id, path.field("file_id"))?;
    refuse_id(part.file_url, path.field("file_url"))?;
    let field = path.field("file_data");
    let written = part.file_data.required_word(field)?;
    let (media_type, data) = split(&written);
    if media_type == PDF {
        if pdf == Pdf::Reject {
            return Err(field.error("this model does not accept PDF documents"));
        }
        let file = FilePart {
            filename: filename(part, path)?,
            file_data: json_string(&format!("data:{PDF};base64,{data}"))?,
        };
        return Ok(Some(ContentPart::new(PartKind::File { file })));
    }
    let text = STANDARD.decode(data.trim_ascii()).ok();
    let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or_else(|| field.error("must be a PDF document or text, in base64"))?;
    let text = (!text.is_empty()).then(|| json_string(&text)).transpose()?;
    Ok(text.map(ContentPart::text))
}

/// What lies on another server cannot be read from here.
pub(super) fn refuse_id(field: Field<'_>, path: FieldPath<'_>) -> Result<(), RequestError> {
    if field.is_present() {
        return Err(path.error("not supported here; send the data itself"));
    }
    Ok(())
}

/// The media type and the base64 of a data URL, or of base64 alone.
fn split(written: &str) -> (&str, &str) {
    let url = written.strip_prefix("data:").and_then(|rest| rest.split_once(','));
    match url {
        Some((head, data)) => (head.split(';').next().unwrap_or_default(), data),
        None if written.starts_with(PDF_IN_BASE64) => (PDF, written),
        None => ("", written),
    }
}

fn filename<'a>(part: &InputPart<'a>, path: FieldPath<'_>) -> Result<Json<'a>, RequestError> {
    part.filename.text(path.field("filename"))?;
    match part.filename.raw() {
        Some(name) => Ok(Cow::Borrowed(name)),
        None => json_string("document.pdf"),
    }
}

//! Images and files (O4).

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use super::body::{Block, BlockKind, Source};
use crate::chat::input::{InputFile, InputImage};
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Field, Json, json_string};

/// The images that the API takes.
const IMAGE_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

const PDF: &str = "application/pdf";

/// A data URL: its type, and its data in JSON escapes.
struct DataUrl<'a> {
    media_type: String,
    data: EscapedText<'a>,
}

pub(super) fn image<'a>(field: Field<'a>, path: FieldPath<'_>) -> Result<Block<'a>, RequestError> {
    let is_string = field.raw().is_some_and(|raw| EscapedText::of(raw).is_some());
    let url = if is_string {
        field
    } else {
        field.required_object::<InputImage<'a>>(path)?.url
    };
    let path = path.field("url");
    let text = url.required_text(path)?;
    let source = match data_url(text) {
        Some(DataUrl { media_type, data }) => Source::Base64 {
            media_type: image_type(&media_type, path)?,
            data: quoted(data)?,
        },
        None if text.begins_with("http://") || text.begins_with("https://") => Source::Url {
            url: Cow::Borrowed(url.raw().ok_or_else(|| path.missing())?),
        },
        None => return Err(path.error("must be an http(s) address or a base64 data URL")),
    };
    Ok(Block::new(BlockKind::Image { source }))
}

pub(super) fn file<'a>(field: Field<'a>, path: FieldPath<'_>) -> Result<Block<'a>, RequestError> {
    let file: InputFile<'a> = field.required_object(path)?;
    if file.file_id.is_present() {
        return Err(path
            .field("file_id")
            .error("files of another server cannot be read; send `file_data`"));
    }
    let filename = file.filename.text(path.field("filename"))?;
    let path = path.field("file_data");
    let text = file.file_data.required_text(path)?;
    let is_pdf = |name: EscapedText<'_>| name.decode().to_ascii_lowercase().ends_with(".pdf");
    let url = data_url(text).or_else(|| {
        // Some clients send the data alone.
        filename.is_some_and(is_pdf).then(|| DataUrl {
            media_type: PDF.to_owned(),
            data: text,
        })
    });
    match url {
        Some(DataUrl { media_type, data }) if media_type == PDF => Ok(Block::new(BlockKind::Document {
            source: Source::Base64 {
                media_type: PDF,
                data: quoted(data)?,
            },
            title: file.filename.raw().map(Cow::Borrowed),
        })),
        Some(DataUrl { media_type, data }) if is_text(&media_type) => {
            let decoded = STANDARD.decode(data.decode().as_bytes()).ok();
            let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
            let text = text.ok_or_else(|| path.error("is not base64 of text in UTF-8"))?;
            Ok(Block::text(json_string(&text)?))
        }
        _ => Err(path.error("must be a base64 data URL of a PDF or of text")),
    }
}

fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/") || matches!(media_type, "application/json" | "application/xml")
}

fn image_type(media_type: &str, path: FieldPath<'_>) -> Result<&'static str, RequestError> {
    // A spelling that is in no registry, and common.
    let media_type = if media_type == "image/jpg" {
        "image/jpeg"
    } else {
        media_type
    };
    let known = IMAGE_TYPES.into_iter().find(|known| *known == media_type);
    known.ok_or_else(|| path.error(format!("the media type must be one of {}", IMAGE_TYPES.join(", "))))
}

/// `data:<type>[;<parameter>…];base64,<data>`. The head is short and decoded, the data stays as it is.
fn data_url(text: EscapedText<'_>) -> Option<DataUrl<'_>> {
    if !text.begins_with("data:") {
        return None;
    }
    let comma = memchr::memchr(b',', text.escaped().as_bytes())?;
    let (head, data) = text.split_at(comma + 1);
    let head = head.decode().to_ascii_lowercase();
    let head = head.strip_prefix("data:")?.strip_suffix(",")?.strip_suffix(";base64")?;
    let media_type = head.split(';').next().unwrap_or_default().trim().to_owned();
    Some(DataUrl { media_type, data })
}

fn quoted<'a>(text: EscapedText<'_>) -> Result<Json<'a>, RequestError> {
    Ok(Cow::Owned(RawValue::from_string(format!("\"{}\"", text.escaped()))?))
}

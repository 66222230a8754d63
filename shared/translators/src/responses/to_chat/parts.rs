//! The parts of a message's content, and of a tool's output (R4).

use std::borrow::Cow;

use super::files;
use crate::chat::request::{ContentPart, ImageUrl, PartKind};
use crate::error::{FieldPath, RequestError};
use crate::json::{Field, TextBuilder};
use crate::responses::refusal;
use crate::responses::wire::request::{InputItem, InputPart, TextOr};
use crate::settings::ToolResultMedia;
use crate::to_hub::Scope;
use crate::to_hub::parts::of_string;

/// Where parts stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    User,
    /// Where only text can stand.
    Text,
    /// In a tool's output.
    Output,
}

pub(super) fn read<'a>(
    content: Field<'a>,
    place: Place,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let parts = match TextOr::<InputPart<'a>>::of(content, path)? {
        TextOr::Text(text) => return Ok(of_string(text)),
        TextOr::List(parts) => parts,
    };
    let mut all = Vec::with_capacity(parts.len());
    for (i, part) in parts.iter().enumerate() {
        all.extend(of_part(part, place, scope, path.index(i))?);
    }
    Ok(all)
}

/// The message of another agent, as a user's with its author in front (R10).
pub(super) fn of_agent<'a>(
    item: &InputItem<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let mut parts = read(item.content, Place::User, scope, path.field("content"))?;
    if let Some(author) = item.author.text(path.field("author"))? {
        let author = TextBuilder::with_capacity(author.escaped().len() + 16)
            .literal("Message from ")
            .escaped(author)
            .literal(":");
        parts.insert(0, ContentPart::text(author.build()?));
    }
    Ok(parts)
}

fn of_part<'a>(
    part: &InputPart<'a>,
    place: Place,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    let kind = part.kind.required_word(path.field("type"))?;
    let is_media = matches!(kind.as_ref(), "input_image" | "input_file" | "input_audio");
    if is_media && !takes_media(place, scope) {
        return Err(path
            .field("type")
            .error(format!("parts of type `{kind}` are not supported here")));
    }
    match kind.as_ref() {
        "input_text" | "output_text" | "text" | "summary_text" | "reasoning_text" => {
            text(part.text, path.field("text"))
        }
        "refusal" => text(part.refusal, path.field("refusal")),
        "input_image" => Ok(vec![image(part, scope, path)?]),
        "input_file" => Ok(files::part(part, scope.backend.pdf, path)?.into_iter().collect()),
        "input_audio" => Ok(vec![audio(part, path)?]),
        kind => Err(refusal::unknown("part", kind, path)),
    }
}

fn takes_media(place: Place, scope: &Scope<'_>) -> bool {
    match place {
        Place::User => true,
        Place::Text => false,
        Place::Output => scope.backend.tool_result_media != ToolResultMedia::Reject,
    }
}

fn text<'a>(field: Field<'a>, path: FieldPath<'_>) -> Result<Vec<ContentPart<'a>>, RequestError> {
    field.required_text(path)?;
    Ok(field.raw().map(of_string).unwrap_or_default())
}

/// Without vision it is refused: a response that ignores it would be wrong.
fn image<'a>(part: &InputPart<'a>, scope: &Scope<'_>, path: FieldPath<'_>) -> Result<ContentPart<'a>, RequestError> {
    if !scope.backend.vision {
        return Err(path.field("type").error("this model does not accept images"));
    }
    files::refuse_id(part.file_id, path.field("file_id"))?;
    let path = path.field("image_url");
    part.image_url.required_text(path)?;
    let url = part.image_url.raw().ok_or_else(|| path.missing())?;
    let image_url = ImageUrl {
        url: Cow::Borrowed(url),
        detail: part.detail.raw().map(Cow::Borrowed),
    };
    Ok(ContentPart::new(PartKind::ImageUrl { image_url }))
}

fn audio<'a>(part: &InputPart<'a>, path: FieldPath<'_>) -> Result<ContentPart<'a>, RequestError> {
    let audio = part.input_audio.raw();
    let audio = audio.ok_or_else(|| path.field("input_audio").missing())?;
    Ok(ContentPart::new(PartKind::InputAudio {
        input_audio: Cow::Borrowed(audio),
    }))
}

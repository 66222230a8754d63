//! Images (§3.5).

use std::borrow::Cow;

use crate::chat::request::{ContentPart, ImageUrl, PartKind};
use crate::json::{Json, TextBuilder};
use crate::messages::wire::request::{InputBlock, Source};

use crate::error::{FieldPath, RequestError};

const MEDIA_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// The image as a part. Without vision it is refused: a response that ignores it would be wrong.
pub(super) fn part<'a>(
    block: &InputBlock<'a>,
    vision: bool,
    path: FieldPath<'_>,
) -> Result<ContentPart<'a>, RequestError> {
    if !vision {
        return Err(path.field("type").error("this model does not accept images"));
    }
    let path = path.field("source");
    let source: Source<'a> = block.source.required_object(path)?;
    let url = match source.kind.required_word(path.field("type"))?.as_ref() {
        "base64" => data_url(&source, path)?,
        "url" => {
            source.url.required_text(path.field("url"))?;
            source
                .url
                .raw()
                .map(Cow::Borrowed)
                .ok_or_else(|| path.field("url").missing())?
        }
        kind => {
            return Err(path
                .field("type")
                .error(format!("image sources of type `{kind}` are not supported")));
        }
    };
    Ok(ContentPart::new(PartKind::ImageUrl {
        image_url: ImageUrl { url, detail: None },
    }))
}

fn data_url<'a>(source: &Source<'a>, path: FieldPath<'_>) -> Result<Json<'a>, RequestError> {
    let media_type = source.media_type.required_word(path.field("media_type"))?;
    if !MEDIA_TYPES.contains(&media_type.as_ref()) {
        let message = format!("must be one of {}", MEDIA_TYPES.join(", "));
        return Err(path.field("media_type").error(message));
    }
    let data = source.data.required_text(path.field("data"))?;
    let url = TextBuilder::with_capacity(data.escaped().len() + 32);
    url.literal("data:")
        .literal(&media_type)
        .literal(";base64,")
        .escaped(data)
        .build()
}

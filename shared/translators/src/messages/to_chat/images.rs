//! Images (§3.5).

use std::borrow::Cow;

use crate::chat::request::{ContentPart, ImageUrl, PartKind};
use crate::json::{Json, TextBuilder};
use crate::messages::wire::request::{InputBlock, Source};

use crate::error::{At, RequestError};

const MEDIA_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// The image as a part. Without vision it is refused: an answer that ignores it would be wrong.
pub(super) fn part<'a>(block: &InputBlock<'a>, vision: bool, at: At<'_>) -> Result<ContentPart<'a>, RequestError> {
    if !vision {
        return Err(at.field("type").error("this model does not accept images"));
    }
    let at = at.field("source");
    let source: Source<'a> = block.source.required_object(at)?;
    let url = match source.kind.required_word(at.field("type"))?.as_ref() {
        "base64" => data_url(&source, at)?,
        "url" => {
            source.url.required_text(at.field("url"))?;
            source
                .url
                .raw()
                .map(Cow::Borrowed)
                .ok_or_else(|| at.field("url").missing())?
        }
        kind => {
            return Err(at
                .field("type")
                .error(format!("image sources of type `{kind}` are not supported")));
        }
    };
    Ok(ContentPart::new(PartKind::ImageUrl {
        image_url: ImageUrl { url },
    }))
}

fn data_url<'a>(source: &Source<'a>, at: At<'_>) -> Result<Json<'a>, RequestError> {
    let media_type = source.media_type.required_word(at.field("media_type"))?;
    if !MEDIA_TYPES.contains(&media_type.as_ref()) {
        let message = format!("must be one of {}", MEDIA_TYPES.join(", "));
        return Err(at.field("media_type").error(message));
    }
    let data = source.data.required_text(at.field("data"))?;
    let url = TextBuilder::with_capacity(data.escaped().len() + 32);
    url.literal("data:")
        .literal(&media_type)
        .literal(";base64,")
        .escaped(data)
        .build()
}

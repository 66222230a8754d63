//! `response_format` and `verbosity` (N13).

use std::borrow::Cow;

use super::body::{Format, Text};
use crate::chat::input::{ChatInput, InputJsonSchema, InputResponseFormat};
use crate::error::{FieldPath, RequestError};
use crate::json::Members;

/// The member `text`; `None` where nothing is asked of it.
pub(super) fn write<'a>(request: &ChatInput<'a>) -> Result<Option<Text<'a>>, RequestError> {
    let text = Text {
        format: format(request)?,
        verbosity: request.verbosity.raw(),
    };
    Ok(Some(text).filter(|text| text.format.is_some() || text.verbosity.is_some()))
}

fn format<'a>(request: &ChatInput<'a>) -> Result<Option<Format<'a>>, RequestError> {
    let path = FieldPath::root("response_format");
    let Some(format) = request.response_format.object::<InputResponseFormat<'a>>(path)? else {
        return Ok(None);
    };
    match format.kind.required_word(path.field("type"))?.as_ref() {
        "text" => Ok(None),
        "json_object" => Ok(Some(Format::JsonObject)),
        "json_schema" => {
            let path = path.field("json_schema");
            let format: InputJsonSchema<'a> = format.json_schema.required_object(path)?;
            let name = format.name.required_string(path.field("name"))?;
            let strict = format.strict.flag(path.field("strict"))?;
            let path = path.field("schema");
            format.schema.required_object::<Members<'_>>(path)?;
            Ok(Some(Format::JsonSchema {
                name: Cow::Borrowed(name),
                description: format.description.raw(),
                schema: format.schema.raw().ok_or_else(|| path.missing())?,
                strict,
            }))
        }
        kind => Err(path.field("type").error(format!("unknown response format `{kind}`"))),
    }
}

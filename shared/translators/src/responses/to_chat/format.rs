//! Structured output: `text.format` (R20). The schema goes unchanged.

use std::borrow::Cow;

use crate::chat::request::{JsonSchema, ResponseFormat};
use crate::error::{FieldPath, RequestError};
use crate::json::{Field, Members};
use crate::responses::wire::request::{InputItem, ResponsesBody, Text, TextFormat};

/// The format of the request, or of the last `configuration_update` (R10).
pub(super) fn write<'a>(
    request: &ResponsesBody<'a>,
    items: &[InputItem<'a>],
) -> Result<Option<ResponseFormat<'a>>, RequestError> {
    let root = FieldPath::root("text");
    let path = root.field("format");
    let mut format = request.text()?.format;
    for item in items.iter().filter(|item| item.is("configuration_update")) {
        let text: Text<'a> = item.text.object(root)?.unwrap_or_default();
        if text.format.is_present() {
            format = text.format;
        }
    }
    let Some(format) = format.object::<TextFormat<'a>>(path)? else {
        return Ok(None);
    };
    match format.kind.required_word(path.field("type"))?.as_ref() {
        "text" => Ok(None),
        "json_object" => Ok(Some(ResponseFormat::JsonObject)),
        "json_schema" => json_schema(&format, path).map(Some),
        kind => Err(path.field("type").error(format!("unknown format `{kind}`"))),
    }
}

fn json_schema<'a>(format: &TextFormat<'a>, path: FieldPath<'_>) -> Result<ResponseFormat<'a>, RequestError> {
    let schema = path.field("schema");
    format.schema.required_object::<Members<'_>>(schema)?;
    let strict = Some(format.strict).filter(|strict: &Field<'_>| strict.is_present());
    let json_schema = JsonSchema {
        name: format.name.required_word(path.field("name"))?,
        description: format.description.raw().map(Cow::Borrowed),
        schema: format.schema.raw().ok_or_else(|| schema.missing())?,
        strict: strict.map(|strict| strict.flag(path.field("strict"))).transpose()?,
    };
    Ok(ResponseFormat::JsonSchema { json_schema })
}

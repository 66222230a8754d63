//! `response_format` (O21).

use std::borrow::Cow;

use super::body::{Block, OutputFormat};
use super::history::Conversation;
use crate::chat::input::{ChatInput, InputJsonSchema, InputResponseFormat};
use crate::error::{FieldPath, RequestError};
use crate::json::{Members, json_string};
use crate::to_hub::Scope;

/// Stands for `json_object`, which the API does not know.
const JSON_ONLY: &str = "Answer with one JSON object and nothing else.";

/// The format of the output; a line in the head where there is none for it.
pub(super) fn read<'a>(
    request: &ChatInput<'a>,
    history: &mut Conversation<'a>,
    scope: &mut Scope<'a>,
) -> Result<Option<OutputFormat<'a>>, RequestError> {
    let path = FieldPath::root("response_format");
    let Some(format) = request.response_format.object::<InputResponseFormat<'a>>(path)? else {
        return Ok(None);
    };
    match format.kind.required_word(path.field("type"))?.as_ref() {
        "text" => Ok(None),
        "json_object" => {
            scope.warnings.dropped("response_format");
            history.system.push(Block::text(json_string(JSON_ONLY)?));
            Ok(None)
        }
        "json_schema" => {
            let path = path.field("json_schema");
            let format: InputJsonSchema<'a> = format.json_schema.required_object(path)?;
            let path = path.field("schema");
            format.schema.required_object::<Members<'_>>(path)?;
            let schema = format.schema.raw().ok_or_else(|| path.missing())?;
            let kind = "json_schema";
            Ok(Some(OutputFormat { kind, schema }))
        }
        kind => {
            let kind: Cow<'_, str> = Cow::Borrowed(kind);
            Err(path.field("type").error(format!("unknown response format `{kind}`")))
        }
    }
}

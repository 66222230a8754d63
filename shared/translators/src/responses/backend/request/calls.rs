//! The calls of an assistant message, in each of their spellings (N10).

use std::borrow::Cow;

use crate::chat::input::{InputCall, InputFunction, InputMessage};
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Field, Json, TextBuilder, json_string};

/// A call with the client's own id and name.
#[derive(Debug)]
pub(super) struct ReadCall<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    /// The arguments as a text, or the input of a custom tool.
    pub(super) text: Json<'a>,
    pub(super) is_custom: bool,
    /// A call of the spelling before there were ids: its result names the function.
    pub(super) is_legacy: bool,
}

/// The calls of a message. `legacy` counts those of the old spelling in the conversation.
pub(super) fn read<'a>(
    message: &InputMessage<'a>,
    legacy: &mut usize,
    path: FieldPath<'_>,
) -> Result<Vec<ReadCall<'a>>, RequestError> {
    let calls_path = path.field("tool_calls");
    let calls: Vec<InputCall<'a>> = message.tool_calls.objects(calls_path)?;
    let mut read = Vec::with_capacity(calls.len());
    for (i, call) in calls.iter().enumerate() {
        read.push(of_call(call, calls_path.index(i))?);
    }
    let path = path.field("function_call");
    if let Some(function) = message.function_call.object::<InputFunction<'a>>(path)? {
        read.push(ReadCall {
            id: Cow::Owned(format!("call_legacy_{legacy}")),
            name: function.name.required_word(path.field("name"))?,
            text: arguments(function.arguments)?,
            is_custom: false,
            is_legacy: true,
        });
        *legacy += 1;
    }
    Ok(read)
}

fn of_call<'a>(call: &InputCall<'a>, path: FieldPath<'_>) -> Result<ReadCall<'a>, RequestError> {
    let kind = call.kind.word(path.field("type"))?;
    let (member, field) = match kind.as_deref() {
        None | Some("function") => ("function", call.function),
        Some("custom") => ("custom", call.custom),
        Some(kind) => {
            let message = format!("calls of type `{kind}` are not supported");
            return Err(path.field("type").error(message));
        }
    };
    let is_custom = member == "custom";
    let id = call.id.required_word(path.field("id"))?;
    let path = path.field(member);
    let function: InputFunction<'a> = field.required_object(path)?;
    Ok(ReadCall {
        id,
        name: function.name.required_word(path.field("name"))?,
        text: if is_custom {
            Cow::Borrowed(function.input.required_string(path.field("input"))?)
        } else {
            arguments(function.arguments)?
        },
        is_custom,
        is_legacy: false,
    })
}

/// The text as it is; some clients send the object itself.
fn arguments(field: Field<'_>) -> Result<Json<'_>, RequestError> {
    let Some(raw) = field.raw() else {
        return json_string("{}");
    };
    match EscapedText::of(raw) {
        Some(text) if text.is_blank() => json_string("{}"),
        Some(_) => Ok(Cow::Borrowed(raw)),
        None => TextBuilder::with_capacity(raw.get().len() * 2).json(raw.get()).build(),
    }
}

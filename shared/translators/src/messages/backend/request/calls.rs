//! The calls of an assistant message, in each of their spellings (O5, O8, O10, O14).

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::value::RawValue;

use crate::chat::input::{InputCall, InputFunction, InputMessage};
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Field, Json, Members, TextBuilder};
use crate::tool_ids::fitting;

/// A call with the client's own id and name.
#[derive(Debug)]
pub(super) struct ReadCall<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) name: Cow<'a, str>,
    pub(super) input: Json<'a>,
    /// Of the spelling before there were ids: its result names the function.
    pub(super) is_legacy: bool,
}

/// The ids of the conversation as the backend gets them: each its own (O8).
#[derive(Debug, Default)]
pub(super) struct BackendIds(HashSet<String>);

impl BackendIds {
    /// The id for the backend. Servers that number their calls give the same one in several turns.
    pub(super) fn give(&mut self, client_id: &str) -> String {
        let fitted = fitting(client_id).into_owned();
        let mut id = fitted.clone();
        for suffix in 2.. {
            if self.0.insert(id.clone()) {
                break;
            }
            id = format!("{fitted}_{suffix}");
        }
        id
    }
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
            input: arguments(function.arguments)?,
            is_legacy: true,
        });
        *legacy += 1;
    }
    Ok(read)
}

fn of_call<'a>(call: &InputCall<'a>, path: FieldPath<'_>) -> Result<ReadCall<'a>, RequestError> {
    let kind = call.kind.word(path.field("type"))?;
    let is_custom = kind.as_deref() == Some("custom");
    let (member, field) = if is_custom {
        ("custom", call.custom)
    } else {
        ("function", call.function)
    };
    if !matches!(kind.as_deref(), None | Some("function" | "custom")) {
        let kind = kind.unwrap_or_default();
        return Err(path
            .field("type")
            .error(format!("calls of type `{kind}` are not supported")));
    }
    let path = path.field(member);
    let function: InputFunction<'a> = field.required_object(path)?;
    let input = if is_custom {
        custom_input(function.input, path)?
    } else {
        arguments(function.arguments)?
    };
    Ok(ReadCall {
        id: call.id.required_word(path.field("id"))?,
        name: function.name.required_word(path.field("name"))?,
        input,
        is_legacy: false,
    })
}

/// The arguments as an object; text that is none as the text of one (O5).
fn arguments(field: Field<'_>) -> Result<Json<'_>, RequestError> {
    let Some(raw) = field.raw() else {
        return object("{}");
    };
    let Some(text) = EscapedText::of(raw) else {
        // Some clients send the object itself.
        return if raw.get().starts_with('{') {
            Ok(Cow::Borrowed(raw))
        } else {
            raw_arguments(&TextBuilder::with_capacity(raw.get().len()).json(raw.get()).build()?)
        };
    };
    if text.is_blank() {
        return object("{}");
    }
    let decoded = text.decode();
    if serde_json::from_str::<Members<'_>>(&decoded).is_ok() {
        return object(decoded.trim());
    }
    raw_arguments(raw)
}

fn raw_arguments<'a>(text: &RawValue) -> Result<Json<'a>, RequestError> {
    object(&format!("{{\"raw_arguments\":{}}}", text.get()))
}

/// A custom tool's text as the arguments of the function that stands for it (R14).
fn custom_input<'a>(field: Field<'a>, path: FieldPath<'_>) -> Result<Json<'a>, RequestError> {
    field.text(path.field("input"))?;
    object(&format!("{{\"input\":{}}}", field.raw().map_or("\"\"", RawValue::get)))
}

fn object<'a>(json: &str) -> Result<Json<'a>, RequestError> {
    Ok(Cow::Owned(RawValue::from_string(json.to_owned())?))
}

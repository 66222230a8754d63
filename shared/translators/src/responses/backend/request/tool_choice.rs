//! `tool_choice`, and `function_call` of the spelling before there were tools (N12).

use std::borrow::Cow;

use super::body::{NamedTool, ToolChoice};
use crate::chat::input::{ChatInput, InputAllowedTools, InputDefinition, InputTool, InputToolChoice};
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Field};
use crate::to_hub::Scope;

/// The choice; called only where there are tools to choose from (TO6).
pub(super) fn write<'a>(request: &ChatInput<'a>, scope: &Scope<'a>) -> Result<Option<ToolChoice<'a>>, RequestError> {
    let (path, field) = if request.tool_choice.is_present() {
        (FieldPath::root("tool_choice"), request.tool_choice)
    } else {
        (FieldPath::root("function_call"), request.function_call)
    };
    let Some(raw) = field.raw() else { return Ok(None) };
    if EscapedText::of(raw).is_some() {
        return Ok(Some(ToolChoice::Mode(mode(field.required_word(path)?, path)?)));
    }
    let choice: InputToolChoice<'a> = field.required_object(path)?;
    let kind = choice.kind.word(path.field("type"))?;
    Ok(Some(match kind.as_deref() {
        Some("function") => named("function", choice.function, scope, path.field("function"))?,
        Some("custom") => named("custom", choice.custom, scope, path.field("custom"))?,
        Some("allowed_tools") => allowed(choice.allowed_tools, scope, path.field("allowed_tools"))?,
        None => ToolChoice::Named(NamedTool {
            kind: "function",
            name: scope.backend_name(choice.name.required_word(path.field("name"))?),
        }),
        Some(kind) => return Err(path.field("type").error(format!("unknown tool choice `{kind}`"))),
    }))
}

fn mode<'a>(mode: Cow<'a, str>, path: FieldPath<'_>) -> Result<Cow<'a, str>, RequestError> {
    match mode.as_ref() {
        "none" | "auto" | "required" => Ok(mode),
        mode => Err(path.error(format!("unknown tool choice `{mode}`"))),
    }
}

fn named<'a>(
    kind: &'static str,
    field: Field<'a>,
    scope: &Scope<'a>,
    path: FieldPath<'_>,
) -> Result<ToolChoice<'a>, RequestError> {
    Ok(ToolChoice::Named(tool(kind, field, scope, path)?))
}

fn tool<'a>(
    kind: &'static str,
    field: Field<'a>,
    scope: &Scope<'a>,
    path: FieldPath<'_>,
) -> Result<NamedTool<'a>, RequestError> {
    let definition: InputDefinition<'a> = field.required_object(path)?;
    let name = scope.backend_name(definition.name.required_word(path.field("name"))?);
    Ok(NamedTool { kind, name })
}

fn allowed<'a>(field: Field<'a>, scope: &Scope<'a>, path: FieldPath<'_>) -> Result<ToolChoice<'a>, RequestError> {
    let allowed: InputAllowedTools<'a> = field.required_object(path)?;
    let mode_path = path.field("mode");
    let kind = allowed.mode.word(mode_path)?.unwrap_or(Cow::Borrowed("auto"));
    let path = path.field("tools");
    let tools: Vec<InputTool<'a>> = allowed.tools.objects(path)?;
    let tools = tools.iter().enumerate().map(|(i, each)| {
        let path = path.index(i);
        if each.custom.is_present() {
            tool("custom", each.custom, scope, path.field("custom"))
        } else {
            tool("function", each.function, scope, path.field("function"))
        }
    });
    Ok(ToolChoice::Allowed {
        kind: "allowed_tools",
        mode: mode(kind, mode_path)?,
        tools: tools.collect::<Result<_, _>>()?,
    })
}

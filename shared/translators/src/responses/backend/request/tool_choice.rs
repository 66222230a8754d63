//! `tool_choice`, and `function_call` of the spelling before there were tools (N12).

use std::borrow::Cow;

use super::body::{NamedTool, ToolChoice};
use crate::chat::declared_tools::DeclaredTool;
use crate::chat::input::{ChatInput, InputAllowedTools, InputDefinition, InputTool, InputToolChoice};
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Field};
use crate::to_hub::Scope;

/// The choice; called only where there are tools to choose from (TO6).
pub(super) fn write<'a>(
    request: &ChatInput<'a>,
    tools: &[DeclaredTool<'_>],
    scope: &Scope<'a>,
) -> Result<Option<ToolChoice<'a>>, RequestError> {
    let reader = Reader { tools, scope };
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
        Some("function") => ToolChoice::Named(reader.tool("function", choice.function, path.field("function"))?),
        Some("custom") => ToolChoice::Named(reader.tool("custom", choice.custom, path.field("custom"))?),
        Some("allowed_tools") => reader.allowed(choice.allowed_tools, path.field("allowed_tools"))?,
        None => ToolChoice::Named(reader.named("function", choice.name, path.field("name"))?),
        Some(kind) => return Err(path.field("type").error(format!("unknown tool choice `{kind}`"))),
    }))
}

fn mode<'a>(mode: Cow<'a, str>, path: FieldPath<'_>) -> Result<Cow<'a, str>, RequestError> {
    match mode.as_ref() {
        "none" | "auto" | "required" => Ok(mode),
        mode => Err(path.error(format!("unknown tool choice `{mode}`"))),
    }
}

/// Reads the tools that a choice names, each of which there must be.
struct Reader<'r, 'a> {
    tools: &'r [DeclaredTool<'r>],
    scope: &'r Scope<'a>,
}

impl<'a> Reader<'_, 'a> {
    fn allowed(&self, field: Field<'a>, path: FieldPath<'_>) -> Result<ToolChoice<'a>, RequestError> {
        let allowed: InputAllowedTools<'a> = field.required_object(path)?;
        let mode_path = path.field("mode");
        let kind = allowed.mode.word(mode_path)?.unwrap_or(Cow::Borrowed("auto"));
        let path = path.field("tools");
        let tools: Vec<InputTool<'a>> = allowed.tools.objects(path)?;
        let tools = tools.iter().enumerate().map(|(i, each)| {
            let path = path.index(i);
            if each.custom.is_present() {
                self.tool("custom", each.custom, path.field("custom"))
            } else {
                self.tool("function", each.function, path.field("function"))
            }
        });
        Ok(ToolChoice::Allowed {
            kind: "allowed_tools",
            mode: mode(kind, mode_path)?,
            tools: tools.collect::<Result<_, _>>()?,
        })
    }

    fn tool(&self, kind: &'static str, field: Field<'a>, path: FieldPath<'_>) -> Result<NamedTool<'a>, RequestError> {
        let definition: InputDefinition<'a> = field.required_object(path)?;
        self.named(kind, definition.name, path.field("name"))
    }

    fn named(&self, kind: &'static str, name: Field<'a>, path: FieldPath<'_>) -> Result<NamedTool<'a>, RequestError> {
        let name = name.required_word(path)?;
        if !self.tools.iter().any(|tool| tool.name == name) {
            return Err(path.error(format!("there is no tool `{name}`")));
        }
        let name = self.scope.backend_name(name);
        Ok(NamedTool { kind, name })
    }
}

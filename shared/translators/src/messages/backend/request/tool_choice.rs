//! `tool_choice`, `function_call` and `parallel_tool_calls` (O10, O15, O16).

use std::borrow::Cow;

use super::body::{ChoiceKind, ToolChoice};
use crate::chat::declared_tools::DeclaredTool;
use crate::chat::input::{ChatInput, InputAllowedTools, InputDefinition, InputTool, InputToolChoice};
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Field};
use crate::to_hub::Scope;

/// The client's choice.
#[derive(Debug, Default)]
pub(super) struct Choice<'a> {
    kind: Option<ChoiceKind>,
    /// The tool that must be called.
    name: Option<Cow<'a, str>>,
    /// The only tools that may be called.
    allowed: Option<Vec<Cow<'a, str>>>,
}

pub(super) fn read<'a>(request: &ChatInput<'a>, tools: &[DeclaredTool<'_>]) -> Result<Choice<'a>, RequestError> {
    let (path, field) = if request.tool_choice.is_present() {
        (FieldPath::root("tool_choice"), request.tool_choice)
    } else {
        (FieldPath::root("function_call"), request.function_call)
    };
    let choice = choice(field, path)?;
    let mut named = choice.name.iter().chain(choice.allowed.iter().flatten());
    if let Some(unknown) = named.find(|name| !tools.iter().any(|tool| tool.name == **name)) {
        return Err(path.error(format!("there is no tool `{unknown}`")));
    }
    Ok(choice)
}

impl<'a> Choice<'a> {
    /// True if the model may call the tool.
    pub(super) fn allows(&self, name: &str) -> bool {
        let allowed = self.allowed.as_ref();
        allowed.is_none_or(|allowed| allowed.iter().any(|tool| tool == name))
    }

    /// The choice for the backend; none where there is nothing to choose from (TO6).
    pub(super) fn write(
        self,
        request: &ChatInput<'a>,
        has_tools: bool,
        scope: &Scope<'a>,
    ) -> Result<Option<ToolChoice<'a>>, RequestError> {
        let path = FieldPath::root("parallel_tool_calls");
        let parallel = request.parallel_tool_calls;
        let is_single = parallel.is_present() && !parallel.flag(path)?;
        let kind = match self.kind {
            _ if !has_tools => return Ok(None),
            Some(kind) => kind,
            None if is_single => ChoiceKind::Auto,
            None => return Ok(None),
        };
        Ok(Some(ToolChoice {
            kind,
            name: self.name.map(|name| scope.backend_name(name)),
            disable_parallel_tool_use: (is_single && kind != ChoiceKind::None).then_some(true),
        }))
    }
}

fn choice<'a>(field: Field<'a>, path: FieldPath<'_>) -> Result<Choice<'a>, RequestError> {
    let Some(raw) = field.raw() else {
        return Ok(Choice::default());
    };
    if EscapedText::of(raw).is_some() {
        return Ok(Choice {
            kind: Some(mode(&field.required_word(path)?, path)?),
            ..Choice::default()
        });
    }
    let choice: InputToolChoice<'a> = field.required_object(path)?;
    let kind = choice.kind.word(path.field("type"))?;
    match kind.as_deref() {
        Some("function") => named(choice.function, path.field("function")),
        Some("custom") => named(choice.custom, path.field("custom")),
        Some("allowed_tools") => allowed(choice.allowed_tools, path.field("allowed_tools")),
        None => Ok(tool(choice.name.required_word(path.field("name"))?)),
        Some(kind) => Err(path.field("type").error(format!("unknown tool choice `{kind}`"))),
    }
}

fn mode(mode: &str, path: FieldPath<'_>) -> Result<ChoiceKind, RequestError> {
    match mode {
        "none" => Ok(ChoiceKind::None),
        "auto" => Ok(ChoiceKind::Auto),
        "required" => Ok(ChoiceKind::Any),
        mode => Err(path.error(format!("unknown tool choice `{mode}`"))),
    }
}

fn named<'a>(field: Field<'a>, path: FieldPath<'_>) -> Result<Choice<'a>, RequestError> {
    let definition: InputDefinition<'a> = field.required_object(path)?;
    Ok(tool(definition.name.required_word(path.field("name"))?))
}

fn tool(name: Cow<'_, str>) -> Choice<'_> {
    Choice {
        kind: Some(ChoiceKind::Tool),
        name: Some(name),
        allowed: None,
    }
}

fn allowed<'a>(field: Field<'a>, path: FieldPath<'_>) -> Result<Choice<'a>, RequestError> {
    let allowed: InputAllowedTools<'a> = field.required_object(path)?;
    let mode_path = path.field("mode");
    let kind = allowed.mode.word(mode_path)?;
    let path = path.field("tools");
    let tools: Vec<InputTool<'a>> = allowed.tools.objects(path)?;
    let names = tools.iter().enumerate().map(|(i, tool)| {
        let path = path.index(i);
        let (member, field) = if tool.custom.is_present() {
            ("custom", tool.custom)
        } else {
            ("function", tool.function)
        };
        let definition: InputDefinition<'a> = field.required_object(path.field(member))?;
        definition.name.required_word(path.field("name"))
    });
    Ok(Choice {
        kind: Some(mode(kind.as_deref().unwrap_or("auto"), mode_path)?),
        name: None,
        allowed: Some(names.collect::<Result<_, _>>()?),
    })
}

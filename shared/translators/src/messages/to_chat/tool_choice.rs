//! `tool_choice` and parallel calls (TO6-TO9).

use crate::chat::request::{ChatToolChoice, FunctionType, NamedFunction, Parameters};
use crate::messages::wire::request::{MessagesBody, ToolChoice};
use crate::settings::ToolChoiceSupport;

use super::tools::DeclaredTool;

use crate::error::{FieldPath, RequestError};
use crate::to_hub::Scope;

/// Only called where there are tools to choose from (TO6).
pub(super) fn write<'a>(
    request: &MessagesBody<'a>,
    (tools, thinking): (&[DeclaredTool<'a>], bool),
    scope: &mut Scope<'a>,
    parameters: &mut Parameters<'a>,
) -> Result<(), RequestError> {
    let path = FieldPath::root("tool_choice");
    let Some(choice) = request.tool_choice.object::<ToolChoice<'a>>(path)? else {
        return Ok(());
    };
    let kind = choice.kind.required_word(path.field("type"))?;
    let forced = matches!(kind.as_ref(), "any" | "tool");
    if forced && refuses_forced_choice(scope.backend.tool_choice, thinking) {
        return Err(path
            .field("type")
            .error(format!("this model chooses tools by itself: `{kind}` is not supported")));
    }
    parameters.tool_choice = Some(choice_of(&kind, &choice, (tools, scope), path)?);
    let disabled = choice
        .disable_parallel_tool_use
        .flag(path.field("disable_parallel_tool_use"))?;
    if disabled && kind != "none" {
        disable_parallel_calls(scope, parameters);
    }
    Ok(())
}

/// The same choice in the words of chat (TO7).
fn choice_of<'a>(
    kind: &str,
    choice: &ToolChoice<'a>,
    (tools, scope): (&[DeclaredTool<'a>], &Scope<'a>),
    path: FieldPath<'_>,
) -> Result<ChatToolChoice<'a>, RequestError> {
    Ok(match kind {
        "auto" => ChatToolChoice::Mode("auto"),
        "any" => ChatToolChoice::Mode("required"),
        "none" => ChatToolChoice::Mode("none"),
        "tool" => {
            let name = choice.name.required_word(path.field("name"))?;
            if !tools.iter().any(|tool| tool.name == name) {
                return Err(path.field("name").error(format!("there is no tool `{name}`")));
            }
            ChatToolChoice::Named {
                kind: FunctionType::Function,
                function: NamedFunction {
                    name: scope.backend_name(name),
                },
            }
        }
        kind => {
            return Err(path.field("type").error(format!("unknown tool choice `{kind}`")));
        }
    })
}

/// A weaker choice would break clients that read the forced call as their output (TO9).
fn refuses_forced_choice(support: ToolChoiceSupport, thinking: bool) -> bool {
    match support {
        ToolChoiceSupport::Full => false,
        ToolChoiceSupport::AutoOnly => true,
        ToolChoiceSupport::AutoOnlyWhenThinking => thinking,
    }
}

fn disable_parallel_calls(scope: &mut Scope<'_>, parameters: &mut Parameters<'_>) {
    if scope.backend.parallel_tool_calls {
        parameters.parallel_tool_calls = Some(false);
    } else {
        scope.warnings.dropped("disable_parallel_tool_use");
    }
}

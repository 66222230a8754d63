//! `tool_choice` (R18, R19).

use std::borrow::Cow;
use std::collections::HashSet;

use crate::chat::request::{ChatToolChoice, FunctionType, NamedFunction, Parameters};
use crate::error::{FieldPath, RequestError};
use crate::responses::refusal;
use crate::responses::tools::flat_name;
use crate::responses::wire::request::{ResponsesBody, ToolChoice};
use crate::settings::ToolChoiceSupport;
use crate::to_hub::Scope;

use super::tools::Declared;

/// Which tools the model may call, and which it must.
pub(super) struct Choice<'a> {
    wish: Wish<'a>,
    /// The functions that the client allows; all of them if `None`.
    allowed: Option<HashSet<Cow<'a, str>>>,
}

enum Wish<'a> {
    Unsaid,
    Mode(&'static str),
    /// By the function's name, as the client would have it.
    Named(Cow<'a, str>),
}

impl<'a> Choice<'a> {
    pub(super) fn read(request: &ResponsesBody<'a>, declared: &Declared<'a>) -> Result<Self, RequestError> {
        let path = FieldPath::root("tool_choice");
        let field = request.tool_choice;
        let wish = match field.raw() {
            None => Wish::Unsaid,
            Some(raw) if raw.get().starts_with('"') => Wish::Mode(mode(&field.required_word(path)?, path)?),
            Some(_) => return Self::read_object(&field.required_object(path)?, declared, path),
        };
        Ok(Self { wish, allowed: None })
    }

    fn read_object(
        choice: &ToolChoice<'a>,
        declared: &Declared<'a>,
        path: FieldPath<'_>,
    ) -> Result<Self, RequestError> {
        match choice.kind.required_word(path.field("type"))?.as_ref() {
            "function" | "custom" => Ok(Self {
                wish: Wish::Named(named(choice, declared, path)?),
                allowed: None,
            }),
            "allowed_tools" => {
                let mode = mode(
                    &choice.mode.word(path.field("mode"))?.unwrap_or("auto".into()),
                    path.field("mode"),
                )?;
                Ok(Self {
                    wish: Wish::Mode(mode),
                    allowed: Some(allowed(choice, declared, path)?),
                })
            }
            kind => Err(refusal::hosted_tool(kind)),
        }
    }

    pub(super) fn allows(&self, name: &str) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.contains(name))
    }

    /// True if the model must call a tool.
    pub(super) fn is_forced(&self) -> bool {
        matches!(self.wish, Wish::Mode("required") | Wish::Named(_))
    }

    /// Only called where there are tools to choose from.
    pub(super) fn write(
        self,
        thinking: bool,
        scope: &Scope<'a>,
        parameters: &mut Parameters<'a>,
    ) -> Result<(), RequestError> {
        let refuses = match scope.backend.tool_choice {
            ToolChoiceSupport::Full => false,
            ToolChoiceSupport::AutoOnly => true,
            ToolChoiceSupport::AutoOnlyWhenThinking => thinking,
        };
        if refuses && self.is_forced() {
            // A weaker choice would break clients that read the forced call as their output (TO9).
            let message = "this model chooses tools by itself: a forced choice is not supported";
            return Err(FieldPath::root("tool_choice").error(message));
        }
        parameters.tool_choice = match self.wish {
            Wish::Unsaid => None,
            Wish::Mode(mode) => Some(ChatToolChoice::Mode(mode)),
            Wish::Named(name) => Some(ChatToolChoice::Named {
                kind: FunctionType::Function,
                function: NamedFunction {
                    name: scope.backend_name(name),
                },
            }),
        };
        Ok(())
    }
}

fn mode(word: &str, path: FieldPath<'_>) -> Result<&'static str, RequestError> {
    match word {
        "auto" => Ok("auto"),
        "none" => Ok("none"),
        "required" => Ok("required"),
        other => Err(path.error(format!("unknown tool choice `{other}`"))),
    }
}

/// The function that a choice names. A name alone may be that of a tool in a namespace.
fn named<'a>(
    choice: &ToolChoice<'a>,
    declared: &Declared<'a>,
    path: FieldPath<'_>,
) -> Result<Cow<'a, str>, RequestError> {
    let name = choice.name.required_word(path.field("name"))?;
    let namespace = choice.namespace.word(path.field("namespace"))?;
    let flat = Cow::Owned(flat_name(namespace.as_deref(), &name).into_owned());
    if declared.names().any(|known| known == flat) {
        return Ok(flat);
    }
    let suffix = format!("__{name}");
    let in_namespace = declared.names().find(|known| known.ends_with(&suffix));
    let unknown = || path.field("name").error(format!("there is no tool `{name}`"));
    in_namespace
        .map(|known| Cow::Owned(known.into_owned()))
        .ok_or_else(unknown)
}

/// The functions among the allowed tools; hosted ones are not offered anyway.
fn allowed<'a>(
    choice: &ToolChoice<'a>,
    declared: &Declared<'a>,
    path: FieldPath<'_>,
) -> Result<HashSet<Cow<'a, str>>, RequestError> {
    let path = path.field("tools");
    let tools: Vec<ToolChoice<'a>> = choice.tools.objects(path)?;
    let mut names = HashSet::new();
    for (i, tool) in tools.iter().enumerate() {
        let path = path.index(i);
        match tool.kind.required_word(path.field("type"))?.as_ref() {
            "function" | "custom" => {
                names.insert(named(tool, declared, path)?);
            }
            "namespace" => {
                let prefix = format!("{}__", tool.name.required_word(path.field("name"))?);
                let members = declared.names().filter(|name| name.starts_with(&prefix));
                names.extend(members.map(|name| Cow::Owned(name.into_owned())));
            }
            _ => {}
        }
    }
    Ok(names)
}

//! Tools (TO1-TO6, TO10).

use std::borrow::Cow;

use crate::chat::request::{FunctionDefinition, FunctionTool, FunctionType};
use crate::json::{Json, Members};
use crate::messages::wire::request::{MessagesBody, ToolDefinition};

use super::builtin_tools;
use super::tool_changes::ToolChanges;
use crate::error::{FieldPath, RequestError};
use crate::schema::{self, Fitted};
use crate::to_hub::Scope;

/// Stands for deferred tools in Claude Code's list, without being one.
const PLACEHOLDER: &str = "DeferredToolPlaceholder";

/// A declared tool that the backend gets.
pub(super) struct DeclaredTool<'a> {
    pub name: Cow<'a, str>,
    tool: ToolDefinition<'a>,
    index: usize,
    builtin: Option<&'static builtin_tools::Builtin>,
}

/// The request's tools and those that its turns define, as if they stood behind them; less those that only the vendor's
/// server needs.
pub(super) fn read<'a>(
    request: &MessagesBody<'a>,
    defined_in_turns: Vec<ToolDefinition<'a>>,
) -> Result<Vec<DeclaredTool<'a>>, RequestError> {
    let root = FieldPath::root("tools");
    let listed: Vec<ToolDefinition<'a>> = request.tools.objects(root)?;
    let mut declared: Vec<DeclaredTool<'a>> = Vec::new();
    let count = listed.len();
    for (index, tool) in listed.into_iter().chain(defined_in_turns).enumerate() {
        let path = root.index(index);
        let kind = tool.kind.word(path.field("type"))?.unwrap_or(Cow::Borrowed("custom"));
        let builtin = match Kind::of(&kind) {
            Kind::Custom => None,
            Kind::Builtin(builtin) => Some(builtin),
            Kind::Unneeded => continue,
            Kind::Unsupported => return Err(unsupported(&tool, &kind, path)),
        };
        let name = tool.name.required_word(path.field("name"))?;
        if name == PLACEHOLDER && tool.defer_loading.flag(path.field("defer_loading"))? {
            continue;
        }
        if index >= count && declared.iter().any(|known| known.name == name) {
            continue;
        }
        declared.push(DeclaredTool {
            name,
            tool,
            index,
            builtin,
        });
    }
    Ok(declared)
}

/// The tools as functions, as many as the backend takes (TO10).
pub(super) fn write<'a>(
    declared: &[DeclaredTool<'a>],
    changes: &ToolChanges<'_>,
    scope: &mut Scope<'a>,
) -> Result<Vec<FunctionTool<'a>>, RequestError> {
    let root = FieldPath::root("tools");
    let kept = declared.iter().filter(|tool| !changes.is_removed(&tool.name));
    let tools = kept
        .map(|tool| tool.write(scope, root.index(tool.index)))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(limit) = scope.backend.max_tools.exceeded_by(tools.len()) {
        return Err(root.error(format!("{} tools, but this model takes at most {limit}", tools.len())));
    }
    Ok(tools)
}

enum Kind {
    Custom,
    Builtin(&'static builtin_tools::Builtin),
    /// The search among deferred tools: all tools are sent anyway (TO5).
    Unneeded,
    Unsupported,
}

impl Kind {
    fn of(kind: &str) -> Self {
        match builtin_tools::find(kind) {
            Some(builtin) => Self::Builtin(builtin),
            None if kind == "custom" => Self::Custom,
            None if kind.starts_with("tool_search_tool_") => Self::Unneeded,
            None => Self::Unsupported,
        }
    }
}

/// A tool that the vendor's server runs (TO5), or one without a published schema (TO4).
fn unsupported(tool: &ToolDefinition<'_>, kind: &str, path: FieldPath<'_>) -> RequestError {
    let name = tool.name.word(path.field("name")).ok().flatten();
    let name = name.map(|name| format!(" (`{name}`)")).unwrap_or_default();
    path.field("type")
        .error(format!("tools of type `{kind}`{name} are not supported"))
}

impl<'a> DeclaredTool<'a> {
    fn write(&self, scope: &mut Scope<'a>, path: FieldPath<'_>) -> Result<FunctionTool<'a>, RequestError> {
        self.check_callers(path)?;
        let tool = &self.tool;
        let (description, parameters) = if let Some(builtin) = self.builtin {
            (Some(builtin.description()?), builtin.parameters()?)
        } else {
            tool.description.text(path.field("description"))?;
            (tool.description.raw().map(Cow::Borrowed), self.parameters(scope, path)?)
        };
        if tool.max_characters.is_present() {
            scope.warnings.dropped("max_characters");
        }
        let function = FunctionDefinition {
            name: scope.backend_name(self.name.clone()),
            description,
            parameters,
            strict: self.strict(scope, path)?,
            rest: tool.rest.clone(),
        };
        Ok(FunctionTool {
            kind: FunctionType::Function,
            function,
        })
    }

    fn parameters(&self, scope: &mut Scope<'a>, path: FieldPath<'_>) -> Result<Json<'a>, RequestError> {
        let path = path.field("input_schema");
        let raw = self.tool.input_schema.raw().ok_or_else(|| path.missing())?;
        self.tool.input_schema.required_object::<Members<'_>>(path)?;
        let Fitted { schema, lost } = schema::parameters(raw, scope.backend.schema)?;
        if lost {
            scope.warnings.dropped("input_schema.pattern");
        }
        Ok(schema)
    }

    /// `strict` where it is taken (TO2).
    fn strict(&self, scope: &mut Scope<'a>, path: FieldPath<'_>) -> Result<Option<bool>, RequestError> {
        if !self.tool.strict.flag(path.field("strict"))? {
            return Ok(None);
        }
        if !scope.backend.strict_tools {
            scope.warnings.dropped("strict");
            return Ok(None);
        }
        Ok(Some(true))
    }

    /// A tool that only server code may call cannot be offered to the model (TO3).
    fn check_callers(&self, path: FieldPath<'_>) -> Result<(), RequestError> {
        let path = path.field("allowed_callers");
        let callers = self.tool.allowed_callers.words(path)?;
        if callers.is_empty() || callers.iter().any(|caller| caller == "direct") {
            return Ok(());
        }
        Err(path.error(format!(
            "must contain `direct`: `{}` can only be called by the model",
            self.name
        )))
    }
}

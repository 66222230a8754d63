//! The tools of a request, wherever it declares them (R10, R15, R17, R18).

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::value::RawValue;

use super::function::DeclaredTool;
use crate::chat::request::FunctionTool;
use crate::error::{FieldPath, RequestError};
use crate::json::Field;
use crate::responses::refusal;
use crate::responses::tools::{ClientTool, TOOL_SEARCH, ToolKind};
use crate::responses::wire::request::{InputItem, ResponsesBody, ToolDefinition};
use crate::to_hub::Scope;

/// All tools of a request.
#[derive(Default)]
pub(super) struct Declared<'a> {
    pub(super) tools: Vec<DeclaredTool<'a>>,
    /// The types of tools that only a vendor's server runs.
    pub(super) hosted: Vec<Cow<'a, str>>,
}

impl<'a> Declared<'a> {
    /// The request's tools, and those that its items add (R10, R17): each name once.
    pub(super) fn read(request: &ResponsesBody<'a>, items: &[InputItem<'a>]) -> Result<Self, RequestError> {
        let mut declared = Self::default();
        declared.add_list(request.tools, FieldPath::root("tools"))?;
        let root = FieldPath::root("input");
        for (i, item) in items.iter().enumerate() {
            let kind = item.kind.raw().map(RawValue::get);
            if matches!(kind, Some("\"additional_tools\"" | "\"tool_search_output\"")) {
                declared.add_list(item.tools, root.index(i).field("tools"))?;
            }
        }
        let mut seen = HashSet::new();
        declared.tools.retain(|tool| seen.insert(tool.flat_name().into_owned()));
        Ok(declared)
    }

    /// The names of all functions.
    pub(super) fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.tools.iter().map(DeclaredTool::flat_name)
    }

    pub(super) fn client_tools(&self) -> impl Iterator<Item = ClientTool> {
        self.tools.iter().map(|tool| ClientTool {
            kind: tool.kind,
            name: tool.name.clone().into_owned(),
            namespace: tool.namespace.clone().map(Cow::into_owned),
        })
    }

    /// The tools that are offered as functions, as many as the backend takes (TO10). `is_forced` if one must be called.
    pub(super) fn write(
        &self,
        offers: impl Fn(&str) -> bool,
        is_forced: bool,
        scope: &mut Scope<'a>,
    ) -> Result<Vec<FunctionTool<'a>>, RequestError> {
        for kind in &self.hosted {
            scope.warnings.dropped(&format!("tools.{kind}"));
        }
        let root = FieldPath::root("tools");
        let offered = self.tools.iter().filter(|tool| offers(&tool.flat_name()));
        let tools = offered
            .map(|tool| tool.write(scope, root.index(tool.index)))
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(limit) = scope.backend.max_tools.exceeded_by(tools.len()) {
            return Err(root.error(format!("{} tools, but this model takes at most {limit}", tools.len())));
        }
        match self.hosted.first() {
            Some(kind) if tools.is_empty() && is_forced => Err(refusal::hosted_tool(kind)),
            _ => Ok(tools),
        }
    }

    fn add_list(&mut self, field: Field<'a>, path: FieldPath<'_>) -> Result<(), RequestError> {
        let tools: Vec<ToolDefinition<'a>> = field.objects(path)?;
        for (index, tool) in tools.into_iter().enumerate() {
            self.add(index, None, tool, path.index(index))?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        index: usize,
        namespace: Option<&Cow<'a, str>>,
        tool: ToolDefinition<'a>,
        path: FieldPath<'_>,
    ) -> Result<(), RequestError> {
        let kind = tool.kind.required_word(path.field("type"))?;
        let kind = match kind.as_ref() {
            "function" => ToolKind::Function,
            "custom" => ToolKind::Custom,
            "tool_search" if tool.execution.raw().is_some_and(|raw| raw.get() == "\"client\"") => ToolKind::Search,
            // All tools are sent anyway (R17).
            "tool_search" => return Ok(()),
            "namespace" if namespace.is_none() => return self.add_namespace(index, &tool, path),
            _ => {
                self.hosted.push(kind);
                return Ok(());
            }
        };
        // A tool that only code on a server may call (R13).
        let callers = tool.allowed_callers.words(path.field("allowed_callers"))?;
        if !callers.is_empty() && !callers.iter().any(|caller| caller == "direct") {
            return Ok(());
        }
        self.tools.push(DeclaredTool {
            name: match kind {
                ToolKind::Search => Cow::Borrowed(TOOL_SEARCH),
                ToolKind::Function | ToolKind::Custom => tool.name.required_word(path.field("name"))?,
            },
            kind,
            namespace: namespace.cloned(),
            definition: tool,
            index,
        });
        Ok(())
    }

    fn add_namespace(
        &mut self,
        index: usize,
        namespace: &ToolDefinition<'a>,
        path: FieldPath<'_>,
    ) -> Result<(), RequestError> {
        let name = namespace.name.required_word(path.field("name"))?;
        let path = path.field("tools");
        let tools: Vec<ToolDefinition<'a>> = namespace.tools.objects(path)?;
        for (i, tool) in tools.into_iter().enumerate() {
            self.add(index, Some(&name), tool, path.index(i))?;
        }
        Ok(())
    }
}

/// The names of the functions that a list of tools comes to.
pub(super) fn names_of<'a>(tools: Field<'a>, path: FieldPath<'_>) -> Result<Vec<Cow<'a, str>>, RequestError> {
    let mut declared = Declared::default();
    declared.add_list(tools, path)?;
    let names = declared.names().map(|name| Cow::Owned(name.into_owned()));
    Ok(names.collect())
}

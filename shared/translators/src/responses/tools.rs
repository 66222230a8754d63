//! The client's tools behind the functions that a backend knows: their types, names and namespaces (R14 to R17).

use std::borrow::Cow;
use std::collections::HashMap;

use crate::tool_names::ToolNames;

/// The function that stands for a client's search among its tools (R17).
pub(crate) const TOOL_SEARCH: &str = "tool_search";

/// The type of a tool, as far as its calls differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ToolKind {
    #[default]
    Function,
    /// Freeform text in place of arguments.
    Custom,
    /// A search that the client runs.
    Search,
}

/// A tool as its client knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientTool {
    pub kind: ToolKind,
    pub name: String,
    pub namespace: Option<String>,
}

/// The tools of one request, by the names of their functions.
#[derive(Clone, Debug, Default)]
pub struct ClientTools {
    by_name: HashMap<String, ClientTool>,
    names: ToolNames,
}

impl ClientTools {
    /// `names` are those of all functions, as the backend gets them.
    pub(crate) fn new(tools: impl IntoIterator<Item = ClientTool>, names: ToolNames) -> Self {
        let by_name = tools.into_iter().map(|tool| {
            let flat = flat_name(tool.namespace.as_deref(), &tool.name).into_owned();
            (flat, tool)
        });
        Self {
            by_name: by_name.collect(),
            names,
        }
    }

    pub(crate) fn names(&self) -> &ToolNames {
        &self.names
    }

    /// The client's tool behind the backend's name. One that the client has not declared is a function (NA3).
    pub(crate) fn of_backend(&self, name: &str) -> ClientTool {
        let flat = self.names.to_client(name);
        let undeclared = || ClientTool {
            kind: ToolKind::Function,
            name: flat.clone().into_owned(),
            namespace: None,
        };
        self.by_name.get(flat.as_ref()).cloned().unwrap_or_else(undeclared)
    }
}

/// The name of a tool in a namespace, as a function (R15).
pub(crate) fn flat_name<'n>(namespace: Option<&str>, name: &'n str) -> Cow<'n, str> {
    match namespace {
        None | Some("") => Cow::Borrowed(name),
        Some(namespace) => Cow::Owned(format!("{namespace}__{name}")),
    }
}

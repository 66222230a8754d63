//! The tools that a chat request declares, in each of their spellings.

use std::borrow::Cow;

use super::input::{ChatInput, InputDefinition, InputTool};
use crate::error::{FieldPath, RequestError};

/// A tool with the client's own name.
pub(crate) struct DeclaredTool<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) is_custom: bool,
    pub(crate) definition: InputDefinition<'a>,
    /// The member that the definition stands in.
    member: &'static str,
    index: usize,
}

/// `tools`, and the functions of the spelling before there were tools.
pub(crate) fn read<'a>(request: &ChatInput<'a>) -> Result<Vec<DeclaredTool<'a>>, RequestError> {
    let root = FieldPath::root("tools");
    let tools: Vec<InputTool<'a>> = request.tools.objects(root)?;
    let mut declared = Vec::with_capacity(tools.len());
    for (index, tool) in tools.iter().enumerate() {
        let path = root.index(index);
        let kind = tool.kind.word(path.field("type"))?;
        let (member, field) = match kind.as_deref() {
            None | Some("function") => ("function", tool.function),
            Some("custom") => ("custom", tool.custom),
            Some(kind) => {
                let message = format!("tools of type `{kind}` are not supported");
                return Err(path.field("type").error(message));
            }
        };
        let path = path.field(member);
        let definition: InputDefinition<'a> = field.required_object(path)?;
        declared.push(DeclaredTool {
            name: definition.name.required_word(path.field("name"))?,
            is_custom: member == "custom",
            definition,
            member,
            index,
        });
    }
    let root = FieldPath::root("functions");
    let functions: Vec<InputDefinition<'a>> = request.functions.objects(root)?;
    for (index, definition) in functions.into_iter().enumerate() {
        declared.push(DeclaredTool {
            name: definition.name.required_word(root.index(index).field("name"))?,
            is_custom: false,
            definition,
            member: "functions",
            index,
        });
    }
    Ok(declared)
}

impl DeclaredTool<'_> {
    /// The result of `write`, which gets the path of the definition.
    pub(crate) fn at_path<T>(&self, write: impl FnOnce(FieldPath<'_>) -> T) -> T {
        let (tools, functions) = (FieldPath::root("tools"), FieldPath::root("functions"));
        let item = tools.index(self.index);
        write(match self.member {
            "functions" => functions.index(self.index),
            member => item.field(member),
        })
    }
}

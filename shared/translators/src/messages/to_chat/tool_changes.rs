//! Tools that a system turn adds or withdraws in mid-conversation (SY5).
//!
//! A chat request has one list of tools for the whole conversation; what counts is the list at its end.

use std::collections::HashSet;

use crate::json::raw_object;
use crate::messages::wire::request::{InputBlock, InputContent, InputMessage, ToolDefinition};

use crate::error::{FieldPath, RequestError};

raw_object! {
    ToolReference {
        kind: "type",
        name: "name",
        definition: "definition",
    }
}

/// The tools that system turns define themselves (beta `inline-tools`): of each its definition and its path.
pub(super) fn definitions<'a>(
    messages: &[(InputMessage<'a>, InputContent<'a>)],
) -> Result<Vec<ToolDefinition<'a>>, RequestError> {
    let root = FieldPath::root("messages");
    let mut definitions = Vec::new();
    for (i, (message, content)) in messages.iter().enumerate() {
        let InputContent::Blocks(blocks) = content else {
            continue;
        };
        if message.role.raw().is_none_or(|role| role.get() != "\"system\"") {
            continue;
        }
        let path = root.index(i);
        let path = path.field("content");
        for (i, block) in blocks.iter().enumerate() {
            let path = path.index(i);
            let path = path.field("tool");
            let is_addition = block.kind.word(path)?.as_deref() == Some("tool_addition");
            let tool = if is_addition {
                block.tool.object::<ToolReference<'a>>(path)?
            } else {
                None
            };
            if let Some(tool) = tool.filter(ToolReference::is_definition) {
                definitions.push(tool.definition.required_object(path.field("definition"))?);
            }
        }
    }
    Ok(definitions)
}

impl ToolReference<'_> {
    fn is_definition(&self) -> bool {
        self.kind.raw().is_some_and(|kind| kind.get() == "\"tool_definition\"")
    }
}

pub(super) struct ToolChanges<'d> {
    declared: HashSet<&'d str>,
    removed: HashSet<String>,
}

impl<'d> ToolChanges<'d> {
    pub(super) fn new(declared: impl Iterator<Item = &'d str>) -> Self {
        Self {
            declared: declared.collect(),
            removed: HashSet::new(),
        }
    }

    pub(super) fn is_removed(&self, name: &str) -> bool {
        self.removed.contains(name)
    }

    /// Notes the changes among a system turn's blocks and hands back the others.
    pub(super) fn take_from<'a>(
        &mut self,
        content: InputContent<'a>,
        path: FieldPath<'_>,
    ) -> Result<InputContent<'a>, RequestError> {
        let blocks = match content {
            InputContent::Text(_) => return Ok(content),
            InputContent::Blocks(blocks) => blocks,
        };
        let mut others = Vec::with_capacity(blocks.len());
        for (i, block) in blocks.into_iter().enumerate() {
            if !self.take(&block, path.index(i))? {
                others.push(block);
            }
        }
        Ok(InputContent::Blocks(others))
    }

    fn take(&mut self, block: &InputBlock<'_>, path: FieldPath<'_>) -> Result<bool, RequestError> {
        match block.kind.word(path.field("type"))?.as_deref() {
            Some("tool_addition") => self.removed.remove(&self.declared_tool(block, path)?),
            Some("tool_removal") => self.removed.insert(self.declared_tool(block, path)?),
            _ => return Ok(false),
        };
        Ok(true)
    }

    fn declared_tool(&self, block: &InputBlock<'_>, path: FieldPath<'_>) -> Result<String, RequestError> {
        let path = path.field("tool");
        let mut tool: ToolReference<'_> = block.tool.required_object(path)?;
        if tool.is_definition() {
            tool = tool.definition.required_object(path.field("definition"))?;
        }
        let name = tool.name.required_word(path.field("name"))?;
        if !self.declared.contains(name.as_ref()) {
            return Err(path
                .field("name")
                .error(format!("`{name}` is not among the request's tools")));
        }
        Ok(name.into_owned())
    }
}

//! Tools (N12).

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::body::Tool;
use crate::chat::input::{ChatInput, InputDefinition, InputGrammar, InputTool};
use crate::error::{FieldPath, RequestError};
use crate::json::{Json, Members, to_json};
use crate::schema::{Fitted, fit};
use crate::to_hub::Scope;

const EMPTY_SCHEMA: &str = r#"{"type":"object","properties":{}}"#;

/// A tool with the client's own name.
pub(super) struct DeclaredTool<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) is_custom: bool,
    definition: InputDefinition<'a>,
    /// Where it stands, for errors.
    place: (&'static str, usize),
}

/// `tools`, and the functions of the spelling before there were tools.
pub(super) fn read<'a>(request: &ChatInput<'a>) -> Result<Vec<DeclaredTool<'a>>, RequestError> {
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
            place: ("tools", index),
        });
    }
    let root = FieldPath::root("functions");
    let functions: Vec<InputDefinition<'a>> = request.functions.objects(root)?;
    for (index, definition) in functions.into_iter().enumerate() {
        declared.push(DeclaredTool {
            name: definition.name.required_word(root.index(index).field("name"))?,
            is_custom: false,
            definition,
            place: ("functions", index),
        });
    }
    Ok(declared)
}

/// The tools, as many as the backend takes (TO10).
pub(super) fn write<'a>(declared: &[DeclaredTool<'a>], scope: &mut Scope<'a>) -> Result<Vec<Tool<'a>>, RequestError> {
    let tools: Vec<Tool<'a>> = declared
        .iter()
        .map(|tool| tool.write(scope))
        .collect::<Result<_, _>>()?;
    if let Some(limit) = scope.backend.max_tools.exceeded_by(tools.len()) {
        let message = format!("{} tools, but this model takes at most {limit}", tools.len());
        return Err(FieldPath::root("tools").error(message));
    }
    Ok(tools)
}

impl<'a> DeclaredTool<'a> {
    fn write(&self, scope: &mut Scope<'a>) -> Result<Tool<'a>, RequestError> {
        let (root, index) = self.place;
        let root = FieldPath::root(root);
        let path = root.index(index);
        let definition = &self.definition;
        scope.warnings.dropped_all(&definition.rest);
        definition.description.text(path.field("description"))?;
        let name = scope.backend_name(self.name.clone());
        let description = definition.description.raw().map(Cow::Borrowed);
        if self.is_custom {
            let format = self.format(path.field("format"))?;
            return Ok(Tool::Custom {
                name,
                description,
                format,
            });
        }
        let strict = definition.strict.flag(path.field("strict"))?;
        if strict && !scope.backend.strict_tools {
            scope.warnings.dropped("strict");
        }
        Ok(Tool::Function {
            name,
            description,
            parameters: self.parameters(scope, path.field("parameters"))?,
            // Always said: it is false for chat, and true for Responses, where nobody says it.
            strict: strict && scope.backend.strict_tools,
        })
    }

    /// The schema as the backend reads it (B10.1).
    fn parameters(&self, scope: &mut Scope<'a>, path: FieldPath<'_>) -> Result<Json<'a>, RequestError> {
        let Some(raw) = self.definition.parameters.raw() else {
            return Ok(Cow::Owned(RawValue::from_string(EMPTY_SCHEMA.to_owned())?));
        };
        self.definition.parameters.required_object::<Members<'_>>(path)?;
        let Fitted { schema, lost } = fit(raw, scope.backend.schema)?;
        if lost {
            scope.warnings.dropped("parameters.pattern");
        }
        Ok(schema)
    }

    /// The format of a custom tool's input. Chat nests the grammar, Responses does not.
    fn format(&self, path: FieldPath<'_>) -> Result<Option<Json<'a>>, RequestError> {
        let Some(raw) = self.definition.format.raw() else {
            return Ok(None);
        };
        let format: InputGrammar<'a> = self.definition.format.required_object(path)?;
        let Some(grammar) = format.grammar.object::<InputGrammar<'a>>(path.field("grammar"))? else {
            return Ok(Some(Cow::Borrowed(raw)));
        };
        let mut flat = Members::default();
        for (name, field) in [
            ("type", format.kind),
            ("syntax", grammar.syntax),
            ("definition", grammar.definition),
        ] {
            if let Some(value) = field.raw() {
                flat.push(Cow::Borrowed(name), Cow::Borrowed(value));
            }
        }
        Ok(Some(to_json(&flat)?))
    }
}

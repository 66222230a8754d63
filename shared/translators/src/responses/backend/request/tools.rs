//! Tools (N12).

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::body::Tool;
use crate::chat::declared_tools::DeclaredTool;
use crate::chat::input::InputGrammar;
use crate::error::{FieldPath, RequestError};
use crate::json::{Field, Json, Members, to_json};
use crate::schema::{Fitted, fit};
use crate::to_hub::Scope;

const EMPTY_SCHEMA: &str = r#"{"type":"object","properties":{}}"#;

/// The tools, as many as the backend takes (TO10).
pub(super) fn write<'a>(declared: &[DeclaredTool<'a>], scope: &mut Scope<'a>) -> Result<Vec<Tool<'a>>, RequestError> {
    let tools: Vec<Tool<'a>> = declared
        .iter()
        .map(|tool| tool.at_path(|path| written(tool, path, scope)))
        .collect::<Result<_, _>>()?;
    if let Some(limit) = scope.backend.max_tools.exceeded_by(tools.len()) {
        let message = format!("{} tools, but this model takes at most {limit}", tools.len());
        return Err(FieldPath::root("tools").error(message));
    }
    Ok(tools)
}

fn written<'a>(tool: &DeclaredTool<'a>, path: FieldPath<'_>, scope: &mut Scope<'a>) -> Result<Tool<'a>, RequestError> {
    let definition = &tool.definition;
    scope.warnings.dropped_all(&definition.rest);
    definition.description.text(path.field("description"))?;
    let name = scope.backend_name(tool.name.clone());
    let description = definition.description.raw().map(Cow::Borrowed);
    if tool.is_custom {
        return Ok(Tool::Custom {
            name,
            description,
            format: format(definition.format, path.field("format"))?,
        });
    }
    let strict = definition.strict.flag(path.field("strict"))?;
    if strict && !scope.backend.strict_tools {
        scope.warnings.dropped("strict");
    }
    Ok(Tool::Function {
        name,
        description,
        parameters: parameters(definition.parameters, scope, path.field("parameters"))?,
        // Always said: it is false for chat, and true for Responses, where nobody says it.
        strict: strict && scope.backend.strict_tools,
    })
}

/// The schema as the backend reads it (B10.1).
fn parameters<'a>(field: Field<'a>, scope: &mut Scope<'a>, path: FieldPath<'_>) -> Result<Json<'a>, RequestError> {
    let Some(raw) = field.raw() else {
        return Ok(Cow::Owned(RawValue::from_string(EMPTY_SCHEMA.to_owned())?));
    };
    field.required_object::<Members<'_>>(path)?;
    let Fitted { schema, lost } = fit(raw, scope.backend.schema)?;
    if lost {
        scope.warnings.dropped("parameters.pattern");
    }
    Ok(schema)
}

/// The format of a custom tool's input. Chat nests the grammar, Responses does not.
fn format<'a>(field: Field<'a>, path: FieldPath<'_>) -> Result<Option<Json<'a>>, RequestError> {
    let Some(raw) = field.raw() else {
        return Ok(None);
    };
    let format: InputGrammar<'a> = field.required_object(path)?;
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

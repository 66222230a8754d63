//! Tools (O10, O14).

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::body::Tool;
use crate::chat::declared_tools::DeclaredTool;
use crate::chat::input::{InputDefinition, InputGrammar};
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Json, Members, TextBuilder};
use crate::schema::{Fitted, fit};
use crate::to_hub::Scope;

/// The schema of a function that stands for a custom tool (R14).
const CUSTOM_SCHEMA: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;
const EMPTY_SCHEMA: &str = r#"{"type":"object","properties":{}}"#;

/// The tools that the client allows the model, as many as the backend takes (TO10).
pub(super) fn write<'a>(
    declared: &[DeclaredTool<'a>],
    is_allowed: impl Fn(&str) -> bool,
    scope: &mut Scope<'a>,
) -> Result<Vec<Tool<'a>>, RequestError> {
    let offered = declared.iter().filter(|tool| is_allowed(&tool.name));
    let tools: Vec<Tool<'a>> = offered
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
    let (description, input_schema) = if tool.is_custom {
        (custom_description(definition, path)?, schema(CUSTOM_SCHEMA)?)
    } else {
        (
            definition.description.raw().map(Cow::Borrowed),
            parameters(definition, scope, path)?,
        )
    };
    let strict = definition.strict.flag(path.field("strict"))? && !tool.is_custom;
    if strict && !scope.backend.strict_tools {
        scope.warnings.dropped("strict");
    }
    Ok(Tool {
        name: scope.backend_name(tool.name.clone()),
        description,
        input_schema,
        strict: (strict && scope.backend.strict_tools).then_some(true),
    })
}

/// The schema as the backend reads it (B10.1), with the type that the API asks for.
fn parameters<'a>(
    definition: &InputDefinition<'a>,
    scope: &mut Scope<'a>,
    path: FieldPath<'_>,
) -> Result<Json<'a>, RequestError> {
    let Some(raw) = definition.parameters.raw() else {
        return schema(EMPTY_SCHEMA);
    };
    let path = path.field("parameters");
    definition.parameters.required_object::<Members<'_>>(path)?;
    let Fitted { schema: fitted, lost } = fit(raw, scope.backend.schema)?;
    if lost {
        scope.warnings.dropped("parameters.pattern");
    }
    let members: Members<'_> = serde_json::from_str(fitted.get())?;
    if members.is_empty() {
        return schema(EMPTY_SCHEMA);
    }
    if members.contains("type") {
        return Ok(fitted);
    }
    let rest = fitted.get().strip_prefix('{').unwrap_or_default();
    schema(&format!("{{\"type\":\"object\",{rest}"))
}

/// The description, then the grammar's text (R14).
fn custom_description<'a>(
    definition: &InputDefinition<'a>,
    path: FieldPath<'_>,
) -> Result<Option<Json<'a>>, RequestError> {
    let path = path.field("format");
    let format: InputGrammar<'a> = definition.format.object(path)?.unwrap_or_default();
    // Chat nests the grammar, Responses does not.
    let nested: Option<InputGrammar<'a>> = format.grammar.object(path.field("grammar"))?;
    let grammar = nested.map_or(format.definition, |nested| nested.definition);
    let grammar = grammar.text(path.field("definition"))?;
    let description = definition.description.raw().and_then(EscapedText::of);
    let Some(grammar) = grammar else {
        return Ok(definition.description.raw().map(Cow::Borrowed));
    };
    let builder = TextBuilder::with_capacity(grammar.escaped().len() + 64).line(description);
    builder.line(Some(grammar)).build().map(Some)
}

fn schema<'a>(json: &str) -> Result<Json<'a>, RequestError> {
    Ok(Cow::Owned(RawValue::from_string(json.to_owned())?))
}

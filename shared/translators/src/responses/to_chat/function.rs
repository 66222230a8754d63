//! One tool of the client's as the function that the backend gets (R13, R14).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::chat::request::{FunctionDefinition, FunctionTool, FunctionType};
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Json, Members, TextBuilder};
use crate::responses::tools::{ToolKind, flat_name};
use crate::responses::wire::request::{CustomFormat, ToolDefinition};
use crate::schema::{self, Fitted};
use crate::to_hub::Scope;

/// What a function gets whose tool takes nothing.
const NO_PARAMETERS: &str = r#"{"type":"object","properties":{}}"#;
/// The parameters of a function that stands for a custom tool (R14).
const CUSTOM_PARAMETERS: &str =
    r#"{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}"#;

/// A tool that the backend gets as a function.
pub(super) struct DeclaredTool<'a> {
    pub(super) kind: ToolKind,
    pub(super) namespace: Option<Cow<'a, str>>,
    pub(super) name: Cow<'a, str>,
    pub(super) definition: ToolDefinition<'a>,
    /// Where in `tools` it stands, or stands in something.
    pub(super) index: usize,
}

impl<'a> DeclaredTool<'a> {
    pub(super) fn flat_name(&self) -> Cow<'_, str> {
        flat_name(self.namespace.as_deref(), &self.name)
    }

    pub(super) fn write(&self, scope: &mut Scope<'a>, path: FieldPath<'_>) -> Result<FunctionTool<'a>, RequestError> {
        let definition = &self.definition;
        let description = definition.description.text(path.field("description"))?;
        let (description, parameters) = match self.kind {
            ToolKind::Custom => (
                self.custom_description(description, path)?,
                Cow::Owned(RawValue::from_string(CUSTOM_PARAMETERS.to_owned())?),
            ),
            ToolKind::Function | ToolKind::Search => (
                definition.description.raw().map(Cow::Borrowed),
                self.parameters(scope, path)?,
            ),
        };
        let name = scope.backend_name(Cow::Owned(self.flat_name().into_owned()));
        Ok(FunctionTool {
            kind: FunctionType::Function,
            function: FunctionDefinition {
                name,
                description,
                parameters,
                strict: self.strict(scope, path)?,
                rest: Members::default(),
            },
        })
    }

    fn parameters(&self, scope: &mut Scope<'a>, path: FieldPath<'_>) -> Result<Json<'a>, RequestError> {
        let path = path.field("parameters");
        let Some(raw) = self.definition.parameters.raw() else {
            return Ok(Cow::Owned(RawValue::from_string(NO_PARAMETERS.to_owned())?));
        };
        self.definition.parameters.required_object::<Members<'_>>(path)?;
        let Fitted { schema, lost } = schema::parameters(raw, scope.backend.schema)?;
        if lost {
            scope.warnings.dropped("parameters.pattern");
        }
        Ok(schema)
    }

    fn strict(&self, scope: &mut Scope<'a>, path: FieldPath<'_>) -> Result<Option<bool>, RequestError> {
        let strict = self.definition.strict.flag(path.field("strict"))?;
        if strict && !scope.backend.strict_tools {
            scope.warnings.dropped("strict");
        }
        Ok((strict && scope.backend.strict_tools).then_some(true))
    }

    /// The description of a custom tool, and behind it the grammar of its input (R14).
    fn custom_description(
        &self,
        description: Option<EscapedText<'a>>,
        path: FieldPath<'_>,
    ) -> Result<Option<Json<'a>>, RequestError> {
        let path = path.field("format");
        let format: CustomFormat<'a> = self.definition.format.object(path)?.unwrap_or_default();
        let Some(grammar) = format.definition.text(path.field("definition"))? else {
            return Ok(self.definition.description.raw().map(Cow::Borrowed));
        };
        let description = description.unwrap_or(EscapedText::EMPTY);
        let mut text = TextBuilder::with_capacity(description.escaped().len() + grammar.escaped().len() + 4);
        if !description.is_empty() {
            text = text.escaped(description).newline().newline();
        }
        text.escaped(grammar).build().map(Some)
    }
}

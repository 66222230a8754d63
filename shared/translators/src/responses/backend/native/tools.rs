//! The tools of a request without those that a vendor's server would run, unless the operator allows them (N4, R18).

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{Adapter, kind};
use crate::error::{FieldPath, RequestError};
use crate::json::{Field, Json, to_json};
use crate::responses::refusal;
use crate::responses::wire::request::ResponsesBody;

/// A list of tools without those that the backend must not run.
#[derive(Default)]
pub(super) struct Filtered<'a> {
    pub(super) kept: Vec<&'a RawValue>,
    /// The type of the first one that was taken out.
    pub(super) lost: Option<Cow<'a, str>>,
}

impl Adapter<'_> {
    /// The changes of the tools and of the choice among them (N4, R18).
    pub(super) fn tools<'a>(
        &mut self,
        request: &ResponsesBody<'a>,
    ) -> Result<Vec<(&'static str, Option<Json<'a>>)>, RequestError> {
        let choice = request.tool_choice.raw();
        if let Some(hosted) = choice
            .and_then(kind)
            .filter(|kind| kind != "allowed_tools" && self.runs(kind))
        {
            return Err(refusal::hosted_tool(&hosted));
        }
        let Filtered { kept, lost } = self.filtered(request.tools, FieldPath::root("tools"))?;
        let Some(lost) = lost else { return Ok(Vec::new()) };
        if !kept.is_empty() {
            return Ok(vec![("tools", Some(to_json(&kept)?))]);
        }
        if choice.is_some_and(|choice| choice.get() == "\"required\"") {
            return Err(refusal::hosted_tool(&lost));
        }
        let without_choice = choice.map(|_| ("tool_choice", None));
        Ok([("tools", None)].into_iter().chain(without_choice).collect())
    }

    /// The tools that may pass.
    pub(super) fn filtered<'a>(&mut self, tools: Field<'a>, path: FieldPath<'_>) -> Result<Filtered<'a>, RequestError> {
        let mut filtered = Filtered::default();
        for tool in tools.list(path)? {
            match kind(tool).filter(|kind| self.runs(kind)) {
                None => filtered.kept.push(tool),
                Some(kind) => {
                    self.warnings.dropped(&format!("tools.{kind}"));
                    filtered.lost.get_or_insert(kind);
                }
            }
        }
        Ok(filtered)
    }

    /// True for a type of tools that the vendor's server would run, and that the operator has not allowed.
    fn runs(&self, kind: &str) -> bool {
        let is_clients = matches!(kind, "function" | "custom" | "namespace" | "tool_search");
        !is_clients && !self.settings.hosted_tools.iter().any(|allowed| allowed == kind)
    }
}

//! The outputs of tools, each of which goes to its call wherever the client has put it (R6, R7).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::parts::{self, Place};
use super::{assistant, tools};
use crate::chat::request::ContentPart;
use crate::error::{FieldPath, RequestError};
use crate::json::{TextBuilder, json_string};
use crate::responses::refusal;
use crate::responses::wire::request::InputItem;
use crate::to_hub::Scope;

/// The text of a call that nobody has answered: its client was interrupted.
const ABORTED: &str = "aborted";

pub(super) struct Outputs<'a>(HashMap<Cow<'a, str>, Vec<ContentPart<'a>>>);

impl<'a> Outputs<'a> {
    pub(super) fn is_output(kind: &str) -> bool {
        matches!(
            kind,
            "function_call_output" | "custom_tool_call_output" | "tool_search_output"
        )
    }

    /// All outputs. Each has a call, and a call has one at most.
    pub(super) fn read(items: &[InputItem<'a>], scope: &mut Scope<'a>) -> Result<Self, RequestError> {
        let root = FieldPath::root("input");
        let is_call = |item: &&InputItem<'a>| kind(item).is_some_and(|kind| assistant::is_call(&kind));
        let calls: HashSet<Cow<'a, str>> = items.iter().filter(is_call).filter_map(InputItem::id_of_call).collect();
        let mut outputs = HashMap::new();
        for (i, item) in items.iter().enumerate() {
            let Some(kind) = kind(item).filter(|kind| Self::is_output(kind)) else {
                continue;
            };
            let path = root.index(i);
            let id = item.call_id.required_word(path.field("call_id"))?;
            if !calls.contains(&id) {
                return Err(refusal::no_call(&id, path));
            }
            if outputs.contains_key(&id) {
                return Err(refusal::second_output(&id, path));
            }
            let parts = match kind.as_ref() {
                "tool_search_output" => vec![found_tools(item, scope, path)?],
                _ => parts::read(item.output, Place::Output, scope, path.field("output"))?,
            };
            outputs.insert(id, parts);
        }
        Ok(Self(outputs))
    }

    /// The output of a call.
    pub(super) fn take(&mut self, call_id: &str) -> Result<Vec<ContentPart<'a>>, RequestError> {
        match self.0.remove(call_id) {
            Some(parts) => Ok(parts),
            None => Ok(vec![ContentPart::text(json_string(ABORTED)?)]),
        }
    }
}

fn kind<'a>(item: &InputItem<'a>) -> Option<Cow<'a, str>> {
    item.kind.word(FieldPath::root("type")).ok().flatten()
}

/// The names of the tools that a search has found; they are in `tools` themselves (R17).
fn found_tools<'a>(
    item: &InputItem<'a>,
    scope: &Scope<'a>,
    path: FieldPath<'_>,
) -> Result<ContentPart<'a>, RequestError> {
    let names = tools::names_of(item.tools, path.field("tools"))?;
    let names: Vec<_> = names.into_iter().map(|name| scope.backend_name(name)).collect();
    let text = if names.is_empty() {
        "No tools found.".to_owned()
    } else {
        format!("Tools loaded: {}", names.join(", "))
    };
    Ok(ContentPart::text(
        TextBuilder::with_capacity(text.len()).plain(&text)?.build()?,
    ))
}

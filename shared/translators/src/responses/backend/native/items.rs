//! The items of a request: what was made here means nothing to a backend (N1, N5, N6).

use std::borrow::Cow;

use memchr::memmem;
use serde_json::value::RawValue;

use super::{Adapter, Typed};
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Field, Json, Members, Raw, lenient, to_json};
use crate::responses::ids::response_of;
use crate::responses::{refusal, summary};
use crate::sealed::{self, PREFIX};

/// Texts of which one is in each item that must not pass as it is; an input without any of them is not read.
const MARKS: [&str; 7] = [
    PREFIX,
    "additional_tools",
    "tool_search_output",
    "item_reference",
    "compaction",
    // An id may be ours.
    "\"id\"",
    // An ASCII character in its escape: the others may be spelled with it.
    "\\u00",
];

impl Adapter<'_> {
    /// The items, if some of them must not pass as they are.
    pub(super) fn input<'a>(&mut self, input: Field<'a>) -> Result<Option<Json<'a>>, RequestError> {
        let is_marked = |raw: &RawValue| {
            let has = |mark: &str| memmem::find(raw.get().as_bytes(), mark.as_bytes()).is_some();
            raw.get().starts_with('[') && MARKS.into_iter().any(has)
        };
        if !input.raw().is_some_and(is_marked) {
            return Ok(None);
        }
        let root = FieldPath::root("input");
        let items = input.list(root)?;
        let typed: Vec<Typed<'a>> = items.iter().map(|item| lenient(item).unwrap_or_default()).collect();
        let sealed = typed.iter().filter_map(|item| item.encrypted_content);
        sealed::check(self.sealer, "input", sealed.map(Field::new))?;
        let mut kept: Vec<Json<'a>> = Vec::with_capacity(items.len());
        let mut is_changed = false;
        for (index, (item, typed)) in items.into_iter().zip(&typed).enumerate() {
            let sent = self.item(index, (item, typed), root.index(index))?;
            is_changed |= !matches!(sent, Some(Cow::Borrowed(_)));
            kept.extend(sent);
        }
        Ok(if is_changed { Some(to_json(&kept)?) } else { None })
    }

    /// An item as it is sent; `None` for one that is not.
    fn item<'a>(
        &mut self,
        index: usize,
        (item, typed): (&'a RawValue, &Typed<'a>),
        path: FieldPath<'_>,
    ) -> Result<Option<Json<'a>>, RequestError> {
        let content = typed.encrypted_content.map(Field::new).unwrap_or_default();
        let sent = match typed.kind().as_deref() {
            Some("reasoning") if sealed::is_ours(content) => {
                self.warnings.dropped("reasoning");
                return Ok(None);
            }
            Some("compaction" | "compaction_summary") if sealed::is_ours(content) => {
                return Ok(Some(user_message(&summary::told(content, self.sealer, index)?)?));
            }
            Some("compaction_trigger") if self.drops_trigger => return Ok(None),
            Some("item_reference") => return Err(refusal::no_item(text(typed.id))),
            Some("additional_tools" | "tool_search_output") => self.with_tools(item, path)?,
            _ => Cow::Borrowed(item),
        };
        if response_of(&text(typed.id)).is_none() {
            return Ok(Some(sent));
        }
        without_id(&sent).map(Some)
    }

    /// An item that adds tools, with those that may pass.
    fn with_tools<'a>(&mut self, item: &'a RawValue, path: FieldPath<'_>) -> Result<Json<'a>, RequestError> {
        let mut members = serde_json::from_str::<Members<'a>>(item.get())?.unique();
        let tools = members.0.iter().find(|(name, _)| name == "tools");
        let Some((_, Cow::Borrowed(tools))) = tools else {
            return Ok(Cow::Borrowed(item));
        };
        let filtered = self.filtered(Field::new(tools), path.field("tools"))?;
        if filtered.lost.is_none() {
            return Ok(Cow::Borrowed(item));
        }
        let kept = to_json(&filtered.kept)?;
        members.set(Cow::Borrowed("tools"), kept);
        Ok(to_json(&members)?)
    }
}

/// The message in which the user says `text`, a JSON string.
fn user_message<'a>(text: &RawValue) -> Result<Json<'a>, RequestError> {
    let message = format!(
        "{{\"type\":\"message\",\"role\":\"user\",\"content\":[{{\"type\":\"input_text\",\"text\":{}}}]}}",
        text.get()
    );
    Ok(Cow::Owned(RawValue::from_string(message)?))
}

/// The item without its id, by which only its client knows it.
fn without_id<'a>(item: &RawValue) -> Result<Json<'a>, RequestError> {
    let mut members: Members<'_> = serde_json::from_str(item.get())?;
    members.0.retain(|(name, _)| name != "id");
    Ok(to_json(&members)?)
}

/// A string, however it is escaped; `""` for what is none.
fn text(json: Raw<'_>) -> Cow<'_, str> {
    json.and_then(EscapedText::of)
        .map(EscapedText::decode)
        .unwrap_or_default()
}

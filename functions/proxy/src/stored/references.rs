//! The references of a request: to a previous response (ST5), to items (ST6), and to reasoning by its id alone (R8).
//! Pure.

use std::borrow::Cow;

use serde_json::value::RawValue;
use translators::error::{FieldPath, RequestError};
use translators::responses::refusal::no_item;
use translators::responses::wire::request::{InputItem, ResponsesBody};

use super::record::{History, response_of};

pub(super) struct References<'a> {
    previous: Option<String>,
    input: Input<'a>,
}

enum Input<'a> {
    /// One user message.
    Text(&'a RawValue),
    Items(Vec<Own<'a>>),
}

/// An item of the input.
enum Own<'a> {
    Said(&'a RawValue),
    /// Stands for the item with this id.
    Reference(String),
    /// Reasoning that may be stored under this id, with what nobody else can read.
    Thought(&'a RawValue, String),
}

impl<'a> References<'a> {
    pub(super) fn read(request: &ResponsesBody<'a>) -> Result<Self, RequestError> {
        let previous = request
            .previous_response_id
            .word(FieldPath::root("previous_response_id"))?;
        let path = FieldPath::root("input");
        let input = match request.input.raw() {
            Some(text) if text.get().starts_with('"') => Input::Text(text),
            Some(list) if list.get().starts_with('[') => {
                let items = request.input.list(path)?;
                Input::Items(items.into_iter().map(Own::read).collect())
            }
            // Refused where the input is read.
            _ => Input::Items(Vec::new()),
        };
        Ok(Self {
            previous: previous.map(Cow::into_owned),
            input,
        })
    }

    pub(super) fn previous(&self) -> Option<&str> {
        self.previous.as_deref()
    }

    /// True if the request says everything itself.
    pub(super) fn is_empty(&self) -> bool {
        self.previous.is_none() && self.ids().next().is_none()
    }

    /// True if the response is a summary that stands for all before it (CO1).
    pub(super) fn asks_for_a_summary(&self) -> bool {
        let Input::Items(items) = &self.input else {
            return false;
        };
        let Some(Own::Said(last)) = items.last() else {
            return false;
        };
        let item = serde_json::from_str::<InputItem<'_>>(last.get());
        item.is_ok_and(|item| item.is("compaction_trigger"))
    }

    /// The ids of the previous response and of those from which single items are taken, each once; of ids of other
    /// servers there are none.
    pub(super) fn responses(&self) -> Vec<String> {
        let of_items = self.ids().filter_map(response_of);
        let mut responses: Vec<String> = of_items.chain(self.previous.clone()).collect();
        responses.sort_unstable();
        responses.dedup();
        responses
    }

    fn ids(&self) -> impl Iterator<Item = &str> {
        let items: &[Own<'_>] = match &self.input {
            Input::Text(_) => &[],
            Input::Items(items) => items,
        };
        items.iter().filter_map(|item| match item {
            Own::Said(_) => None,
            Own::Reference(id) | Own::Thought(_, id) => Some(id.as_str()),
        })
    }

    /// The request's own items as JSON, with commas between them, each said in full.
    pub(super) fn resolved(&self, history: &History) -> Result<String, RequestError> {
        let items = match &self.input {
            Input::Text(text) => {
                return Ok(format!(
                    "{{\"type\":\"message\",\"role\":\"user\",\"content\":{}}}",
                    text.get()
                ));
            }
            Input::Items(items) => items,
        };
        let mut json = String::new();
        for item in items {
            if !json.is_empty() {
                json.push(',');
            }
            match item {
                Own::Said(item) => json.push_str(item.get()),
                Own::Reference(id) => json.push_str(history.item(id).ok_or_else(|| no_item(id))?.get()),
                Own::Thought(item, id) => match history.item(id) {
                    Some(stored) => json.push_str(stored.get()),
                    None => json.push_str(item.get()),
                },
            }
        }
        Ok(json)
    }
}

impl<'a> Own<'a> {
    fn read(raw: &'a RawValue) -> Self {
        // What is no object is refused where it is read.
        let Ok(item) = serde_json::from_str::<InputItem<'a>>(raw.get()) else {
            return Self::Said(raw);
        };
        let id = item.id.word(FieldPath::root("id")).ok().flatten();
        let is_bare = !item.kind.is_present() && !item.role.is_present();
        match id {
            Some(id) if is_bare || item.is("item_reference") => Self::Reference(id.into_owned()),
            Some(id) if item.is("reasoning") && !item.encrypted_content.is_present() && response_of(&id).is_some() => {
                Self::Thought(raw, id.into_owned())
            }
            _ => Self::Said(raw),
        }
    }
}

impl History {
    /// The stored item of this id.
    fn item(&self, id: &str) -> Option<Box<RawValue>> {
        let response = response_of(id)?;
        let turns = self.ids.iter().zip(&self.turns);
        let others = self.others.iter().map(|(id, record)| (id, record));
        let mut records = turns.chain(others).filter(|(id, _)| **id == response);
        records.find_map(|(_, record)| record.item(&response, id))
    }
}

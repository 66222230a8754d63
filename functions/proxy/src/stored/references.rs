//! The references of a request: to a previous response (ST5), to items (ST6), and to reasoning by its id alone (R8).
//! Pure.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use memchr::memmem;
use serde_json::value::RawValue;
use service::http::ApiError;
use translators::error::{FieldPath, RequestError};
use translators::responses::ids::response_of;
use translators::responses::refusal::no_item;
use translators::responses::wire::request::{InputItem, ResponsesBody};

use super::expansion::too_long;
use super::record::{History, Record};

pub(super) struct References<'a> {
    previous: Option<String>,
    input: Input<'a>,
}

enum Input<'a> {
    /// One user message.
    Text(&'a RawValue),
    /// Items without ids, which stand for nothing else. They are not read.
    Plain(&'a RawValue),
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
            Some(list) if list.get().starts_with('[') && !may_have_ids(list) => Input::Plain(list),
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
            Input::Text(_) | Input::Plain(_) => &[],
            Input::Items(items) => items,
        };
        items.iter().filter_map(|item| match item {
            Own::Said(_) => None,
            Own::Reference(id) | Own::Thought(_, id) => Some(id.as_str()),
        })
    }

    /// The request's own items as JSON, with commas between them, each said in full: at most so many bytes, however
    /// many of them stand for one long item.
    pub(super) fn resolved(&self, history: &History, most: usize) -> Result<String, ApiError> {
        let items = match &self.input {
            Input::Text(text) => {
                return Ok(format!(
                    "{{\"type\":\"message\",\"role\":\"user\",\"content\":{}}}",
                    text.get()
                ));
            }
            Input::Plain(list) => {
                let items = list.get().strip_prefix('[').and_then(|list| list.strip_suffix(']'));
                return Ok(items.unwrap_or_default().trim().to_owned());
            }
            Input::Items(items) => items,
        };
        let (mut json, mut stored) = (String::new(), StoredItems::of(history));
        for item in items {
            if json.len() > most {
                return Err(too_long(most).field("input"));
            }
            if !json.is_empty() {
                json.push(',');
            }
            match item {
                Own::Said(item) => json.push_str(item.get()),
                Own::Reference(id) => json.push_str(stored.item(id).ok_or_else(|| no_item(id))?.get()),
                Own::Thought(item, id) => match stored.item(id) {
                    Some(stored) => json.push_str(stored.get()),
                    None => json.push_str(item.get()),
                },
            }
        }
        Ok(json)
    }
}

/// False if no member of an item can be its id, however that is spelled.
fn may_have_ids(items: &RawValue) -> bool {
    let items = items.get().as_bytes();
    memmem::find(items, b"\"id\"").is_some() || memmem::find(items, b"\\u00").is_some()
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

/// The items that references stand for: a record is taken apart once, however many refer to it.
struct StoredItems<'a> {
    records: HashMap<&'a str, &'a Record>,
    /// The items of the records that were asked for.
    items: HashMap<String, HashMap<String, &'a RawValue>>,
}

impl<'a> StoredItems<'a> {
    fn of(history: &'a History) -> Self {
        let turns = history.ids.iter().zip(&history.turns);
        let others = history.others.iter().map(|(id, record)| (id, record));
        Self {
            records: turns.chain(others).map(|(id, record)| (id.as_str(), record)).collect(),
            items: HashMap::new(),
        }
    }

    /// The stored item of this id.
    fn item(&mut self, id: &str) -> Option<&RawValue> {
        let response = response_of(id)?;
        let record = self.records.get(response.as_str())?;
        let items = match self.items.entry(response) {
            Entry::Occupied(items) => items.into_mut(),
            Entry::Vacant(place) => {
                let items = record.items_by_id(place.key());
                place.insert(items)
            }
        };
        items.get(id).copied()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KEY: &str = "0123456789abcdefghij";

    fn history(text: &str) -> History {
        let response = json!({"output": [{"id": format!("msg_{KEY}_1"), "type": "message", "content": text}]});
        let record = json!({"ancestors": [], "input": [{"id": "own", "content": "asked"}], "response": response});
        let record = Record::read(record.to_string().as_bytes()).unwrap();
        History {
            others: vec![(format!("resp_{KEY}"), record)],
            ..History::default()
        }
    }

    fn resolved(ids: &[&str], most: usize) -> Result<String, ApiError> {
        let references: Vec<_> = ids.iter().map(|id| json!({"id": id})).collect();
        let body = json!({"model": "m", "input": references}).to_string();
        let body: ResponsesBody<'_> = serde_json::from_str(&body).unwrap();
        References::read(&body).unwrap().resolved(&history("said"), most)
    }

    #[test]
    fn st6_an_item_is_found_by_its_id_and_by_its_place() {
        let [said, asked] = [format!("msg_{KEY}_1"), format!("in_{KEY}_0")];
        let json = resolved(&[&said, &asked, &said], 1000).unwrap();
        let items: Vec<serde_json::Value> = serde_json::from_str(&format!("[{json}]")).unwrap();
        let contents: Vec<_> = items.iter().map(|item| &item["content"]).collect();
        assert_eq!(contents, ["said", "asked", "said"]);
        for unknown in [format!("msg_{KEY}_2"), format!("in_{KEY}_1"), "own".to_owned()] {
            assert!(resolved(&[&unknown], 1000).is_err(), "{unknown}");
        }
    }

    #[test]
    fn st6_items_without_ids_are_said_as_they_came() {
        for items in ["[]", "[ ]", r#"[{"role":"user","content":"a"}, {"type":"hologram"}]"#] {
            let body = format!(r#"{{"model":"m","input":{items}}}"#);
            let body: ResponsesBody<'_> = serde_json::from_str(&body).unwrap();
            let references = References::read(&body).unwrap();
            assert!(references.is_empty() && references.responses().is_empty());
            let said = references.resolved(&History::default(), 1000).unwrap();
            assert_eq!(format!("[{said}]"), items.replace("[ ]", "[]"));
        }
    }

    #[test]
    fn st6_no_spelling_hides_a_reference() {
        let said = format!("msg_{KEY}_1");
        for name in ["id", r"i\u0064", r"\u0069d"] {
            let body = format!(r#"{{"model":"m","input":[{{"{name}":"{said}"}}]}}"#);
            let body: ResponsesBody<'_> = serde_json::from_str(&body).unwrap();
            assert_eq!(
                References::read(&body).unwrap().responses(),
                [format!("resp_{KEY}")],
                "{name}"
            );
        }
    }

    #[test]
    fn st6_ha15_many_references_to_one_item_do_not_multiply_it_beyond_the_limit() {
        let said = format!("msg_{KEY}_1");
        let one = resolved(&[&said], 1000).unwrap().len();
        assert!(resolved(&[said.as_str(); 5], one * 5 + 4).is_ok());
        let error = resolved(&[said.as_str(); 1000], one * 5).unwrap_err();
        assert_eq!(error.code(), service::http::Code::RequestTooLarge);
    }
}

//! The record of a stored response. Pure.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The most responses that are read for a request: the one behind them holds the whole conversation (ST5).
const MAX_ANCESTORS: usize = 90;

/// A response, with what its input had that no ancestor has.
#[derive(Debug)]
pub(crate) struct Record {
    /// The responses before it whose items are not in `input`, the oldest first.
    pub(super) ancestors: Vec<String>,
    pub(super) input: Vec<Box<RawValue>>,
    /// The object as its client got it.
    pub(super) response: Box<RawValue>,
    /// The items that the object says.
    output: Vec<Box<RawValue>>,
}

/// A record as it is written down.
#[derive(Deserialize)]
struct Written {
    ancestors: Vec<String>,
    input: Vec<Box<RawValue>>,
    response: Box<RawValue>,
}

/// The items before a request's own input, as records.
#[derive(Debug, Default)]
pub(super) struct History {
    /// The ids of `turns`.
    pub(super) ids: Vec<String>,
    /// The records in order.
    pub(super) turns: Vec<Record>,
    /// The records that only single items are taken from, each with its id.
    pub(super) others: Vec<(String, Record)>,
}

/// The parts of a new record besides its response.
#[derive(Clone, Debug, Default)]
pub(super) struct Continuation {
    pub(super) ancestors: Vec<String>,
    /// Items as JSON with commas between them.
    pub(super) input: String,
}

#[derive(Deserialize)]
struct Object {
    #[serde(default)]
    output: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Identified<'a> {
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
}

impl Record {
    /// The record that was written as `json`.
    pub(super) fn read(json: &[u8]) -> serde_json::Result<Self> {
        let Written {
            ancestors,
            input,
            response,
        } = serde_json::from_slice(json)?;
        let Object { output } = serde_json::from_str(response.get())?;
        Ok(Self {
            ancestors,
            input,
            response,
            output,
        })
    }

    /// The items that it adds to a conversation: its input, then its output.
    pub(super) fn items(&self) -> impl Iterator<Item = &RawValue> {
        self.input.iter().chain(&self.output).map(AsRef::as_ref)
    }

    /// Its items by their ids, where it is the record of the response `response`: of two with one id that of the
    /// output, and the first one.
    pub(super) fn items_by_id(&self, response: &str) -> HashMap<String, &RawValue> {
        let mut items = HashMap::new();
        for item in &self.output {
            if let Some(id) = id_of(item).map(Cow::into_owned) {
                items.entry(id).or_insert(&**item);
            }
        }
        for (number, item) in self.input.iter().enumerate() {
            let own = id_of(item).map(Cow::into_owned);
            for id in own.into_iter().chain([input_id(response, number)]) {
                items.entry(id).or_insert(&**item);
            }
        }
        items
    }
}

impl History {
    /// All items before the request's own.
    pub(super) fn items(&self) -> impl Iterator<Item = &RawValue> {
        self.turns.iter().flat_map(Record::items)
    }

    /// The record's parts of a request that goes on with `own`, items as JSON. A list that is full starts anew, with a
    /// record that holds everything. What follows a summary goes on from it alone.
    pub(super) fn continued_with(&self, own: String, is_summary: bool) -> Continuation {
        if is_summary {
            return Continuation::default();
        }
        if self.ids.len() <= MAX_ANCESTORS {
            return Continuation {
                ancestors: self.ids.clone(),
                input: own,
            };
        }
        Continuation {
            ancestors: Vec::new(),
            input: joined(self.items(), &own),
        }
    }
}

/// The items as JSON with commas between them, and `own` behind them.
pub(super) fn joined<'a>(items: impl Iterator<Item = &'a RawValue>, own: &'a str) -> String {
    let texts = items.map(RawValue::get);
    let texts: Vec<&str> = texts.chain(Some(own).filter(|own| !own.is_empty())).collect();
    texts.join(",")
}

pub(super) fn id_of(item: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Identified<'_>>(item.get()).ok()?.id
}

/// The id of an item of a response's input that has none of its own.
pub(super) fn input_id(response: &str, number: usize) -> String {
    format!("in_{}_{number}", response.trim_start_matches("resp_"))
}

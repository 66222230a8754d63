//! An answer that is stored here: its client knows it and its items by ids of ours, and is told that it is stored
//! (N5, ST1). Members that nobody here knows are kept.

use std::borrow::Cow;

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::Typed;
use crate::chat::saying::word;
use crate::json::{Json, Members, Raw, lenient, to_json};
use crate::responses::lifecycle::Lifecycle;
use crate::responses::wire::item::{one_line, quoted};
use crate::sse;

/// The answer as its client gets it. JSON that it makes is one line.
#[derive(Debug)]
pub struct StoredAnswer {
    lifecycle: Lifecycle,
    /// The client's name of the model, as JSON.
    model: String,
    items: Vec<KnownItem>,
}

/// An item that has come.
#[derive(Debug)]
struct KnownItem {
    index: u64,
    /// The backend's id.
    upstream: String,
    id: String,
    /// The item, once it is done.
    done: Option<Box<RawValue>>,
}

impl StoredAnswer {
    /// `model` is the client's name of the model, as JSON.
    pub fn new(lifecycle: Lifecycle, model: &str) -> Self {
        let model = model.to_owned();
        Self {
            lifecycle,
            model,
            items: Vec::new(),
        }
    }

    /// The response object, as a whole answer or as an event has it. What failed is not stored (ST4).
    pub fn object(&mut self, response: &RawValue) -> serde_json::Result<Box<RawValue>> {
        let mut members: Members<'_> = serde_json::from_str(response.get())?;
        let is_stored = !matches!(word(members.get("status")), Some("failed" | "cancelled"));
        let output: Vec<&RawValue> = match members.get("output") {
            Some(output) => serde_json::from_str(output.get()).unwrap_or_default(),
            None => Vec::new(),
        };
        let mut items = Vec::with_capacity(output.len());
        for (index, item) in (0..).zip(&output) {
            items.push(self.item(Some(index), item)?);
        }
        if items.is_empty() {
            // Servers are known that say all of it in events alone.
            items.extend(self.items.iter().filter_map(|item| item.done.clone()));
        }
        replace(&mut members, "output", to_json(&items)?);
        if let Some(previous) = self.lifecycle.previous() {
            replace(&mut members, "previous_response_id", to_json(&previous)?);
        }
        if members.get("model").is_some_and(|model| model.get().starts_with('"')) {
            replace(&mut members, "model", raw(self.model.clone())?);
        }
        // First and last, where what is stored has them.
        members.0.retain(|(name, _)| name != "id" && name != "store");
        members
            .0
            .insert(0, (Cow::Borrowed("id"), raw(quoted(&self.lifecycle.id()))?));
        members.push(Cow::Borrowed("store"), to_json(&is_stored)?);
        line(&members)
    }

    /// An item at its place in the output.
    pub fn item(&mut self, index: Option<u64>, item: &RawValue) -> serde_json::Result<Box<RawValue>> {
        let typed: Typed<'_> = lenient(item).unwrap_or_default();
        let upstream = word(typed.id).unwrap_or_default();
        let id = self.known(index, upstream, typed.kind().as_deref()).id.clone();
        let mut members: Members<'_> = serde_json::from_str(item.get())?;
        members.0.retain(|(name, _)| name != "id");
        members.0.insert(0, (Cow::Borrowed("id"), raw(quoted(&id))?));
        line(&members)
    }

    /// The same of one that is done.
    pub fn done_item(&mut self, index: Option<u64>, item: &RawValue) -> serde_json::Result<Box<RawValue>> {
        let named = self.item(index, item)?;
        let upstream = lenient::<Typed<'_>>(item).and_then(|typed| word(typed.id));
        self.known(index, upstream.unwrap_or_default(), None).done = Some(named.clone());
        Ok(named)
    }

    /// The id of the item that an event names.
    pub fn item_id(&mut self, index: Option<u64>, upstream: Raw<'_>) -> &str {
        &self.known(index, word(upstream).unwrap_or_default(), None).id
    }

    /// The place in the output of an item that is known by the backend's id.
    pub fn place(&self, upstream: Raw<'_>) -> Option<u64> {
        let upstream = word(upstream)?;
        let item = self.items.iter().find(|item| item.upstream == upstream);
        item.map(|item| item.index)
    }

    /// The event that ends the response, `event` of the backend's, with this number: the response is its last member.
    pub fn last_event(&mut self, event: &str, number: u64) -> serde_json::Result<BytesMut> {
        let members = serde_json::from_str::<Members<'_>>(event)?.unique();
        let kind = word(members.get("type")).unwrap_or_default();
        let response = self.object(members.get("response").unwrap_or(RawValue::NULL))?;
        let mut ordered = Members::default();
        ordered.push(Cow::Borrowed("type"), to_json(&kind)?);
        ordered.push(Cow::Borrowed("sequence_number"), to_json(&number)?);
        let known = ["type", "sequence_number", "response"];
        for (name, value) in members.0.iter().filter(|(name, _)| !known.contains(&name.as_ref())) {
            ordered.push(name.clone(), raw(one_line(value.get()).into_owned())?);
        }
        ordered.push(Cow::Borrowed("response"), Cow::Owned(response));
        let mut out = BytesMut::new();
        sse::encode(&mut out, kind, &ordered)?;
        Ok(out)
    }

    /// The item at this place, or with this id of the backend's where no place is told.
    fn known(&mut self, index: Option<u64>, upstream: &str, kind: Option<&str>) -> &mut KnownItem {
        let is_it = |item: &KnownItem| match index {
            Some(index) => item.index == index,
            None => item.upstream == upstream,
        };
        let place = self.items.iter().position(is_it).unwrap_or_else(|| {
            let index = index.unwrap_or(self.items.len() as u64);
            let key = &self.lifecycle.head().key;
            self.items.push(KnownItem {
                index,
                upstream: upstream.to_owned(),
                id: format!("{}_{key}_{index}", prefix(kind.unwrap_or_default())),
                done: None,
            });
            self.items.len() - 1
        });
        &mut self.items[place]
    }
}

/// The beginning of an item's id (RA2).
fn prefix(kind: &str) -> &'static str {
    match kind {
        "reasoning" => "rs",
        "message" => "msg",
        "function_call" => "fc",
        "custom_tool_call" => "ctc",
        "tool_search_call" => "tsc",
        "compaction" | "compaction_summary" => "cmp",
        _ => "item",
    }
}

/// Sets a member in its place, and takes out all others of its name.
fn replace<'a>(members: &mut Members<'a>, name: &'static str, value: Json<'a>) {
    members.set(Cow::Borrowed(name), value);
    let mut is_first = true;
    members
        .0
        .retain(|(other, _)| other != name || std::mem::take(&mut is_first));
}

fn raw<'a>(json: String) -> serde_json::Result<Json<'a>> {
    Ok(Cow::Owned(RawValue::from_string(json)?))
}

fn line(members: &Members<'_>) -> serde_json::Result<Box<RawValue>> {
    let json = serde_json::to_string(members)?;
    RawValue::from_string(one_line(&json).into_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;

    fn answer() -> StoredAnswer {
        let lifecycle = Lifecycle::new("k".repeat(20), Arc::new(|| 1));
        StoredAnswer::new(lifecycle.stored(true).following(Some("resp_before")), "\"m\"")
    }

    fn json_of(value: &Value) -> Box<RawValue> {
        RawValue::from_string(value.to_string()).unwrap()
    }

    fn value(json: &RawValue) -> Value {
        serde_json::from_str(json.get()).unwrap()
    }

    #[test]
    fn n5_ids_of_ours_take_the_place_of_the_backends_and_all_else_is_kept() {
        let response = RawValue::from_string(
            "{\"object\":\"response\",\n\"store\":false,\"id\":\"resp_up\",\"model\":\"x\",\"novel\":1.50,\"previous_response_id\":null,\
             \"output\":[{\"type\":\"reasoning\",\"id\":\"rs_up\"},{\"type\":\"hologram\",\"of\":1}]}"
                .to_owned(),
        );
        let key = "k".repeat(20);
        assert_eq!(
            answer().object(&response.unwrap()).unwrap().get(),
            format!(
                "{{\"id\":\"resp_{key}\",\"object\":\"response\",\"model\":\"m\",\"novel\":1.50,\
                 \"previous_response_id\":\"resp_before\",\"output\":[{{\"id\":\"rs_{key}_0\",\"type\":\"reasoning\"}},\
                 {{\"id\":\"item_{key}_1\",\"type\":\"hologram\",\"of\":1}}],\"store\":true}}"
            )
        );
    }

    #[test]
    fn n5_an_item_has_one_id_in_all_events_and_in_the_end_rs4() {
        let mut answer = answer();
        let call = json_of(&json!({"type": "function_call", "id": "fc_up", "call_id": "c"}));
        let added = value(&answer.item(Some(0), &call).unwrap());
        let upstream = json_of(&json!("fc_up"));
        assert_eq!(added["id"], answer.item_id(Some(0), Some(&upstream)));
        assert_eq!(added["id"], answer.item_id(None, Some(&upstream)));
        let done = value(&answer.done_item(Some(0), &call).unwrap());
        assert_eq!((&done["id"], &done["call_id"]), (&added["id"], &json!("c")));
        let response = json_of(&json!({"status": "completed", "output": []}));
        assert_eq!(value(&answer.object(&response).unwrap())["output"], json!([done]));
    }

    #[test]
    fn st4_a_response_that_failed_is_not_stored() {
        let failed = json_of(&json!({"status": "failed"}));
        assert_eq!(value(&answer().object(&failed).unwrap())["store"], false);
    }

    #[test]
    fn st4_the_last_event_ends_with_the_object_that_is_stored() {
        let event = r#"{"response": {"id":"x"}, "sequence_number": 4,"novel":[1], "type":"response.completed"}"#;
        let event = answer().last_event(event, 9).unwrap();
        let key = "k".repeat(20);
        let object =
            format!("{{\"id\":\"resp_{key}\",\"output\":[],\"previous_response_id\":\"resp_before\",\"store\":true}}");
        assert_eq!(
            event,
            format!(
                "event: response.completed\ndata: {{\"type\":\"response.completed\",\"sequence_number\":9,\"novel\":[1],\
                 \"response\":{object}}}\n\n"
            )
        );
        assert_eq!(
            crate::responses::stored::last_object(std::str::from_utf8(&event).unwrap()),
            Some(object.as_str())
        );
    }
}

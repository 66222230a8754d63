//! A response taken apart to a stream: an item after the other, each text in one piece.

use std::borrow::Cow;

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::writer::{Begun, Writer};
use crate::chat::saying::word;
use crate::json::{EscapedText, Json, Members, to_json};

/// Writes the events that a response comes to, with the number of the next one in `begun`. Of a response that has an id
/// there, the beginning is not written again.
pub fn take_apart(body: &str, begun: &mut Begun, out: &mut BytesMut) -> serde_json::Result<()> {
    let mut response: Members<'_> = serde_json::from_str(body)?;
    if let Some(id) = &begun.id {
        response.set(Cow::Borrowed("id"), to_json(id)?);
    }
    let items: Vec<&RawValue> = match response.get("output") {
        Some(output) => serde_json::from_str(output.get())?,
        None => Vec::new(),
    };
    let mut writer = Writer { begun, out };
    if writer.begun.id.is_none() {
        let mut opening = response.clone();
        opening.set(Cow::Borrowed("status"), to_json(&"in_progress")?);
        opening.set(Cow::Borrowed("usage"), to_json(&())?);
        let none: [u8; 0] = [];
        opening.set(Cow::Borrowed("output"), to_json(&none)?);
        let opening = to_json(&opening)?;
        writer.event("response.created", &[("response", opening.clone())])?;
        writer.event("response.in_progress", &[("response", opening)])?;
    }
    for (index, item) in items.into_iter().enumerate() {
        writer.item(index, serde_json::from_str(item.get())?)?;
    }
    let kind = match word(response.get("status")) {
        Some("incomplete") => "response.incomplete",
        _ => "response.completed",
    };
    writer.event(kind, &[("response", to_json(&response)?)])
}

/// The place of a text in an item: the member that numbers its part, its event, and the member that holds it at its
/// end.
struct TextForm {
    number: Option<&'static str>,
    text: &'static str,
    member: &'static str,
}

impl Writer<'_> {
    fn item(&mut self, index: usize, item: Members<'_>) -> serde_json::Result<()> {
        let added = added(&item)?;
        self.event(
            "response.output_item.added",
            &[("output_index", to_json(&index)?), ("item", added)],
        )?;
        for (list, number, part) in [
            ("summary", "summary_index", "response.reasoning_summary_part"),
            ("content", "content_index", "response.content_part"),
        ] {
            let parts: Vec<&RawValue> = item
                .get(list)
                .and_then(|parts| serde_json::from_str(parts.get()).ok())
                .unwrap_or_default();
            for (place, each) in parts.into_iter().enumerate() {
                self.part((index, place), &item, each, (number, part))?;
            }
        }
        for (member, text) in [
            ("arguments", "response.function_call_arguments"),
            ("input", "response.custom_tool_call_input"),
        ] {
            if let Some(value) = item.get(member).filter(|value| EscapedText::of(value).is_some()) {
                let form = TextForm {
                    number: None,
                    text,
                    member,
                };
                self.text((index, 0), &item, value, &form)?;
            }
        }
        self.event(
            "response.output_item.done",
            &[("output_index", to_json(&index)?), ("item", to_json(&item)?)],
        )
    }

    fn part(
        &mut self,
        place: (usize, usize),
        item: &Members<'_>,
        part: &RawValue,
        (number, event): (&'static str, &str),
    ) -> serde_json::Result<()> {
        let mut members: Members<'_> = serde_json::from_str(part.get())?;
        let (text, member) = match word(members.get("type")) {
            Some("output_text") => ("response.output_text", "text"),
            Some("refusal") => ("response.refusal", "refusal"),
            Some("summary_text") => ("response.reasoning_summary_text", "text"),
            Some("reasoning_text") => ("response.reasoning_text", "text"),
            _ => return Ok(()),
        };
        let Some(value) = members.get(member).map(ToOwned::to_owned) else {
            return Ok(());
        };
        let form = TextForm {
            number: Some(number),
            text,
            member,
        };
        members.set(Cow::Borrowed(member), to_json(&"")?);
        let with_part = |part: Json<'static>| -> serde_json::Result<_> {
            let mut all = of_item(place, item, &form)?;
            all.push(("part", part));
            Ok(all)
        };
        let (added, done) = ([event, ".added"].concat(), [event, ".done"].concat());
        self.event(&added, &with_part(to_json(&members)?)?)?;
        self.text(place, item, &value, &form)?;
        self.event(&done, &with_part(Cow::Owned(part.to_owned()))?)
    }

    fn text(
        &mut self,
        place: (usize, usize),
        item: &Members<'_>,
        value: &RawValue,
        form: &TextForm,
    ) -> serde_json::Result<()> {
        let besides = if form.text == "response.output_text" {
            let none: [u8; 0] = [];
            Some(("logprobs", to_json(&none)?))
        } else {
            None
        };
        let all = |member| -> serde_json::Result<_> {
            let mut all = of_item(place, item, form)?;
            all.push((member, Cow::Owned(value.to_owned())));
            all.extend(besides.clone());
            Ok(all)
        };
        let (delta, done) = ([form.text, ".delta"].concat(), [form.text, ".done"].concat());
        if value.get() != "\"\"" {
            self.event(&delta, &all("delta")?)?;
        }
        self.event(&done, &all(form.member)?)
    }
}

/// The members by which an event names its item and its part.
fn of_item(
    (index, place): (usize, usize),
    item: &Members<'_>,
    form: &TextForm,
) -> serde_json::Result<Vec<(&'static str, Json<'static>)>> {
    let id = item.get("id").map(ToOwned::to_owned);
    let mut all = Vec::with_capacity(5);
    all.extend(id.map(|id| ("item_id", Cow::Owned(id))));
    all.push(("output_index", to_json(&index)?));
    if let Some(number) = form.number {
        all.push((number, to_json(&place)?));
    }
    Ok(all)
}

/// An item as it is added: without its text.
fn added(item: &Members<'_>) -> serde_json::Result<Json<'static>> {
    let mut added = item.clone();
    let none: [u8; 0] = [];
    for (name, empty) in [
        ("status", to_json(&"in_progress")?),
        ("content", to_json(&none)?),
        ("summary", to_json(&none)?),
        ("arguments", to_json(&"")?),
        ("input", to_json(&"")?),
    ] {
        if item.contains(name) {
            added.set(Cow::Borrowed(name), empty);
        }
    }
    to_json(&added)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::error::ErrorContext;
    use crate::responses::reshape::assemble;
    use crate::sse::{Event, events};

    /// Lines break between its tokens, which must not break the lines of an event.
    const RESPONSE: &str = r#"{"id":"resp_1","object":"response","novel":1,"status":"completed","output":[
        {"id":"rs_1","type":"reasoning",
         "summary":[{"type":"summary_text","text":"hm"}]},
        {"id":"msg_1","type":"message","status":"completed","role":"assistant",
         "content":[{"type":"output_text","text":"a\nb","annotations":[{"novel":
            1}]}]},
        {"id":"fc_1","type":"function_call","status":"completed","call_id":"c","name":"f","arguments":"{}"}
    ],"usage":{"input_tokens":1}}"#;

    #[test]
    fn b9_1_a_response_taken_apart_and_put_together_is_itself() {
        let (mut begun, mut out) = (Begun::default(), BytesMut::new());
        take_apart(RESPONSE, &mut begun, &mut out).unwrap();
        let value = |json: &[u8]| serde_json::from_slice::<Value>(json).unwrap();
        let assembled = assemble(&out, &ErrorContext::default()).unwrap();
        assert_eq!(value(&assembled), value(RESPONSE.as_bytes()));
        let events = events(&out);
        let events: Vec<Value> = events.iter().filter_map(Event::data).map(value).collect();
        let numbers = events.iter().map(|event| event["sequence_number"].as_u64().unwrap());
        assert!(numbers.eq(0..begun.next));
        let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!(
            kinds.join(" ").replace("response.", ""),
            "created in_progress \
            output_item.added reasoning_summary_part.added reasoning_summary_text.delta reasoning_summary_text.done \
            reasoning_summary_part.done output_item.done \
            output_item.added content_part.added output_text.delta output_text.done content_part.done output_item.done \
            output_item.added function_call_arguments.delta function_call_arguments.done output_item.done \
            completed"
        );
    }
}

//! A Messages stream put together to one message, and a message taken apart to a stream, for backends that answer in
//! the other form than they were asked for (B9.1). Members that nobody here knows are kept.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::BytesMut;
use serde_json::value::RawValue;

use crate::error::{BackendError, ErrorContext};
use crate::json::{EscapedText, Json, Members, ordinal, to_json};
use crate::sse;
use crate::sse::events;

#[derive(Default)]
struct Assembly {
    message: Option<Members<'static>>,
    /// By the index of the stream, which may have gaps.
    blocks: BTreeMap<u64, Block>,
    has_stopped: bool,
}

#[derive(Default)]
struct Block {
    members: Members<'static>,
    /// The text of each member that grows, escaped.
    texts: Vec<(&'static str, String)>,
    /// Escaped JSON of a tool's input.
    input: String,
    citations: Vec<Box<RawValue>>,
}

/// The message that the events of `body` come to.
pub fn assemble(body: &[u8], errors: &ErrorContext) -> Result<Vec<u8>, BackendError> {
    let mut assembly = Assembly::default();
    for event in events(body) {
        let Some(data) = event.data().filter(|data| data.starts_with(b"{")) else {
            continue;
        };
        let text = String::from_utf8_lossy(data);
        let is_error = |members: &Members<'_>| is_word(members.get("type"), "error");
        match serde_json::from_str::<Members<'_>>(&text) {
            Ok(members) if event.is_error() || is_error(&members) => {
                return Err(BackendError::from_error_object(data, errors));
            }
            Ok(members) => assembly.add(&members).map_err(|_| BackendError::unreadable())?,
            // The last event of a stream that broke off.
            Err(_) => break,
        }
    }
    let whole = if assembly.has_stopped {
        assembly.written()
    } else {
        Ok(None)
    };
    whole
        .map_err(|_| BackendError::unreadable())?
        .ok_or_else(BackendError::cut_short)
}

impl Assembly {
    fn add(&mut self, event: &Members<'_>) -> serde_json::Result<()> {
        let index = ordinal(event.get("index")).unwrap_or(0);
        match word(event.get("type")).as_deref() {
            Some("message_start") => {
                if let Some(message) = event.get("message") {
                    self.message = Some(owned(message)?);
                }
            }
            Some("content_block_start") => {
                if let Some(block) = event.get("content_block") {
                    self.blocks.entry(index).or_default().members = owned(block)?;
                }
            }
            Some("content_block_delta") => {
                if let Some(delta) = event.get("delta") {
                    self.blocks
                        .entry(index)
                        .or_default()
                        .add(&serde_json::from_str(delta.get())?)?;
                }
            }
            Some("message_delta") => self.end(event)?,
            Some("message_stop") => self.has_stopped = true,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, event: &Members<'_>) -> serde_json::Result<()> {
        let Some(message) = &mut self.message else {
            return Ok(());
        };
        if let Some(delta) = event.get("delta") {
            let delta = owned(delta)?;
            self.has_stopped |= delta.get("stop_reason").is_some_and(|reason| reason.get() != "null");
            for (name, value) in delta.0 {
                message.set(name, value);
            }
        }
        if let Some(new) = event.get("usage") {
            let mut usage = message.get("usage").map_or_else(|| Ok(Members::default()), owned)?;
            for (name, value) in owned(new)?.0 {
                usage.set(name, value);
            }
            message.set(Cow::Borrowed("usage"), to_json(&usage)?);
        }
        Ok(())
    }

    fn written(self) -> serde_json::Result<Option<Vec<u8>>> {
        let Some(mut message) = self.message else {
            return Ok(None);
        };
        let blocks: Vec<Members<'_>> = self
            .blocks
            .into_values()
            .map(Block::written)
            .collect::<Result<_, _>>()?;
        message.set(Cow::Borrowed("content"), to_json(&blocks)?);
        serde_json::to_vec(&message).map(Some)
    }
}

impl Block {
    fn add(&mut self, delta: &Members<'_>) -> serde_json::Result<()> {
        for member in ["text", "thinking", "signature"] {
            if let Some(text) = delta.get(member).and_then(EscapedText::of) {
                self.grow(member, text);
            }
        }
        if let Some(json) = delta.get("partial_json").and_then(EscapedText::of) {
            self.input.push_str(json.escaped());
        }
        if let Some(citation) = delta.get("citation") {
            self.citations.push(RawValue::from_string(citation.get().to_owned())?);
        }
        Ok(())
    }

    fn grow(&mut self, member: &'static str, text: EscapedText<'_>) {
        if let Some((_, known)) = self.texts.iter_mut().find(|(name, _)| *name == member) {
            known.push_str(text.escaped());
        } else {
            let begun = self.members.get(member).and_then(EscapedText::of);
            let begun = begun.map_or("", EscapedText::escaped);
            self.texts.push((member, [begun, text.escaped()].concat()));
        }
    }

    fn written(self) -> serde_json::Result<Members<'static>> {
        let mut members = self.members;
        for (name, text) in self.texts {
            let text = RawValue::from_string(format!("\"{text}\""))?;
            members.set(Cow::Borrowed(name), Cow::Owned(text));
        }
        if !self.input.is_empty() {
            let json = EscapedText::from_escaped(&self.input).decode();
            let input = RawValue::from_string(json.trim().to_owned());
            let raw = || RawValue::from_string(format!("{{\"raw_arguments\":\"{}\"}}", self.input));
            members.set(Cow::Borrowed("input"), Cow::Owned(input.or_else(|_| raw())?));
        }
        if !self.citations.is_empty() {
            members.set(Cow::Borrowed("citations"), to_json(&self.citations)?);
        }
        Ok(members)
    }
}

/// Writes the events that a message comes to.
pub fn take_apart(body: &str, out: &mut BytesMut) -> serde_json::Result<()> {
    let mut message: Members<'_> = serde_json::from_str(body)?;
    let content = message.get("content").map(ToOwned::to_owned);
    let blocks: Vec<Members<'_>> = match &content {
        Some(content) => serde_json::from_str(content.get())?,
        None => Vec::new(),
    };
    let mut delta = Members::default();
    for name in ["stop_reason", "stop_sequence", "stop_details"] {
        if let Some(value) = message.get(name) {
            delta.push(Cow::Borrowed(name), Cow::Owned(value.to_owned()));
        }
    }
    let usage = message
        .get("usage")
        .map_or_else(|| owned_text("{}"), |usage| owned_text(usage.get()))?;
    let none: [u8; 0] = [];
    message.set(Cow::Borrowed("content"), to_json(&none)?);
    for name in ["stop_reason", "stop_sequence"] {
        message.set(Cow::Borrowed(name), to_json(&())?);
    }
    event(out, "message_start", &[("message", to_json(&message)?)])?;
    for (index, block) in blocks.into_iter().enumerate() {
        write_block(index, block, out)?;
    }
    event(out, "message_delta", &[("delta", to_json(&delta)?), ("usage", usage)])?;
    event(out, "message_stop", &[])
}

fn write_block(index: usize, mut block: Members<'_>, out: &mut BytesMut) -> serde_json::Result<()> {
    // Each member that a delta carries, the delta's type, and the delta's name for it.
    const GROWING: [(&str, &str, &str); 4] = [
        ("text", "text_delta", "text"),
        ("thinking", "thinking_delta", "thinking"),
        ("signature", "signature_delta", "signature"),
        ("input", "input_json_delta", "partial_json"),
    ];
    let mut deltas = Vec::new();
    for (member, kind, name) in GROWING {
        let Some(value) = block.get(member).map(ToOwned::to_owned) else {
            continue;
        };
        let is_input = member == "input";
        let text = if is_input {
            to_json(&value.get())?
        } else {
            Cow::Owned(value)
        };
        block.set(Cow::Borrowed(member), owned_text(if is_input { "{}" } else { "\"\"" })?);
        if text.get() != "\"\"" && text.get() != "\"{}\"" {
            let mut delta = Members::default();
            delta.push(Cow::Borrowed("type"), to_json(&kind)?);
            delta.push(Cow::Borrowed(name), text);
            deltas.push(delta);
        }
    }
    event(
        out,
        "content_block_start",
        &[("index", to_json(&index)?), ("content_block", to_json(&block)?)],
    )?;
    for delta in deltas {
        event(
            out,
            "content_block_delta",
            &[("index", to_json(&index)?), ("delta", to_json(&delta)?)],
        )?;
    }
    event(out, "content_block_stop", &[("index", to_json(&index)?)])
}

fn event(out: &mut BytesMut, kind: &'static str, members: &[(&'static str, Json<'_>)]) -> serde_json::Result<()> {
    let mut event = Members::default();
    event.push(Cow::Borrowed("type"), to_json(&kind)?);
    for (name, value) in members {
        event.push(Cow::Borrowed(name), value.clone());
    }
    sse::encode(out, kind, &event)
}

fn word(json: Option<&RawValue>) -> Option<Cow<'_, str>> {
    json.and_then(EscapedText::of).map(EscapedText::decode)
}

fn is_word(json: Option<&RawValue>, expected: &str) -> bool {
    word(json).as_deref() == Some(expected)
}

fn owned(object: &RawValue) -> serde_json::Result<Members<'static>> {
    let members: Members<'_> = serde_json::from_str(object.get())?;
    let owned =
        |(name, value): (Cow<'_, str>, Json<'_>)| (Cow::Owned(name.into_owned()), Cow::Owned(value.into_owned()));
    Ok(Members(members.0.into_iter().map(owned).collect()))
}

fn owned_text<'a>(json: &str) -> serde_json::Result<Json<'a>> {
    Ok(Cow::Owned(RawValue::from_string(json.to_owned())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = r#"{"id":"m","type":"message","role":"assistant","model":"b","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"a\ud83d"},{"type":"tool_use","id":"t","name":"f","input":{"p": 1.0}},{"type":"tool_use","id":"u","name":"g","input":{}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":2}}"#;

    #[test]
    fn b9_1_a_message_taken_apart_and_put_together_is_itself() {
        let mut stream = BytesMut::new();
        take_apart(MESSAGE, &mut stream).unwrap();
        let whole = assemble(&stream, &ErrorContext::default()).unwrap();
        let same = |json: &str| serde_json::from_str::<serde_json::Value>(&json.replace("\\ud83d", "")).unwrap();
        assert_eq!(same(std::str::from_utf8(&whole).unwrap()), same(MESSAGE));
    }

    #[test]
    fn b9_1_a_stream_that_breaks_off_is_no_message() {
        let mut stream = BytesMut::new();
        take_apart(MESSAGE, &mut stream).unwrap();
        let text = std::str::from_utf8(&stream).unwrap();
        let cut = &text[..text.find("event: message_delta").unwrap()];
        assert!(assemble(cut.as_bytes(), &ErrorContext::default()).is_err());
        let without_stop = &text[..text.find("event: message_stop").unwrap()];
        assert!(
            assemble(without_stop.as_bytes(), &ErrorContext::default()).is_ok(),
            "B1.4"
        );
        let failed = format!("{cut}event: error\ndata: {{\"type\":\"error\",\"error\":{{\"message\":\"died\"}}}}\n\n");
        let error = assemble(failed.as_bytes(), &ErrorContext::default()).unwrap_err();
        assert_eq!(error.message.as_str(), "died");
    }
}

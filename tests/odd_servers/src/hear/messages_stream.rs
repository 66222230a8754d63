//! Anthropic's messages as streams, with every invariant of their grammar (I1 to I10).

use super::messages::{calls_and_stop, envelope, stop, tool_use, usage};
use super::sse::SseEvent;
use super::{Heard, append, arguments, count, error_of, must, need};
use crate::json::{Json, json};
use crate::protocol::Protocol;
use crate::truth::{Arguments, Block, Call};

pub(super) fn stream(events: &[SseEvent]) -> Result<Heard, String> {
    let mut reader = Reader::default();
    for event in events {
        must(!reader.done, "something follows the end")?;
        let json = super::body(&event.data)?;
        let kind = need(&json, &["type"])?;
        must(
            event.name.as_deref() == Some(kind),
            "the event line is not the type of the data",
        )?;
        reader.event(kind, &json).map_err(|fault| format!("{kind}: {fault}"))?;
    }
    must(reader.done, "the stream ends without message_stop and without an error")?;
    Ok(reader.heard)
}

#[derive(Default)]
struct Reader {
    heard: Heard,
    /// The counts so far; each report replaces what it names.
    usage: Option<Json>,
    open: Option<Open>,
    blocks: u64,
    done: bool,
}

enum Open {
    Text,
    Thinking { signed: bool },
    Call { call: Call, arguments: String },
}

impl Reader {
    fn event(&mut self, kind: &str, json: &Json) -> Result<(), String> {
        if kind == "error" {
            // What was heard of an open call is a beginning.
            if let Some(Open::Call { call, arguments }) = self.open.take() {
                self.heard.blocks.push(Block::Call(Call {
                    arguments: Arguments::Cut(arguments),
                    ..call
                }));
            }
            self.heard.failure = Some(error_of(Protocol::Messages, json)?);
            self.done = true;
            return Ok(());
        }
        must(self.usage.is_some() || kind == "message_start", "before message_start")?;
        let ended = self.heard.stop.is_some();
        match kind {
            "ping" => Ok(()),
            "message_start" => self.start(json),
            "message_stop" => {
                must(ended, "without message_delta")?;
                self.done = true;
                Ok(())
            }
            _ if ended => Err("behind message_delta".to_owned()),
            "content_block_start" => self.block_start(json),
            "content_block_delta" => self.block_delta(json),
            "content_block_stop" => self.block_stop(json),
            "message_delta" => self.end(json),
            _ => Err("an unknown event".to_owned()),
        }
    }

    fn start(&mut self, json: &Json) -> Result<(), String> {
        must(self.usage.is_none(), "twice")?;
        let message = json.get("message").ok_or("no message")?;
        envelope(message)?;
        usage(message)?;
        must(
            message
                .at(&["content"])
                .is_some_and(|content| content.items().is_empty()),
            "content at the start",
        )?;
        must(
            message.is_null_at(&["stop_reason"]) && message.is_null_at(&["stop_sequence"]),
            "a stop_reason at the start",
        )?;
        self.usage = message.get("usage").cloned();
        Ok(())
    }

    fn block_start(&mut self, json: &Json) -> Result<(), String> {
        must(self.open.is_none(), "while another block is open")?;
        must(count(json, &["index"])? == self.blocks, "the index is not the next one")?;
        let block = json.get("content_block").ok_or("no content_block")?;
        let open = match need(block, &["type"])? {
            "text" => {
                must(need(block, &["text"])?.is_empty(), "text at the start of a block")?;
                Open::Text
            }
            "thinking" => {
                must(
                    need(block, &["thinking"])?.is_empty() && need(block, &["signature"])?.is_empty(),
                    "thinking at the start of a block",
                )?;
                Open::Thinking { signed: false }
            }
            "tool_use" => {
                must(block.get("input") == Some(&json!({})), "input at the start of a call")?;
                Open::Call {
                    call: tool_use(block)?,
                    arguments: String::new(),
                }
            }
            other => return Err(format!("a block of type {other}")),
        };
        self.open = Some(open);
        Ok(())
    }

    fn block_delta(&mut self, json: &Json) -> Result<(), String> {
        must(
            count(json, &["index"])? == self.blocks,
            "the index is not that of the open block",
        )?;
        let delta = json.get("delta").ok_or("no delta")?;
        match (need(delta, &["type"])?, &mut self.open) {
            ("text_delta", Some(Open::Text)) => append(&mut self.heard.blocks, false, need(delta, &["text"])?),
            ("thinking_delta", Some(Open::Thinking { signed: false })) => {
                append(&mut self.heard.blocks, true, need(delta, &["thinking"])?);
            }
            ("signature_delta", Some(Open::Thinking { signed })) => {
                must(!*signed, "two signatures")?;
                need(delta, &["signature"])?;
                *signed = true;
            }
            ("input_json_delta", Some(Open::Call { arguments, .. })) => {
                arguments.push_str(need(delta, &["partial_json"])?);
            }
            (other, _) => return Err(format!("{other} does not fit the open block")),
        }
        Ok(())
    }

    fn block_stop(&mut self, json: &Json) -> Result<(), String> {
        must(
            count(json, &["index"])? == self.blocks,
            "the index is not that of the open block",
        )?;
        match self.open.take() {
            None => return Err("no block is open".to_owned()),
            Some(Open::Thinking { signed }) => must(signed, "a thinking block without its signature")?,
            Some(Open::Call { call, arguments: text }) => {
                let text = if text.is_empty() { "{}" } else { &text };
                self.heard.blocks.push(Block::Call(Call {
                    arguments: arguments(text),
                    ..call
                }));
            }
            Some(Open::Text) => {}
        }
        self.blocks += 1;
        Ok(())
    }

    fn end(&mut self, json: &Json) -> Result<(), String> {
        must(self.open.is_none(), "while a block is open")?;
        let delta = json.get("delta").ok_or("no delta")?;
        must(delta.get("stop_sequence").is_some(), "no stop_sequence")?;
        count(json, &["usage", "output_tokens"])?;
        self.heard.stop = Some(stop(delta)?);
        let mut total = self.usage.clone().unwrap_or(json!({}));
        for (name, value) in json.get("usage").map(Json::members).unwrap_or_default() {
            total.set(name, value.clone());
        }
        self.heard.usage = Some(usage(&json!({"usage": total}))?);
        calls_and_stop(&self.heard)
    }
}

//! What a client got: strict readers of each protocol, which refuse whatever breaks its grammar.

mod chat;
mod messages;
mod messages_stream;
mod responses;
mod responses_stream;
pub(crate) mod sse;

use crate::json::Json;
use crate::protocol::Protocol;
use crate::truth::{Arguments, Block, Stop, Usage};

/// A response as it reached the client.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
    /// The body ended in order; false after a reset, or where bytes are missing.
    pub complete: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// In order of arrival.
    pub blocks: Vec<Block>,
    /// None where the response is an error.
    pub stop: Option<Stop>,
    pub usage: Option<Usage>,
    pub failure: Option<HeardFailure>,
}

/// An explicit error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeardFailure {
    /// The status; None for an error within a stream.
    pub status: Option<u16>,
    pub kind: String,
    pub code: Option<String>,
    pub message: String,
}

/// Reads `reply` as a client of `protocol` that asked for a stream or not. The error says what breaks the protocol.
pub fn hear(protocol: Protocol, streamed: bool, reply: &Reply) -> Result<Heard, String> {
    if reply.status >= 400 {
        let failure = error_body(protocol, reply)?;
        return Ok(Heard {
            failure: Some(failure),
            ..Heard::default()
        });
    }
    if reply.status != 200 {
        return Err(format!("status {}", reply.status));
    }
    let text = std::str::from_utf8(&reply.body).map_err(|error| format!("the response is no UTF-8: {error}"))?;
    let heard = match (protocol, streamed) {
        (Protocol::Chat, true) => chat::stream(&sse::strict(text)?),
        (Protocol::Messages, true) => messages_stream::stream(&sse::strict(text)?),
        (Protocol::Responses, true) => responses_stream::stream(&sse::strict(text)?),
        (Protocol::Chat, false) => chat::whole(&body(text)?),
        (Protocol::Messages, false) => messages::whole(&body(text)?),
        (Protocol::Responses, false) => responses::whole(&body(text)?),
    }?;
    if heard.failure.is_none() && !reply.complete {
        return Err("the response broke off without an error".to_owned());
    }
    Ok(heard)
}

fn body(text: &str) -> Result<Json, String> {
    let json = Json::parse(text)?;
    if json.repeats_a_member() {
        Err("a member stands twice in the response".to_owned())
    } else {
        Ok(json)
    }
}

fn error_body(protocol: Protocol, reply: &Reply) -> Result<HeardFailure, String> {
    let text = std::str::from_utf8(&reply.body).map_err(|error| format!("the error is no UTF-8: {error}"))?;
    let mut failure = error_of(protocol, &body(text)?)?;
    failure.status = Some(reply.status);
    Ok(failure)
}

/// The error in `json`, which has the form of `protocol`.
fn error_of(protocol: Protocol, json: &Json) -> Result<HeardFailure, String> {
    let text = |member: &str| json.text_at(&["error", member]).map(str::to_owned);
    let (Some(kind), Some(message)) = (text("type"), text("message")) else {
        return Err(format!("an error without type and message: {json:?}"));
    };
    if protocol == Protocol::Messages && json.text_at(&["type"]) != Some("error") {
        return Err("an error of messages whose type is not error".to_owned());
    }
    if message.is_empty() {
        return Err("an error with an empty message".to_owned());
    }
    Ok(HeardFailure {
        status: None,
        kind,
        code: text("code"),
        message,
    })
}

/// Arguments as they are at the end: an object, or something broken off.
fn arguments(text: &str) -> Arguments {
    match Json::parse(text) {
        Ok(json) if json.is_object() => Arguments::Object(text.to_owned()),
        _ => Arguments::Cut(text.to_owned()),
    }
}

/// Appends to the last block if it is of this kind, else begins one.
fn append(blocks: &mut Vec<Block>, thinking: bool, text: &str) {
    if text.is_empty() {
        return;
    }
    match blocks.last_mut() {
        Some(Block::Thinking(said)) if thinking => said.push_str(text),
        Some(Block::Text(said)) if !thinking => said.push_str(text),
        _ if thinking => blocks.push(Block::Thinking(text.to_owned())),
        _ => blocks.push(Block::Text(text.to_owned())),
    }
}

/// A member that must be a number.
fn count(json: &Json, path: &[&str]) -> Result<u64, String> {
    json.count_at(path)
        .ok_or_else(|| format!("no count at {}", path.join(".")))
}

fn need<'a>(json: &'a Json, path: &[&str]) -> Result<&'a str, String> {
    json.text_at(path)
        .ok_or_else(|| format!("no text at {}", path.join(".")))
}

fn must(holds: bool, fault: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(fault.to_owned()) }
}

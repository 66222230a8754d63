//! From a truth to a response that keeps its protocol's rules, in one of the ways in which vendors write it.

mod chat;
mod cut;
mod messages;
mod responses;

pub(crate) use chat::usage_json as chat_usage;
pub(crate) use cut::pieces;
pub(crate) use messages::usage_json as messages_usage;
pub(crate) use responses::usage_json as responses_usage;

use crate::json::Json;
use crate::protocol::Protocol;
use crate::rng::Rng;
use crate::truth::Truth;

/// One event of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The `event:` line.
    pub(crate) name: Option<String>,
    pub(crate) data: Data,
    pub(crate) part: Part,
    /// Silence before it.
    pub(crate) after_ms: u64,
}

#[derive(Clone, Debug)]
pub(crate) enum Data {
    Json(Json),
    /// What is no JSON, such as `[DONE]`.
    Text(String),
}

/// What an event is to the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Begins the answer.
    Head,
    Thinking,
    Text,
    /// A piece of the call of this ordinal.
    Call(usize),
    /// Begins or ends a block or an item.
    Edge,
    /// Tells the reason of the end: from here on an end of the body is an orderly one.
    Finish,
    Usage,
    /// The end mark.
    Done,
    /// Nothing that a client needs.
    Noise,
}

impl Part {
    pub(crate) const fn is_content(self) -> bool {
        matches!(self, Self::Thinking | Self::Text | Self::Call(_))
    }
}

impl Event {
    pub(crate) fn new(part: Part, data: Json) -> Self {
        Self {
            name: None,
            data: Data::Json(data),
            part,
            after_ms: 0,
        }
    }

    /// An event whose `event:` line is the `type` of its data.
    pub(crate) fn named(part: Part, data: Json) -> Self {
        Self {
            name: data.text_at(&["type"]).map(str::to_owned),
            data: Data::Json(data),
            part,
            after_ms: 0,
        }
    }

    pub(crate) fn noise(name: Option<&str>, data: &str) -> Self {
        Self {
            name: name.map(str::to_owned),
            data: Data::Text(data.to_owned()),
            part: Part::Noise,
            after_ms: 0,
        }
    }

    pub(crate) fn done() -> Self {
        Self {
            name: None,
            data: Data::Text("[DONE]".to_owned()),
            part: Part::Done,
            after_ms: 0,
        }
    }

    pub(crate) fn json(&self) -> Option<&Json> {
        if let Data::Json(json) = &self.data {
            Some(json)
        } else {
            None
        }
    }

    pub(crate) fn json_mut(&mut self) -> Option<&mut Json> {
        if let Data::Json(json) = &mut self.data {
            Some(json)
        } else {
            None
        }
    }
}

/// What a server says: the truth, the arguments as they are sent, and words that differ from the usual ones.
pub(crate) struct Speech<'a> {
    pub(crate) truth: &'a Truth,
    /// The text of each call's arguments as it is sent.
    pub(crate) sent: &'a [String],
    /// The word for the end instead of the usual one.
    pub(crate) finish: Option<&'a str>,
}

impl Speech<'_> {
    pub(crate) fn events(&self, protocol: Protocol, rng: &mut Rng) -> Vec<Event> {
        match protocol {
            Protocol::Chat => chat::events(self, rng),
            Protocol::Messages => messages::events(self, rng),
            Protocol::Responses => responses::events(self, rng),
        }
    }

    pub(crate) fn body(&self, protocol: Protocol, rng: &mut Rng) -> Json {
        match protocol {
            Protocol::Chat => chat::body(self, rng),
            Protocol::Messages => messages::body(self, rng),
            Protocol::Responses => responses::body(self, rng),
        }
    }
}

//! The true answer behind what a server says: blocks in order, the reason of the end, tokens.

mod invent;

use crate::protocol::Protocol;
use crate::rng::Rng;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    pub blocks: Vec<Block>,
    pub stop: Stop,
    pub usage: Usage,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Thinking(String),
    Text(String),
    Call(Call),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// None if the server gave none that can be kept: any id that is unique is right then.
    pub id: Option<String>,
    pub name: String,
    pub arguments: Arguments,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arguments {
    /// The text of one JSON object.
    Object(String),
    /// Text that is no JSON object: the client gets `{"raw_arguments": text}`.
    Raw(String),
    /// The beginning of an object, broken off: a client must not run the call.
    Cut(String),
}

impl Arguments {
    pub fn text(&self) -> &str {
        match self {
            Self::Object(text) | Self::Raw(text) | Self::Cut(text) => text,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    Natural,
    ToolUse,
    MaxTokens,
    /// `content_filter`, `refusal`.
    Filtered,
}

/// Counts of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// With `cached`, as OpenAI counts.
    pub input: u64,
    pub cached: u64,
    /// With `reasoning`.
    pub output: u64,
    pub reasoning: u64,
}

impl Truth {
    /// An answer that `protocol` can say: a whole chat completion has one thinking, one text and then its calls.
    pub(crate) fn invent(rng: &mut Rng, protocol: Protocol, streamed: bool) -> Self {
        let mut truth = invent::truth(rng);
        if protocol == Protocol::Chat && !streamed {
            truth.group();
        }
        truth
    }

    /// All thinking, then all text, then all calls.
    pub(crate) fn group(&mut self) {
        let (thinking, text) = (self.thinking(), self.text());
        let calls = self.calls().cloned().map(Block::Call).collect::<Vec<_>>();
        self.blocks.clear();
        self.blocks
            .extend((!thinking.is_empty()).then_some(Block::Thinking(thinking)));
        self.blocks.extend((!text.is_empty()).then_some(Block::Text(text)));
        self.blocks.extend(calls);
    }

    /// Adds a call at the end.
    pub(crate) fn add_call(&mut self, rng: &mut Rng) {
        let mut call = invent::call(rng);
        call.id = Some(format!("call_{:x}", rng.next()));
        self.blocks.push(Block::Call(call));
        if self.stop != Stop::MaxTokens {
            self.stop = Stop::ToolUse;
        }
    }

    /// Makes one block of neighbours of one kind.
    pub(crate) fn join_neighbours(&mut self) {
        invent::join_neighbours(&mut self.blocks);
    }

    /// The thinking of all blocks.
    pub fn thinking(&self) -> String {
        self.blocks
            .iter()
            .filter_map(|block| {
                if let Block::Thinking(text) = block {
                    Some(&**text)
                } else {
                    None
                }
            })
            .collect()
    }

    /// The text of all blocks.
    pub fn text(&self) -> String {
        self.blocks
            .iter()
            .filter_map(|block| {
                if let Block::Text(text) = block {
                    Some(&**text)
                } else {
                    None
                }
            })
            .collect()
    }

    pub fn calls(&self) -> impl Iterator<Item = &Call> {
        self.blocks.iter().filter_map(|block| {
            if let Block::Call(call) = block {
                Some(call)
            } else {
                None
            }
        })
    }

    pub(crate) fn calls_mut(&mut self) -> impl Iterator<Item = &mut Call> {
        self.blocks.iter_mut().filter_map(|block| {
            if let Block::Call(call) = block {
                Some(call)
            } else {
                None
            }
        })
    }

    pub(crate) fn texts_mut(&mut self) -> impl Iterator<Item = &mut String> {
        self.blocks.iter_mut().filter_map(|block| {
            if let Block::Text(text) = block {
                Some(text)
            } else {
                None
            }
        })
    }
}

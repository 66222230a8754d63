//! The open content blocks of a message, and the `reasoning_details` that thinking blocks come to (H2).

use serde::Serialize;
use serde_json::value::RawValue;

use crate::chat::reasoning_details::ANTHROPIC_FORMAT;
use crate::json::{EscapedText, Raw, ordinal};

/// The blocks that have begun and not ended, by their index.
#[derive(Debug, Default)]
pub(super) struct OpenBlocks(Vec<(Option<u64>, OpenBlock)>);

#[derive(Debug)]
pub(super) enum OpenBlock {
    Text,
    /// Of a tool of the client's.
    Call {
        has_input: bool,
    },
    Thinking(Thinking),
    /// Of a tool that the vendor's server runs, or of a kind that nobody knows: the client gets nothing of it.
    Skipped,
}

/// A thinking block. Its texts are escaped.
#[derive(Debug, Default)]
pub(super) struct Thinking {
    pub(super) text: String,
    pub(super) signature: String,
}

#[derive(Serialize)]
#[serde(tag = "type")]
enum Entry<'a> {
    #[serde(rename = "reasoning.text")]
    Text {
        text: &'a RawValue,
        #[serde(skip_serializing_if = "Option::is_none")]
        signature: Option<&'a RawValue>,
        format: &'static str,
        index: usize,
    },
    #[serde(rename = "reasoning.encrypted")]
    Encrypted {
        data: &'a RawValue,
        format: &'static str,
        index: usize,
    },
}

impl OpenBlocks {
    /// A block without an index is the one without an index.
    pub(super) fn start(&mut self, index: Raw<'_>, block: OpenBlock) {
        let index = ordinal(index);
        self.0.retain(|(other, _)| *other != index);
        self.0.push((index, block));
    }

    pub(super) fn get(&mut self, index: Raw<'_>) -> Option<&mut OpenBlock> {
        let index = ordinal(index);
        let found = self.0.iter_mut().find(|(other, _)| *other == index);
        found.map(|(_, block)| block)
    }

    pub(super) fn stop(&mut self, index: Raw<'_>) -> Option<OpenBlock> {
        let index = ordinal(index);
        let place = self.0.iter().position(|(other, _)| *other == index)?;
        Some(self.0.swap_remove(place).1)
    }
}

impl Thinking {
    /// The entry of `reasoning_details` that gives the block back in a next turn; `None` for one that says nothing.
    pub(super) fn entry(&self, index: usize) -> Option<Box<RawValue>> {
        if self.text.is_empty() && self.signature.is_empty() {
            return None;
        }
        let signature = Some(&self.signature).filter(|signature| !signature.is_empty());
        let signature = signature.and_then(|signature| quoted(signature));
        written(&Entry::Text {
            text: quoted(&self.text)?.as_ref(),
            signature: signature.as_deref(),
            format: ANTHROPIC_FORMAT,
            index,
        })
    }
}

/// The entry of a `redacted_thinking` block.
pub(super) fn encrypted_entry(data: &RawValue, index: usize) -> Option<Box<RawValue>> {
    EscapedText::of(data)?;
    written(&Entry::Encrypted {
        data,
        format: ANTHROPIC_FORMAT,
        index,
    })
}

fn written(entry: &Entry<'_>) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(entry).ok()
}

fn quoted(escaped: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(format!("\"{escaped}\"")).ok()
}

//! The content of a response in the order in which a client gets it: one thing after the other.

use bytes::BytesMut;
use serde_json::value::RawValue;

use crate::chat::arguments::Arguments;
use crate::chat::tool_calls::PendingCall;
use crate::json::EscapedText;
use crate::sealed::Unsealed;

/// The kinds of content, each of which is a block or an item of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentKind {
    Thinking,
    Text,
    /// The text of a refusal.
    Refusal,
    /// The arguments of a tool call.
    Tool,
}

/// Writes content in the form of one dialect, of which one piece is open at a time.
pub(crate) trait ContentWriter: Send {
    /// The kind of what is open.
    fn open_kind(&self) -> Option<ContentKind>;

    /// Adds to what is open if it is of this kind; else closes it and opens another one. A call is open already.
    fn write(&mut self, kind: ContentKind, text: EscapedText<'_>, out: &mut BytesMut);

    /// Adds encrypted reasoning to the open thinking, or to a new one without text (B10.5).
    fn write_details(&mut self, details: Vec<String>, out: &mut BytesMut);

    /// Opens a call whose name is whole; `details` is encrypted reasoning that no thinking carries.
    fn open_call(&mut self, call: &PendingCall, details: Option<&RawValue>, out: &mut BytesMut);

    /// What is written of arguments when no more of them comes.
    fn rest_of(arguments: &mut Arguments) -> Option<String>;

    /// Closes the open call, whose arguments may be cut.
    fn close_call(&mut self, call: &PendingCall, out: &mut BytesMut);

    /// Set if the client gets reasoning that it cannot send back: why that was not sealed.
    fn unsealed(&self) -> Option<Unsealed> {
        None
    }

    /// Nothing follows.
    fn end(&mut self, out: &mut BytesMut);
}

/// The items as a JSON list; `None` if there are none.
pub(crate) fn list(items: &[String]) -> Option<Box<RawValue>> {
    let list = || RawValue::from_string(format!("[{}]", items.join(","))).ok();
    if items.is_empty() { None } else { list() }
}

//! The part of a translated stream that depends on the client's dialect.

use bytes::BytesMut;
use serde_json::value::RawValue;

use crate::chat::completion::ChoiceMessage;
use crate::error::BackendError;
use crate::sealed::Unsealed;
use crate::usage::Usage;

/// Writes the events of one dialect. [`StreamTranslation`](super::StreamTranslation) calls it in this order, so a
/// writer needs no state for it:
///
/// ```text
/// start (ping | delta | message | details)* (end_content stop)? fail?
/// ```
///
/// `fail` follows unless `stop` has succeeded. A response that fails before `start` has written nothing.
pub trait StreamWriter: Send {
    /// Begins the response. `usage` may be only an estimate of its input.
    fn start(&mut self, usage: Usage, out: &mut BytesMut);

    /// Shows that the stream is alive.
    fn ping(&mut self, out: &mut BytesMut);

    /// One `delta` of chat.
    fn delta(&mut self, delta: &ChoiceMessage<'_>, out: &mut BytesMut);

    /// The `message` of a backend that does not stream.
    fn message(&mut self, message: &ChoiceMessage<'_>, out: &mut BytesMut);

    /// One entry of `reasoning_details` (H2), whose text the deltas before it had as `reasoning_content`.
    fn details(&mut self, _entry: &RawValue, _out: &mut BytesMut) {}

    /// Writes all content that was held back, and closes what is open.
    fn end_content(&mut self, out: &mut BytesMut);

    /// Ends the response. Writes nothing if its finish reason stands for an error.
    fn stop(&mut self, finish: &Finish, usage: Usage, out: &mut BytesMut) -> Result<(), BackendError>;

    /// Ends the response with an error.
    fn fail(&mut self, error: &BackendError, out: &mut BytesMut);

    /// The amount of content in the deltas until now.
    fn received(&self) -> Received;
}

/// The end of a response, as the backend reported it.
#[derive(Debug, Default)]
pub struct Finish {
    pub finish_reason: Option<String>,
    /// The stop sequence that ended the text.
    pub matched_stop: Option<String>,
}

/// The amount of content of a response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Received {
    /// Bytes of text, thinking and arguments, shown to the client or not.
    pub text_bytes: usize,
    pub tool_calls: usize,
    /// Tool calls that had to be left out because the backend never named them.
    pub nameless_calls: usize,
    /// Something was dropped behind complete arguments (B3.1).
    pub junk_behind_arguments: bool,
    /// Reasoning that the client cannot send back, since it was not sealed.
    pub unsealed_reasoning: Option<Unsealed>,
}

impl Received {
    pub fn is_empty(self) -> bool {
        self.text_bytes == 0 && self.tool_calls == 0
    }
}

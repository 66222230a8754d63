//! The messages of a chat request, read as far as they can be without knowing the backend.

use super::calls::{self, ReadCall};
use crate::chat::input::{ChatInput, InputMessage};
use crate::error::{FieldPath, RequestError};

/// A message, and its calls in whichever spelling.
pub(super) struct ReadMessage<'a> {
    pub(super) message: InputMessage<'a>,
    pub(super) calls: Vec<ReadCall<'a>>,
}

pub(super) fn read<'a>(request: &ChatInput<'a>) -> Result<Vec<ReadMessage<'a>>, RequestError> {
    let root = FieldPath::root("messages");
    if !request.messages.is_present() {
        return Err(root.missing());
    }
    let messages: Vec<InputMessage<'a>> = request.messages.objects(root)?;
    if messages.is_empty() {
        return Err(root.error("must not be empty"));
    }
    let mut legacy = 0;
    let read = messages.into_iter().enumerate().map(|(index, message)| {
        let calls = calls::read(&message, &mut legacy, root.index(index))?;
        Ok(ReadMessage { message, calls })
    });
    read.collect()
}

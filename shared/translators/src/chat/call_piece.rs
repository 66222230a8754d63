//! The pieces of tool calls that a message or a delta of one brings.

use std::borrow::Cow;

use super::completion::{ChoiceMessage, FunctionDelta, ToolCallDelta};
use crate::json::{EscapedText, Raw};

/// A piece of a call, as one delta brings it. Empty ids and names count as absent.
#[derive(Debug)]
pub struct CallPiece<'a> {
    pub index: Option<u64>,
    pub id: Option<Cow<'a, str>>,
    pub name: Option<Cow<'a, str>>,
    /// Escaped argument text.
    pub arguments: Cow<'a, str>,
    /// What the vendor wants back with the call (ID4).
    pub extra_content: Raw<'a>,
}

impl<'a> CallPiece<'a> {
    pub fn of_call(call: &ToolCallDelta<'a>) -> Self {
        let function = call.function();
        Self {
            id: call.id().map(EscapedText::decode),
            index: call.index(),
            extra_content: call.extra_content,
            ..Self::of_function(&function)
        }
    }

    fn says_something(&self) -> bool {
        self.id.is_some() || self.name.is_some() || !self.arguments.is_empty() || self.extra_content.is_some()
    }

    /// The spelling before there were tools: one call, without id.
    pub fn of_function(function: &FunctionDelta<'a>) -> Self {
        Self {
            index: Some(0),
            id: None,
            name: function.name().map(EscapedText::decode),
            arguments: function.escaped_arguments(),
            extra_content: None,
        }
    }
}

impl<'a> ChoiceMessage<'a> {
    /// The calls of a message, or the pieces of calls in a delta, but for those that say nothing.
    pub fn call_pieces(&self) -> impl Iterator<Item = CallPiece<'a>> {
        let legacy = self.function_call.0.iter().map(CallPiece::of_function);
        let pieces = legacy.chain(self.tool_calls.0.iter().map(CallPiece::of_call));
        pieces.filter(CallPiece::says_something)
    }
}

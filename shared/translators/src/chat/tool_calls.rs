//! The tool calls of a streamed response: the call that a piece belongs to (§5.6), and what is known of each call.

use std::borrow::Cow;

use super::arguments::Arguments;
use super::completion::{FunctionDelta, ToolCallDelta};
use crate::json::EscapedText;

/// A piece of a call, as one delta brings it. Empty ids and names count as absent.
#[derive(Debug)]
pub struct CallPiece<'a> {
    pub index: Option<u64>,
    pub id: Option<Cow<'a, str>>,
    pub name: Option<Cow<'a, str>>,
    /// Escaped argument text.
    pub arguments: Cow<'a, str>,
}

#[derive(Debug, Default)]
pub struct PendingCall {
    index: Option<u64>,
    /// The backend's id, empty while it is unknown.
    pub id: String,
    pub name: String,
    pub arguments: Arguments,
    /// Its block was opened: id and name are final (I3).
    pub started: bool,
}

#[derive(Debug, Default)]
pub struct PendingCalls {
    pub list: Vec<PendingCall>,
}

impl PendingCalls {
    /// The index in `list` of the call that the piece belongs to; id and name are noted.
    pub fn index_of(&mut self, piece: &CallPiece<'_>) -> usize {
        let found = self.find(piece).filter(|index| !self.list[*index].is_another(piece));
        let index = found.unwrap_or_else(|| {
            self.list.push(PendingCall {
                index: piece.index,
                ..PendingCall::default()
            });
            self.list.len() - 1
        });
        self.list[index].identify(piece);
        index
    }

    fn find(&self, piece: &CallPiece<'_>) -> Option<usize> {
        let id = piece.id.as_deref();
        match (piece.index, id) {
            (Some(index), _) => self
                .list
                .iter()
                .rposition(|call| call.index == Some(index) && call.may_have(id)),
            (None, Some(id)) => self.list.iter().rposition(|call| call.id == id),
            (None, None) if piece.name.is_some() => None,
            (None, None) => self.list.len().checked_sub(1),
        }
    }
}

impl PendingCall {
    /// A different id under the same index is a new call.
    fn may_have(&self, id: Option<&str>) -> bool {
        id.is_none_or(|id| self.id.is_empty() || self.id == id)
    }

    /// Some backends give all calls one index and no ids: a new name after arguments is a new call.
    fn is_another(&self, piece: &CallPiece<'_>) -> bool {
        let renamed = piece.name.as_deref().is_some_and(|name| name != self.name);
        renamed && piece.id.is_none() && !self.name.is_empty() && !self.arguments.is_empty()
    }

    fn identify(&mut self, piece: &CallPiece<'_>) {
        if let Some(id) = piece.id.as_deref().filter(|_| self.id.is_empty()) {
            id.clone_into(&mut self.id);
        }
        // Names may come in pieces until the first argument; a repeated name is no piece.
        if let Some(name) = piece.name.as_deref().filter(|name| *name != self.name)
            && !self.started
        {
            self.name.push_str(name);
        }
    }
}

impl<'a> CallPiece<'a> {
    pub fn of_call(call: &ToolCallDelta<'a>) -> Self {
        let function = call.function.unwrap_or_default();
        let id = call.id().map(EscapedText::decode);
        Self {
            id,
            index: call.index,
            ..Self::of_function(&function)
        }
    }

    /// The spelling before there were tools: one call, without id.
    pub fn of_function(function: &FunctionDelta<'a>) -> Self {
        Self {
            index: Some(0),
            id: None,
            name: function.name().map(EscapedText::decode),
            arguments: function.escaped_arguments(),
        }
    }
}

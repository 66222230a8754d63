//! The turns of a conversation, with their content as chat parts.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::chat::request::ContentPart;
use crate::json::{Json, Members};
use crate::tool_ids::BackendId;

pub(crate) enum Turn<'a> {
    User(UserTurn<'a>),
    Assistant(AssistantTurn<'a>),
    /// In mid-conversation, where the backend takes it there (SY4).
    System(Vec<ContentPart<'a>>),
}

#[derive(Default)]
pub(crate) struct UserTurn<'a> {
    /// Where in `messages` the turn began.
    pub index: usize,
    pub results: Vec<ToolResult<'a>>,
    /// System text right behind the last result (SY3).
    pub after_results: Vec<ContentPart<'a>>,
    pub parts: Vec<ContentPart<'a>>,
    pub rest: Members<'a>,
}

pub(crate) struct ToolResult<'a> {
    pub call_id: Cow<'a, str>,
    pub parts: Vec<ContentPart<'a>>,
}

#[derive(Default)]
pub(crate) struct AssistantTurn<'a> {
    pub index: usize,
    pub parts: Vec<ContentPart<'a>>,
    pub calls: Vec<ToolUse<'a>>,
    pub thinking: Vec<ContentPart<'a>>,
    /// Encrypted reasoning (B10.5).
    pub reasoning_details: Vec<Box<RawValue>>,
    pub rest: Members<'a>,
}

pub(crate) struct ToolUse<'a> {
    /// As the client has it.
    pub id: Cow<'a, str>,
    /// As the backend gets it.
    pub backend_id: BackendId<'a>,
    /// As the backend gets it.
    pub name: Cow<'a, str>,
    pub arguments: Json<'a>,
}

//! The items of `input` as the turns of a conversation, and as chat messages (R1, R2, R3, R5, R6).

use std::mem;

use super::outputs::Outputs;
use super::parts::{self, Place};
use super::{assistant, compaction, hosted};
use crate::chat::request::{ChatMessage, ContentPart};
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Json, TextBuilder};
use crate::responses::refusal;
use crate::responses::wire::request::{InputItem, ResponsesBody, TextOr};
use crate::to_hub::history::History;
use crate::to_hub::turns::{AssistantTurn, ToolResult, UserTurn};
use crate::to_hub::{Scope, messages};

/// All messages, the leading system message first (R1).
pub(super) fn write<'a>(
    request: &ResponsesBody<'a>,
    input: &TextOr<'a, InputItem<'a>>,
    scope: &mut Scope<'a>,
) -> Result<Vec<ChatMessage<'a>>, RequestError> {
    let instructions = request.instructions;
    instructions.text(FieldPath::root("instructions"))?;
    let mut conversation = Conversation {
        instructions: instructions
            .raw()
            .map(crate::to_hub::parts::of_string)
            .unwrap_or_default(),
        leading: Vec::new(),
        history: History::new("input", Vec::new(), scope.backend),
        assistant: AssistantTurn::default(),
        waiting: Vec::new(),
        outputs: Outputs::read(input.items(), scope)?,
        has_begun: false,
        last: input.items().len().saturating_sub(1),
    };
    let root = FieldPath::root("input");
    match input {
        TextOr::Text(text) => conversation.push_user(0, crate::to_hub::parts::of_string(text))?,
        TextOr::List(items) => {
            for (i, item) in items.iter().enumerate() {
                conversation.read(i, item, scope, root.index(i))?;
            }
        }
    }
    messages::write(conversation.finish()?, scope)
}

struct Conversation<'a> {
    instructions: Vec<ContentPart<'a>>,
    /// System text before the first turn.
    leading: Vec<ContentPart<'a>>,
    history: History<'a>,
    /// The turn that goes on until a user message or an output (R5).
    assistant: AssistantTurn<'a>,
    /// System text that came within that turn: nothing may stand between calls and their outputs (R2).
    waiting: Vec<Vec<ContentPart<'a>>>,
    outputs: Outputs<'a>,
    has_begun: bool,
    /// The place of the last item.
    last: usize,
}

impl<'a> Conversation<'a> {
    fn read(
        &mut self,
        index: usize,
        item: &InputItem<'a>,
        scope: &mut Scope<'a>,
        path: FieldPath<'_>,
    ) -> Result<(), RequestError> {
        let kind = item.kind.word(path.field("type"))?;
        match kind.as_deref() {
            None if item.role.is_present() => self.message(index, item, scope, path),
            Some("message") => self.message(index, item, scope, path),
            Some("reasoning") => {
                let reasoning = assistant::reasoning(item, scope, path)?;
                let turn = self.assistant(index);
                turn.thinking.extend(reasoning.texts);
                turn.reasoning_details.extend(reasoning.details);
                Ok(())
            }
            Some(kind) if assistant::is_call(kind) => {
                let call = assistant::call(kind, item, scope, path)?;
                self.assistant(index).calls.push(call);
                Ok(())
            }
            Some(kind) if Outputs::is_output(kind) => self.end_assistant(),
            // Read beforehand (R10).
            Some("additional_tools" | "configuration_update") => Ok(()),
            Some("agent_message") => {
                let parts = parts::of_agent(item, scope, path)?;
                self.push_user(index, parts)
            }
            None | Some("item_reference") => Err(reference(item, path)),
            Some("compaction" | "compaction_summary") => {
                let summary = compaction::summary(item, scope.sealer, index)?;
                self.push_user(index, vec![summary])
            }
            Some("compaction_trigger") if index == self.last => {
                let instruction = compaction::instruction()?;
                self.push_user(index, vec![instruction])
            }
            Some("compaction_trigger") => Err(refusal::early_trigger(path)),
            Some(kind) if hosted::is_item(kind) => {
                scope.warnings.dropped(&format!("input.{kind}"));
                let text = hosted::text(kind, item)?;
                self.assistant(index).parts.push(text);
                Ok(())
            }
            Some(kind) => Err(refusal::unknown("item", kind, path)),
        }
    }

    fn message(
        &mut self,
        index: usize,
        item: &InputItem<'a>,
        scope: &mut Scope<'a>,
        path: FieldPath<'_>,
    ) -> Result<(), RequestError> {
        let role = item.role.required_word(path.field("role"))?;
        let content = path.field("content");
        match role.as_ref() {
            "user" => {
                let parts = parts::read(item.content, Place::User, scope, content)?;
                self.push_user(index, parts)
            }
            "assistant" => {
                let parts = parts::read(item.content, Place::Text, scope, content)?;
                self.assistant(index).parts.extend(parts);
                Ok(())
            }
            "system" | "developer" => {
                let parts = parts::read(item.content, Place::Text, scope, content)?;
                self.push_system(parts)
            }
            role => Err(path.field("role").error(format!("unknown role `{role}`"))),
        }
    }

    /// The assistant's turn that goes on, or begins.
    fn assistant(&mut self, index: usize) -> &mut AssistantTurn<'a> {
        self.has_begun = true;
        if self.has_no_assistant() {
            self.assistant.index = index;
        }
        &mut self.assistant
    }

    fn has_no_assistant(&self) -> bool {
        let turn = &self.assistant;
        let is_silent = turn.thinking.is_empty() && turn.reasoning_details.is_empty();
        turn.parts.is_empty() && turn.calls.is_empty() && is_silent
    }

    fn push_user(&mut self, index: usize, parts: Vec<ContentPart<'a>>) -> Result<(), RequestError> {
        self.end_assistant()?;
        if parts.is_empty() {
            return Ok(());
        }
        self.has_begun = true;
        self.history.push_user(UserTurn {
            index,
            parts,
            ..UserTurn::default()
        })
    }

    fn push_system(&mut self, parts: Vec<ContentPart<'a>>) -> Result<(), RequestError> {
        if !self.has_begun {
            self.leading.extend(parts);
            return Ok(());
        }
        if self.has_no_assistant() {
            return self.history.push_system(parts);
        }
        self.waiting.push(parts);
        Ok(())
    }

    /// Ends the assistant's turn: its calls get their outputs (R6), or one that says that there is none (R7).
    fn end_assistant(&mut self) -> Result<(), RequestError> {
        let turn = mem::take(&mut self.assistant);
        let index = turn.index;
        let ids: Vec<_> = turn.calls.iter().map(|call| call.id.clone()).collect();
        self.history.push_assistant(turn)?;
        let mut results = Vec::with_capacity(ids.len());
        for call_id in ids {
            let parts = self.outputs.take(&call_id)?;
            results.push(ToolResult { call_id, parts });
        }
        if !results.is_empty() {
            self.history.push_user(UserTurn {
                index,
                results,
                ..UserTurn::default()
            })?;
        }
        mem::take(&mut self.waiting)
            .into_iter()
            .try_for_each(|parts| self.history.push_system(parts))
    }

    /// The finished history. A request of system messages alone asks with them.
    fn finish(mut self) -> Result<History<'a>, RequestError> {
        self.end_assistant()?;
        if self.history.turns.is_empty() && !self.leading.is_empty() {
            let parts = mem::take(&mut self.leading);
            self.push_user(0, parts)?;
        }
        let mut system = self.instructions;
        system.extend(self.leading);
        if !system.is_empty() {
            self.history.system.insert(0, with_blank_lines(&system)?);
        }
        self.history.finish()
    }
}

/// An item that only its id stands for, or that says nothing at all.
fn reference(item: &InputItem<'_>, path: FieldPath<'_>) -> RequestError {
    match item.id.word(path.field("id")) {
        Ok(Some(id)) => refusal::no_item(id),
        Ok(None) => path.field("type").missing(),
        Err(error) => error,
    }
}

/// The texts as one, with a blank line between them.
fn with_blank_lines<'a>(parts: &[ContentPart<'a>]) -> Result<ContentPart<'a>, RequestError> {
    let texts: Vec<EscapedText<'_>> = parts.iter().filter_map(ContentPart::as_text).collect();
    let length = texts.iter().map(|text| text.escaped().len() + 4).sum();
    let mut builder = TextBuilder::with_capacity(length);
    for (i, text) in texts.into_iter().enumerate() {
        if i > 0 {
            builder = builder.newline().newline();
        }
        builder = builder.escaped(text);
    }
    let joined: Json<'a> = builder.build()?;
    Ok(ContentPart::text(joined))
}

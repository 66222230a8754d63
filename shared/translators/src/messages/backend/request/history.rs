//! The conversation as the turns that the API wants: neighbours of one role are one turn (O3), results are one user
//! turn in the order of their calls (O6), every call has its result and every result its call (O7), and system messages
//! in mid-conversation have a place (O2).

use super::assistant::AssistantTurn;
use super::body::{Block, BlockKind, Message};
use super::calls::{BackendIds, ReadCall};
use super::{cache, system};
use crate::error::{FieldPath, RequestError};
use crate::settings::InlineSystem;

pub(super) struct Conversation<'a> {
    /// The head.
    pub(super) system: Vec<Block<'a>>,
    turns: Vec<Turn<'a>>,
    /// The calls of the last assistant turn that wait for their results.
    open: Vec<OpenCall<'a>>,
    /// System messages that came between calls and results, or behind an assistant turn: they wait for a user turn.
    waiting: Vec<Vec<Block<'a>>>,
    ids: BackendIds,
    mode: InlineSystem,
}

enum Turn<'a> {
    User {
        results: Vec<(String, Vec<Block<'a>>)>,
        blocks: Vec<Block<'a>>,
    },
    Assistant {
        turn: AssistantTurn<'a>,
        /// The ids of its calls as the backend gets them.
        ids: Vec<String>,
    },
    System(Vec<Block<'a>>),
}

struct OpenCall<'a> {
    client_id: String,
    /// In its legacy form a result names the function.
    legacy_name: Option<String>,
    id: String,
    result: Option<Vec<Block<'a>>>,
    message: usize,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(mode: InlineSystem) -> Self {
        Self {
            system: Vec::new(),
            turns: Vec::new(),
            open: Vec::new(),
            waiting: Vec::new(),
            ids: BackendIds::default(),
            mode,
        }
    }

    pub(super) fn system(&mut self, blocks: Vec<Block<'a>>) -> Result<(), RequestError> {
        if blocks.is_empty() {
            return Ok(());
        }
        match self.turns.last() {
            None => self.system.extend(blocks),
            Some(_) if self.mode == InlineSystem::Hoist => self.system.extend(blocks),
            Some(Turn::Assistant { .. }) => self.waiting.push(blocks),
            Some(_) => self.place(blocks)?,
        }
        Ok(())
    }

    pub(super) fn user(&mut self, index: usize, mut blocks: Vec<Block<'a>>) -> Result<(), RequestError> {
        self.close_calls()?;
        let is_next = !matches!(self.turns.last(), Some(Turn::User { .. }));
        if blocks.is_empty() && is_next {
            let path = FieldPath::root("messages");
            return Err(path.index(index).field("content").error("must not be empty"));
        }
        let waiting = std::mem::take(&mut self.waiting);
        if self.mode == InlineSystem::Inline {
            self.user_turn().extend(blocks);
            waiting.into_iter().try_for_each(|blocks| self.place(blocks))
        } else {
            let reminders: Result<Vec<_>, _> = waiting.into_iter().map(system::reminder).collect();
            let turn = self.user_turn();
            turn.extend(reminders?);
            turn.append(&mut blocks);
            Ok(())
        }
    }

    /// A turn with neither text nor calls is no message (O5).
    pub(super) fn assistant(&mut self, mut turn: AssistantTurn<'a>) -> Result<(), RequestError> {
        if turn.texts.is_empty() && turn.calls.is_empty() {
            return Ok(());
        }
        // Calls of neighbours can only be answered together.
        let is_answered = self.open.iter().any(|call| call.result.is_some());
        if is_answered || self.open.is_empty() {
            self.close_calls()?;
            self.place_waiting()?;
        }
        let new_ids: Vec<String> = turn.calls.iter().map(|call| self.ids.give(&call.id)).collect();
        for (call, id) in turn.calls.iter().zip(&new_ids) {
            self.open_call(call, id.clone(), turn.index)?;
        }
        if let Some(Turn::Assistant { turn: last, ids }) = self.turns.last_mut() {
            last.thinking.append(&mut turn.thinking);
            last.texts.append(&mut turn.texts);
            last.calls.append(&mut turn.calls);
            ids.extend(new_ids);
        } else {
            self.turns.push(Turn::Assistant { turn, ids: new_ids });
        }
        Ok(())
    }

    /// The result of the call `id`.
    pub(super) fn result(&mut self, id: &str, blocks: Vec<Block<'a>>, path: FieldPath<'_>) -> Result<(), RequestError> {
        self.answer(|call| call.client_id == id, id, blocks, path)
    }

    /// The result of the first open call of the function `name` (O10).
    pub(super) fn legacy_result(
        &mut self,
        name: &str,
        blocks: Vec<Block<'a>>,
        path: FieldPath<'_>,
    ) -> Result<(), RequestError> {
        self.answer(|call| call.legacy_name.as_deref() == Some(name), name, blocks, path)
    }

    /// The finished conversation.
    pub(super) fn finish(mut self) -> Result<Self, RequestError> {
        self.close_calls()?;
        self.place_waiting()?;
        if self.turns.is_empty() {
            let blocks = std::mem::take(&mut self.system);
            if blocks.is_empty() {
                return Err(FieldPath::root("messages").error("must contain a user message"));
            }
            self.user_turn().extend(blocks);
        }
        Ok(self)
    }

    /// True if the conversation ends in results, and the calls before them have lost the thinking that led to them
    /// (O20).
    pub(super) fn continues_unsigned_calls(&self) -> bool {
        let has_results = matches!(self.turns.last(), Some(Turn::User { results, .. }) if !results.is_empty());
        let assistants = self.turns.iter().rev().find_map(|turn| match turn {
            Turn::Assistant { turn, .. } => Some(turn),
            _ => None,
        });
        has_results && assistants.is_some_and(|turn| !turn.calls.is_empty() && turn.thinking.is_empty())
    }

    /// The head, and the turns as messages.
    pub(super) fn write(self) -> (Vec<Block<'a>>, Vec<Message<'a>>) {
        let messages = self.turns.into_iter().map(|turn| match turn {
            Turn::User { results, blocks } => Message {
                role: "user",
                content: results
                    .into_iter()
                    .map(|(id, content)| cache::result(id, content))
                    .chain(blocks)
                    .collect(),
            },
            Turn::System(content) => Message {
                role: "system",
                content,
            },
            Turn::Assistant { turn, ids } => Message {
                role: "assistant",
                content: assistant_blocks(turn, ids),
            },
        });
        let messages = messages.collect();
        (self.system, messages)
    }

    fn open_call(&mut self, call: &ReadCall<'a>, id: String, message: usize) -> Result<(), RequestError> {
        if self.open.iter().any(|open| open.client_id == call.id) {
            let path = FieldPath::root("messages");
            let error = format!("two calls with the id `{}`", call.id);
            return Err(path.index(message).field("tool_calls").error(error));
        }
        self.open.push(OpenCall {
            client_id: call.id.clone().into_owned(),
            legacy_name: call.is_legacy.then(|| call.name.clone().into_owned()),
            id,
            result: None,
            message,
        });
        Ok(())
    }

    fn answer(
        &mut self,
        is_meant: impl Fn(&OpenCall<'a>) -> bool,
        id: &str,
        blocks: Vec<Block<'a>>,
        path: FieldPath<'_>,
    ) -> Result<(), RequestError> {
        let mut meant = self.open.iter_mut().filter(|call| is_meant(call)).peekable();
        if meant.peek().is_none() {
            return Err(path.error(format!("no tool call found for the result `{id}`")));
        }
        let unanswered = meant.find(|call| call.result.is_none());
        let call = unanswered.ok_or_else(|| path.error(format!("a second result of the call `{id}`")))?;
        call.result = Some(blocks);
        Ok(())
    }

    /// Puts the results into a user turn, in the order of the calls.
    fn close_calls(&mut self) -> Result<(), RequestError> {
        if self.open.is_empty() {
            return Ok(());
        }
        let mut answered = Vec::with_capacity(self.open.len());
        for call in std::mem::take(&mut self.open) {
            let path = FieldPath::root("messages");
            let missing = || {
                let error = format!("no result for the call `{}`", call.client_id);
                path.index(call.message).field("tool_calls").error(error)
            };
            let result = call.result.ok_or_else(missing)?;
            answered.push((call.id, result));
        }
        self.turns.push(Turn::User {
            results: answered,
            blocks: Vec::new(),
        });
        self.place_waiting()
    }

    fn place_waiting(&mut self) -> Result<(), RequestError> {
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_iter().try_for_each(|blocks| self.place(blocks))
    }

    /// Places a system message behind the user turn that is last; where none is, it becomes one.
    fn place(&mut self, blocks: Vec<Block<'a>>) -> Result<(), RequestError> {
        let is_inline = self.mode == InlineSystem::Inline;
        match self.turns.last_mut() {
            Some(Turn::System(last)) => last.extend(blocks),
            Some(Turn::User { .. }) if is_inline => self.turns.push(Turn::System(blocks)),
            Some(Turn::User { results, blocks: own }) => {
                let reminder = system::reminder(blocks)?;
                match results.last_mut() {
                    Some((_, result)) if own.is_empty() => system::append(result, reminder)?,
                    _ => own.push(reminder),
                }
            }
            _ => {
                let reminder = system::reminder(blocks)?;
                self.user_turn().push(reminder);
            }
        }
        Ok(())
    }

    /// The blocks of the user turn that is last; a new one where none is.
    fn user_turn(&mut self) -> &mut Vec<Block<'a>> {
        if !matches!(self.turns.last(), Some(Turn::User { .. })) {
            self.turns.push(Turn::User {
                results: Vec::new(),
                blocks: Vec::new(),
            });
        }
        match self.turns.last_mut() {
            Some(Turn::User { blocks, .. }) => blocks,
            _ => &mut self.system,
        }
    }
}

fn assistant_blocks(turn: AssistantTurn<'_>, ids: Vec<String>) -> Vec<Block<'_>> {
    let calls = turn.calls.into_iter().zip(ids).map(|(call, id)| {
        Block::new(BlockKind::ToolUse {
            id,
            name: call.name,
            input: call.input,
        })
    });
    turn.thinking.into_iter().chain(turn.texts).chain(calls).collect()
}

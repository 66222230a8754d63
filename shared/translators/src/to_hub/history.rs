//! The order of turns: system turns placed (SY3, SY4, SY5), neighbours merged (OR1), empty turns left out (OR8).

use crate::chat::request::ContentPart;
use crate::json::EscapedText;
use crate::json::TextBuilder;
use crate::settings::{BackendSettings, InlineSystem};

use super::parts;
use super::turns::{AssistantTurn, Turn, UserTurn};
use crate::error::{FieldPath, RequestError};

pub(crate) struct History<'a> {
    /// The leading system message.
    pub system: Vec<ContentPart<'a>>,
    pub turns: Vec<Turn<'a>>,
    /// System turns that came right after an assistant turn. They wait for what the next user turn begins
    /// with, since nothing may stand between calls and their results (SY4).
    waiting: Vec<Vec<ContentPart<'a>>>,
    mode: InlineSystem,
    merge: bool,
    /// The request's member that holds the conversation, for errors.
    root: &'static str,
}

impl<'a> History<'a> {
    pub(crate) fn new(root: &'static str, system: Vec<ContentPart<'a>>, backend: &BackendSettings) -> Self {
        let (mode, merge) = (backend.inline_system, backend.merge_turns);
        Self {
            system,
            turns: Vec::new(),
            waiting: Vec::new(),
            mode,
            merge,
            root,
        }
    }

    pub(crate) fn push_user(&mut self, mut turn: UserTurn<'a>) -> Result<(), RequestError> {
        if !self.waiting.is_empty() {
            let results = std::mem::take(&mut turn.results);
            if !results.is_empty() {
                self.add_user(UserTurn {
                    index: turn.index,
                    results,
                    ..UserTurn::default()
                });
            }
            self.place_waiting()?;
        }
        self.add_user(turn);
        Ok(())
    }

    /// The summary of earlier turns, as a user turn.
    pub(crate) fn push_summary(&mut self, index: usize, parts: Vec<ContentPart<'a>>) -> Result<(), RequestError> {
        if parts.is_empty() {
            return Ok(());
        }
        self.push_user(UserTurn {
            index,
            parts,
            ..UserTurn::default()
        })
    }

    /// A turn without text and calls is no message (OR8), also if it has thinking.
    pub(crate) fn push_assistant(&mut self, turn: AssistantTurn<'a>) -> Result<(), RequestError> {
        if turn.parts.is_empty() && turn.calls.is_empty() {
            return Ok(());
        }
        self.place_waiting()?;
        match self.turns.last_mut() {
            // Calls of two turns can only be answered together.
            Some(Turn::Assistant(last)) if self.merge || !last.calls.is_empty() => {
                last.append(turn);
            }
            _ => self.turns.push(Turn::Assistant(turn)),
        }
        Ok(())
    }

    pub(crate) fn push_system(&mut self, parts: Vec<ContentPart<'a>>) -> Result<(), RequestError> {
        if parts.is_empty() {
            return Ok(());
        }
        match self.turns.last() {
            None => self.system.extend(parts), // SY5
            Some(_) if self.mode == InlineSystem::Hoist => self.system.extend(parts),
            Some(Turn::Assistant(_)) => self.waiting.push(parts),
            Some(_) => self.place(parts)?,
        }
        Ok(())
    }

    /// The finished history. It must have a turn.
    pub(crate) fn finish(mut self) -> Result<Self, RequestError> {
        self.place_waiting()?;
        let root = FieldPath::root(self.root);
        for turn in &self.turns {
            if let Turn::User(turn) = turn
                && turn.is_empty()
            {
                return Err(root.index(turn.index).field("content").error("must not be empty"));
            }
        }
        if self.turns.is_empty() {
            return Err(root.error("must contain a user turn"));
        }
        Ok(self)
    }

    fn add_user(&mut self, mut turn: UserTurn<'a>) {
        let Some(Turn::User(last)) = self.turns.last_mut() else {
            self.turns.push(Turn::User(turn));
            return;
        };
        if self.merge || last.is_empty() || (turn.parts.is_empty() && !turn.results.is_empty()) {
            last.append(turn);
        } else {
            // Results belong to the turn that follows the calls, merged or not (OR4).
            last.results.append(&mut turn.results);
            self.turns.push(Turn::User(turn));
        }
    }

    fn add_system(&mut self, parts: Vec<ContentPart<'a>>) {
        match self.turns.last_mut() {
            Some(Turn::System(last)) if self.merge => last.extend(parts),
            _ => self.turns.push(Turn::System(parts)),
        }
    }

    fn place_waiting(&mut self) -> Result<(), RequestError> {
        std::mem::take(&mut self.waiting)
            .into_iter()
            .try_for_each(|parts| self.place(parts))
    }

    fn place(&mut self, parts: Vec<ContentPart<'a>>) -> Result<(), RequestError> {
        if self.mode == InlineSystem::Inline {
            self.add_system(parts);
            return Ok(());
        }
        let reminder = reminder(parts)?;
        match self.turns.last_mut() {
            Some(Turn::User(turn)) if turn.parts.is_empty() && !turn.results.is_empty() => {
                turn.after_results.push(reminder);
            }
            Some(Turn::User(turn)) => turn.parts.push(reminder),
            _ => self.turns.push(Turn::User(UserTurn {
                parts: vec![reminder],
                ..UserTurn::default()
            })),
        }
        Ok(())
    }
}

impl UserTurn<'_> {
    fn is_empty(&self) -> bool {
        self.results.is_empty() && self.parts.is_empty()
    }

    fn append(&mut self, mut turn: Self) {
        if self.is_empty() {
            self.index = turn.index;
        }
        self.results.append(&mut turn.results);
        self.parts.append(&mut turn.parts);
        self.rest.append(turn.rest);
    }
}

impl AssistantTurn<'_> {
    fn append(&mut self, mut turn: Self) {
        self.parts.append(&mut turn.parts);
        self.calls.append(&mut turn.calls);
        self.thinking.append(&mut turn.thinking);
        self.reasoning_details.append(&mut turn.reasoning_details);
        self.rest.append(turn.rest);
    }
}

/// A system turn's text as a user turn can carry it (SY3). A cache mark stays on it.
fn reminder(mut parts: Vec<ContentPart<'_>>) -> Result<ContentPart<'_>, RequestError> {
    let cache = parts.iter_mut().rev().find_map(|part| part.cache.take());
    let text = parts::joined(parts)?;
    let inner = EscapedText::of(&text).unwrap_or(EscapedText::EMPTY);
    let builder = TextBuilder::with_capacity(text.get().len() + 40)
        .literal("<system-reminder>")
        .newline();
    let wrapped = builder.escaped(inner).newline().literal("</system-reminder>").build()?;
    Ok(ContentPart {
        cache,
        ..ContentPart::text(wrapped)
    })
}

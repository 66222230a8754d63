//! The request's `messages`, read turn by turn: what comes out needs only to be paired and written down (§3.1 step 4).

use std::borrow::Cow;

use crate::chat::request::ContentPart;
use crate::error::{FieldPath, RequestError};
use crate::json::Field;
use crate::messages::wire::request::{InputBlock, InputContent, InputMessage};
use crate::tool_ids::UsedIds;

use super::tool_changes::ToolChanges;
use super::{assistant, blocks, user};
use crate::to_hub::Scope;
use crate::to_hub::history::History;

/// The request's `messages`, their content split into blocks but not yet looked at.
pub(super) struct Conversation<'a>(pub Vec<(InputMessage<'a>, InputContent<'a>)>);

impl<'a> Conversation<'a> {
    /// The tools that earlier turns called, by the client's names (NA2).
    pub(super) fn tool_names(&self) -> impl Iterator<Item = Cow<'a, str>> {
        // A name that is no string is reported where the block is read.
        self.blocks()
            .filter_map(|block| block.name.word(FieldPath::root("name")).ok().flatten())
    }

    /// The ids of all calls so far (B2.5).
    pub(super) fn used_ids(&self) -> UsedIds {
        let mut used = UsedIds::default();
        for block in self.blocks() {
            if let Ok(Some(id)) = block.id.word(FieldPath::root("id")) {
                used.add(&id);
            }
        }
        used
    }

    /// The content that blocks bring back sealed, if it was sealed here.
    pub(super) fn signatures(&self) -> impl Iterator<Item = Field<'a>> {
        self.blocks().map(|block| block.signature)
    }

    fn blocks(&self) -> impl Iterator<Item = &InputBlock<'a>> {
        let blocks = self.0.iter().filter_map(|(_, content)| match content {
            InputContent::Text(_) => None,
            InputContent::Blocks(blocks) => Some(blocks),
        });
        blocks.flatten()
    }

    /// Turns in their final order. Tools that system turns add or remove are noted in `changes`.
    pub(super) fn into_history(
        self,
        system: Vec<ContentPart<'a>>,
        scope: &mut Scope<'a>,
        changes: &mut ToolChanges<'_>,
    ) -> Result<History<'a>, RequestError> {
        let mut history = History::new("messages", system, scope.backend);
        let last_user = self.0.iter().rposition(|(message, _)| is_user(message));
        let root = FieldPath::root("messages");
        for (i, (message, content)) in self.0.into_iter().enumerate() {
            let path = root.index(i);
            match message.role.required_word(path.field("role"))?.as_ref() {
                "user" => history.push_user(user::read(i, message, content, scope, path)?)?,
                "assistant" => {
                    let (summary, turn) = assistant::read(i, message, content, scope, path)?;
                    history.push_summary(i, summary)?;
                    history.push_assistant(turn)?;
                }
                "system" => {
                    let parts = system_turn(&message, content, scope, changes, path)?;
                    let is_past = last_user.is_some_and(|last| i < last);
                    if !(is_past && is_cleared(&message, path)?) {
                        history.push_system(parts)?;
                    }
                }
                role => return Err(path.field("role").error(format!("unknown role `{role}`"))),
            }
        }
        history.finish()
    }
}

fn is_user(message: &InputMessage<'_>) -> bool {
    message.role.raw().is_some_and(|role| role.get() == "\"user\"")
}

/// `clear_at: next_user_message`: the turn has had its time once a later user turn exists (SY5).
fn is_cleared(message: &InputMessage<'_>, path: FieldPath<'_>) -> Result<bool, RequestError> {
    Ok(message.clear_at.word(path.field("clear_at"))?.as_deref() == Some("next_user_message"))
}

fn system_turn<'a>(
    message: &InputMessage<'a>,
    content: InputContent<'a>,
    scope: &mut Scope<'a>,
    changes: &mut ToolChanges<'_>,
    path: FieldPath<'_>,
) -> Result<Vec<ContentPart<'a>>, RequestError> {
    if !message.output_config.is_void() {
        scope.warnings.dropped("messages.output_config");
    }
    scope.warnings.dropped_all(&message.rest);
    let path = path.field("content");
    let content = changes.take_from(content, path)?;
    blocks::of_text_blocks(content, scope, path)
}

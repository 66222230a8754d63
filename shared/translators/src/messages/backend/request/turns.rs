//! Each message of a chat request as a part of the conversation, by its role.

use super::history::Conversation;
use super::messages::ReadMessage;
use super::{assistant, user};
use crate::error::{FieldPath, RequestError};
use crate::to_hub::Scope;

/// Adds a message to the conversation.
pub(super) fn add<'a>(
    read: ReadMessage<'a>,
    history: &mut Conversation<'a>,
    scope: &mut Scope<'a>,
) -> Result<(), RequestError> {
    let root = FieldPath::root("messages");
    let path = root.index(read.index);
    let message = &read.message;
    // What nobody here knows is not for a backend that refuses members it does not know (P3).
    scope.warnings.dropped_all(&message.rest);
    match message.role.required_word(path.field("role"))?.as_ref() {
        "system" | "developer" => history.system(user::texts(message, path)?),
        "user" => {
            message.require_content(path)?;
            history.user(read.index, user::read(message, scope, path)?)
        }
        "assistant" => {
            let turn = assistant::read(read, scope, path)?;
            history.assistant(turn)
        }
        "tool" => {
            let id = message.tool_call_id.required_word(path.field("tool_call_id"))?;
            history.result(&id, user::result(message, scope, path)?, path.field("tool_call_id"))
        }
        "function" => {
            let name = message.name.required_word(path.field("name"))?;
            history.legacy_result(&name, user::result(message, scope, path)?, path.field("name"))
        }
        role => Err(path.field("role").error(format!("unknown role `{role}`"))),
    }
}

//! The messages of a chat request as instructions and items (N10).

use std::borrow::Cow;
use std::collections::{HashSet, VecDeque};

use super::body::{Content, Item};
use super::messages::ReadMessage;
use super::parts;
use crate::chat::input::{InputMessage, InputReasoning};
use crate::chat::reasoning_details::RESPONSES_FORMAT;
use crate::chat::saying::is_text;
use crate::error::{FieldPath, RequestError};
use crate::json::{EscapedText, Json, TextBuilder, json_string};
use crate::to_hub::Scope;
use crate::tool_ids::backend_id;

/// The leading system text, and all that follows it.
type Conversation<'a> = (Option<Json<'a>>, Vec<Item<'a>>);

pub(super) fn write<'a>(
    messages: Vec<ReadMessage<'a>>,
    scope: &mut Scope<'a>,
) -> Result<Conversation<'a>, RequestError> {
    let mut items = Items {
        instructions: Vec::new(),
        input: Vec::with_capacity(messages.len()),
        custom: HashSet::new(),
        legacy: VecDeque::new(),
    };
    let root = FieldPath::root("messages");
    for (index, message) in messages.into_iter().enumerate() {
        items.add(message, scope, root.index(index))?;
    }
    let Items {
        instructions,
        mut input,
        ..
    } = items;
    if input.is_empty() {
        // A request of system messages alone asks with them.
        input.extend(instructions.into_iter().map(developer));
        return Ok((None, input));
    }
    Ok((joined(instructions)?, input))
}

struct Items<'a> {
    instructions: Vec<Json<'a>>,
    input: Vec<Item<'a>>,
    /// The ids of calls of custom tools, as the client has them.
    custom: HashSet<Cow<'a, str>>,
    /// The calls that wait for a result that names their function alone: its name, and the call's id.
    legacy: VecDeque<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Items<'a> {
    fn add(&mut self, read: ReadMessage<'a>, scope: &mut Scope<'a>, path: FieldPath<'_>) -> Result<(), RequestError> {
        let message = &read.message;
        // What nobody here knows is not for a backend that refuses members it does not know (P3).
        scope.warnings.dropped_all(&message.rest);
        match message.role.required_word(path.field("role"))?.as_ref() {
            "system" | "developer" => {
                let text = parts::system(message, path)?;
                if self.input.is_empty() {
                    self.instructions.extend(text);
                } else {
                    self.input.extend(text.map(developer));
                }
                Ok(())
            }
            "user" => {
                message.require_content(path)?;
                let content = parts::input(message, scope, path)?;
                self.input.push(Item::Message { role: "user", content });
                Ok(())
            }
            "assistant" => self.assistant(read, scope, path),
            "tool" => {
                let id = message.tool_call_id.required_word(path.field("tool_call_id"))?;
                self.result(id, message, scope, path)
            }
            "function" => {
                let name = message.name.required_word(path.field("name"))?;
                let place = self.legacy.iter().position(|(called, _)| *called == name);
                let known = place.and_then(|place| self.legacy.remove(place));
                let missing = || {
                    path.field("name")
                        .error(format!("no call found for the result `{name}`"))
                };
                let (_, id) = known.ok_or_else(missing)?;
                self.result(id, message, scope, path)
            }
            role => Err(path.field("role").error(format!("unknown role `{role}`"))),
        }
    }

    /// The reasoning, the text and the calls of a turn.
    fn assistant(
        &mut self,
        read: ReadMessage<'a>,
        scope: &mut Scope<'a>,
        path: FieldPath<'_>,
    ) -> Result<(), RequestError> {
        let content = parts::output(&read.message, scope, path)?;
        if content.is_none() && read.calls.is_empty() {
            return Ok(());
        }
        self.input.extend(reasoning(&read.message, path)?);
        self.input.extend(content.map(|content| Item::Message {
            role: "assistant",
            content,
        }));
        for call in read.calls {
            if call.is_legacy {
                self.legacy.push_back((call.name.clone(), call.id.clone()));
            }
            let name = scope.backend_name(call.name);
            let call_id = backend_id(call.id.clone(), scope.backend.tool_id_max).id;
            self.input.push(if call.is_custom {
                self.custom.insert(call.id);
                Item::CustomToolCall {
                    call_id,
                    name,
                    input: call.text,
                }
            } else {
                Item::FunctionCall {
                    call_id,
                    name,
                    arguments: call.text,
                }
            });
        }
        Ok(())
    }

    fn result(
        &mut self,
        id: Cow<'a, str>,
        message: &InputMessage<'a>,
        scope: &mut Scope<'a>,
        path: FieldPath<'_>,
    ) -> Result<(), RequestError> {
        let is_custom = self.custom.contains(&id);
        let output = match parts::input(message, scope, path)? {
            Content::Parts(parts) if parts.is_empty() => Content::Text(json_string("")?),
            output => output,
        };
        let call_id = backend_id(id, scope.backend.tool_id_max).id;
        self.input.push(if is_custom {
            Item::CustomToolCallOutput { call_id, output }
        } else {
            Item::FunctionCallOutput { call_id, output }
        });
        Ok(())
    }
}

fn developer(text: Json<'_>) -> Item<'_> {
    Item::Message {
        role: "developer",
        content: Content::Text(text),
    }
}

/// The reasoning items that the entries of `reasoning_details` were (H2). Other reasoning means nothing to the API.
fn reasoning<'a>(message: &InputMessage<'a>, path: FieldPath<'_>) -> Result<Vec<Item<'a>>, RequestError> {
    let entries: Vec<InputReasoning<'a>> = message.reasoning_details.objects(path.field("reasoning_details"))?;
    let own = entries
        .iter()
        .filter(|entry| entry.format.is(RESPONSES_FORMAT) && entry.kind.is("reasoning.encrypted"));
    let data = own.filter_map(|entry| entry.data.raw());
    let items = data.filter(|data| is_text(Some(data)));
    Ok(items
        .map(|data| Item::Reasoning {
            summary: [],
            encrypted_content: Cow::Borrowed(data),
        })
        .collect())
}

/// The texts as one, with a blank line between them.
fn joined(mut texts: Vec<Json<'_>>) -> Result<Option<Json<'_>>, RequestError> {
    if texts.len() < 2 {
        return Ok(texts.pop());
    }
    let length = texts.iter().map(|text| text.get().len() + 4).sum();
    let mut builder = TextBuilder::with_capacity(length);
    for (i, text) in texts.iter().enumerate() {
        if i > 0 {
            builder = builder.newline().newline();
        }
        builder = builder.escaped(EscapedText::of(text).unwrap_or(EscapedText::EMPTY));
    }
    builder.build().map(Some)
}

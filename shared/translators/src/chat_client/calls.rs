//! The tool calls of a response as a chat client gets them: numbered as calls, named as the client named its tools,
//! each with arguments that are one JSON object (O30, O33, B2, B3).

use crate::chat::call_piece::CallPiece;
use crate::chat::tool_calls::CallsState;
use crate::chat::tool_calls::{PendingCalls, Repetition};
use crate::context::{RandomText, ResponseContext};
use crate::json::EscapedText;
use crate::tool_ids::ToolIds;
use crate::tool_names::ToolNames;

/// The arguments of a call without any.
const NO_ARGUMENTS: &str = "{}";

pub(super) struct Calls {
    pending: PendingCalls,
    /// What the client has of each pending call; `None` before it has begun, and of one that it never gets.
    begun: Vec<Option<Begun>>,
    count: usize,
    names: ToolNames,
    /// The client's tools that take text instead of arguments.
    custom: Vec<String>,
    ids: ToolIds,
    random: RandomText,
    nameless: usize,
    is_cut: bool,
}

#[derive(Debug, Clone, Copy)]
struct Begun {
    number: usize,
    has_arguments: bool,
}

/// What the client gets of a call.
#[derive(Debug)]
pub(super) enum CallEvent<'a> {
    /// It begins: a function of the client's.
    Function { number: usize, id: &'a str, name: &'a str },
    /// Escaped arguments follow.
    Arguments { number: usize, text: EscapedText<'a> },
    /// A custom tool's call, whole. Its input is escaped.
    Custom {
        number: usize,
        id: &'a str,
        name: &'a str,
        input: EscapedText<'a>,
    },
}

type Write<'w> = &'w mut dyn FnMut(CallEvent<'_>);

impl Calls {
    pub(super) fn new(context: &mut ResponseContext, random: RandomText) -> Self {
        Self {
            pending: PendingCalls::default(),
            begun: Vec::new(),
            count: 0,
            names: std::mem::take(&mut context.names),
            custom: std::mem::take(&mut context.custom_tools),
            ids: ToolIds::new(std::mem::take(&mut context.used_ids)),
            random,
            nameless: 0,
            is_cut: false,
        }
    }

    /// Takes a piece of a call, or one that `is_whole`.
    pub(super) fn add(&mut self, piece: &CallPiece<'_>, is_whole: bool, write: Write<'_>) {
        let index = self.pending.index_of(piece, is_whole);
        self.begun.resize(self.pending.list.len(), None);
        let begun = self.begun[index];
        let arguments = EscapedText::from_escaped(&piece.arguments);
        let live = self.pending.list[index].arguments.push(arguments, begun.is_some());
        let Some(begun) = begun.or_else(|| self.begin(index, false, write)) else {
            return;
        };
        match live {
            Some(text) => self.send(index, begun.number, text, write),
            None => self.send_held(index, begun.number, write),
        }
    }

    /// Writes all that was held back: nothing more comes.
    pub(super) fn finish(&mut self, write: Write<'_>) {
        for index in 0..self.pending.list.len() {
            if self.pending.list[index].name.is_empty() {
                self.nameless += 1;
                continue;
            }
            let call = &mut self.pending.list[index];
            self.is_cut |= call.arguments.is_cut();
            if self.is_custom(index) {
                self.write_custom(index, write);
            } else if let Some(begun) = self.begun[index].or_else(|| self.begin(index, true, write)) {
                let rest = self.pending.list[index].arguments.take_last();
                let none = || (!self.has_arguments(index)).then(|| NO_ARGUMENTS.to_owned());
                if let Some(text) = rest.or_else(none) {
                    self.send(index, begun.number, EscapedText::from_escaped(&text), write);
                }
            }
        }
    }

    pub(super) fn state(&self) -> CallsState {
        match (self.is_cut, self.count) {
            (true, _) => CallsState::Cut,
            (false, 0) => CallsState::None,
            (false, _) => CallsState::Complete,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.pending.list.len()
    }

    pub(super) fn nameless(&self) -> usize {
        self.nameless
    }

    pub(super) fn has_junk(&self) -> bool {
        self.pending.list.iter().any(|call| call.arguments.has_junk())
    }

    /// Begins a call once its name is known and it is no other one said again.
    fn begin(&mut self, index: usize, is_last: bool, write: Write<'_>) -> Option<Begun> {
        let is_ready = !self.pending.list[index].name.is_empty()
            && !self.is_custom(index)
            && self.pending.repetition(index, is_last) == Repetition::No;
        if !is_ready {
            return None;
        }
        let (number, id) = self.identify(index);
        let name = self.names.to_client(&self.pending.list[index].name);
        write(CallEvent::Function {
            number,
            id: &id,
            name: &name,
        });
        self.begun[index]
    }

    fn write_custom(&mut self, index: usize, write: Write<'_>) {
        if self.pending.repetition(index, true) == Repetition::Yes {
            return;
        }
        let (number, id) = self.identify(index);
        let call = &self.pending.list[index];
        let input = custom_input(EscapedText::from_escaped(call.arguments.escaped()));
        write(CallEvent::Custom {
            number,
            id: &id,
            name: &self.names.to_client(&call.name),
            input: EscapedText::from_escaped(&input),
        });
    }

    /// The call's number and id, which are final.
    fn identify(&mut self, index: usize) -> (usize, String) {
        let call = &mut self.pending.list[index];
        call.started = true;
        let id = self.ids.give_as_is(&call.id, &mut self.random);
        let number = self.count;
        self.count += 1;
        self.begun[index] = Some(Begun {
            number,
            has_arguments: false,
        });
        (number, id)
    }

    fn send_held(&mut self, index: usize, number: usize, write: Write<'_>) {
        if let Some(text) = self.pending.list[index].arguments.take() {
            write(CallEvent::Arguments {
                number,
                text: EscapedText::from_escaped(text),
            });
            self.mark_sent(index);
        }
    }

    fn send(&mut self, index: usize, number: usize, text: EscapedText<'_>, write: Write<'_>) {
        write(CallEvent::Arguments { number, text });
        self.mark_sent(index);
    }

    fn mark_sent(&mut self, index: usize) {
        if let Some(begun) = &mut self.begun[index] {
            begun.has_arguments = true;
        }
    }

    fn has_arguments(&self, index: usize) -> bool {
        self.begun[index].is_some_and(|begun| begun.has_arguments)
    }

    fn is_custom(&self, index: usize) -> bool {
        let name = &self.pending.list[index].name;
        !self.custom.is_empty() && self.custom.iter().any(|custom| *custom == self.names.to_client(name))
    }
}

/// The text in the arguments of a custom tool (R14); all of them where it is not there.
fn custom_input(arguments: EscapedText<'_>) -> String {
    #[derive(serde::Deserialize)]
    struct Custom<'a> {
        #[serde(borrow)]
        input: &'a serde_json::value::RawValue,
    }
    let decoded = arguments.decode();
    let custom = serde_json::from_str::<Custom<'_>>(&decoded).ok();
    let input = custom.and_then(|custom| EscapedText::of(custom.input));
    input.map_or_else(|| arguments.escaped().to_owned(), |input| input.escaped().to_owned())
}

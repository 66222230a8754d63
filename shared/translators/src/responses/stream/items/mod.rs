//! The items of a response's output, one open at a time: their text is kept for the response's end, and told in events
//! while it grows where the response is streamed.

mod sealing;

use bytes::BytesMut;
use serde_json::value::RawValue;

use super::custom_input::CustomInput;
use crate::chat::arguments::Arguments;
use crate::chat::tool_calls::{CallsState, PendingCall};
use crate::context::RandomText;
use crate::error::BackendError;
use crate::json::EscapedText;
use crate::responses::context::ResponsesContext;
use crate::responses::lifecycle::Lifecycle;
use crate::responses::status::Status;
use crate::responses::tools::{ClientTools, ToolKind};
use crate::responses::wire::event::EventWriter;
use crate::responses::wire::item::{Item, ItemKind};
use crate::sealed::Unsealed;
use crate::stream::{ContentKind, ContentWriter};
use crate::tool_ids::{Load, ToolIds};

pub(in crate::responses) struct Items {
    lifecycle: Lifecycle,
    is_streamed: bool,
    tools: ClientTools,
    summarizes: bool,
    sealing: Sealing,
    /// The summary so far, escaped, where that is what is asked for (CO1).
    summary: Option<String>,
    ids: ToolIds,
    random: RandomText,
    open: Option<OpenItem>,
    /// A call that broke off: it ends before the next item, and is left out if none follows (RA6).
    cut: Option<Item>,
    /// The items that are done, as JSON with commas between them.
    output: String,
    /// How many they are.
    done: usize,
    /// The number of the next event, once one was written.
    sequence: Option<u64>,
}

/// The state of sealing: if the client can send reasoning back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sealing {
    Unasked,
    Asked,
    /// Some could not be sealed.
    Failed(Unsealed),
}

struct OpenItem {
    item: Item,
    content: ContentKind,
    /// Of a call of a custom tool.
    input: Option<CustomInput>,
    /// The entries that the maker of reasoning wants back with it, the items of a list (H2).
    details: Vec<String>,
}

impl Items {
    /// The items of a streamed response.
    pub(in crate::responses) fn streamed(context: &ResponsesContext, random: RandomText) -> Self {
        Self {
            is_streamed: true,
            ..Self::whole(context, random)
        }
    }

    /// The items of a response that is not streamed: no events are written.
    pub(in crate::responses) fn whole(context: &ResponsesContext, random: RandomText) -> Self {
        Self {
            lifecycle: context.lifecycle.clone(),
            is_streamed: false,
            tools: context.tools.clone(),
            summarizes: context.summarizes,
            sealing: if context.seals {
                Sealing::Asked
            } else {
                Sealing::Unasked
            },
            summary: context.compacts.then(String::new),
            ids: ToolIds::new(context.response.used_ids.clone()),
            random,
            open: None,
            cut: None,
            output: String::new(),
            done: 0,
            sequence: None,
        }
    }

    /// The items that are done, as JSON with commas between them.
    pub(in crate::responses) fn output(&self) -> &str {
        &self.output
    }

    /// Writes events, the next ones of the response.
    pub(super) fn events(&mut self, out: &mut BytesMut, write: impl FnOnce(&mut EventWriter<'_>, &str)) {
        let early = || self.lifecycle.early_events();
        let mut sequence = self.sequence.unwrap_or_else(early);
        let mut events = EventWriter {
            out,
            sequence: &mut sequence,
        };
        write(&mut events, &self.output);
        if sequence > 0 {
            self.sequence = Some(sequence);
        }
    }

    /// Ends the last item, which is the one that was cut if the response has this `status`. A call that broke off is
    /// left out. Fails if the response was to be a summary, and is none.
    pub(in crate::responses) fn close_last(
        &mut self,
        status: Status,
        calls: CallsState,
        out: &mut BytesMut,
    ) -> Result<(), BackendError> {
        self.cut = None;
        self.close_text(status.as_str(), out);
        match self.summary.take() {
            Some(summary) => self.compact(&summary, (status, calls), out),
            None => Ok(()),
        }
    }

    fn open(&mut self, kind: ItemKind, content: ContentKind, out: &mut BytesMut) {
        self.close_text("completed", out);
        if let Some(cut) = self.cut.take() {
            self.finish(&cut, "incomplete", out);
        }
        let id = self.id_of(&kind);
        let is_custom = matches!(&kind, ItemKind::Call { tool, .. } if tool.kind == ToolKind::Custom);
        let item = Item {
            id,
            kind,
            text: String::new(),
        };
        if self.is_streamed {
            let index = self.done;
            self.events(out, |events, _| events.item_added(index, &item));
        }
        self.open = Some(OpenItem {
            item,
            content,
            input: is_custom.then(CustomInput::default),
            details: Vec::new(),
        });
    }

    /// The id of the next item (RA2).
    fn id_of(&self, kind: &ItemKind) -> String {
        format!("{}_{}_{}", kind.prefix(), self.lifecycle.head().key, self.done)
    }

    fn reasoning(&self) -> ItemKind {
        ItemKind::Reasoning {
            is_summary: self.summarizes,
            sealed: None,
        }
    }

    /// Adds to the text of the open item.
    fn add(&mut self, text: EscapedText<'_>, out: &mut BytesMut) {
        if text.is_empty() {
            return;
        }
        let Some(mut open) = self.open.take() else { return };
        open.item.text.push_str(text.escaped());
        if self.is_streamed {
            let index = self.done;
            self.events(out, |events, _| events.delta(index, &open.item, text));
        }
        self.open = Some(open);
    }

    /// Ends the open item, unless it is a call.
    fn close_text(&mut self, status: &str, out: &mut BytesMut) {
        let Some(mut open) = self.open.take_if(|open| open.content != ContentKind::Tool) else {
            return;
        };
        self.seal(&mut open);
        self.finish(&open.item, status, out);
    }

    fn finish(&mut self, item: &Item, status: &str, out: &mut BytesMut) {
        let json = item.done(status);
        if self.is_streamed {
            let index = self.done;
            self.events(out, |events, _| events.item_done(index, item, &json));
        }
        if self.done > 0 {
            self.output.push(',');
        }
        self.output.push_str(&json);
        self.done += 1;
    }
}

impl ContentWriter for Items {
    fn open_kind(&self) -> Option<ContentKind> {
        self.open.as_ref().map(|open| open.content)
    }

    fn write(&mut self, kind: ContentKind, text: EscapedText<'_>, out: &mut BytesMut) {
        if let Some(summary) = &mut self.summary {
            if kind == ContentKind::Text {
                summary.push_str(text.escaped());
            }
            return;
        }
        if self.open_kind() != Some(kind) {
            let item = match kind {
                ContentKind::Thinking => self.reasoning(),
                ContentKind::Refusal => ItemKind::Refusal,
                ContentKind::Text | ContentKind::Tool => ItemKind::Message,
            };
            self.open(item, kind, out);
        }
        match self.open.as_mut().and_then(|open| open.input.as_mut()) {
            None => self.add(text, out),
            Some(input) => {
                let text = input.read(text);
                self.add(EscapedText::from_escaped(&text), out);
            }
        }
    }

    fn write_details(&mut self, details: Vec<String>, out: &mut BytesMut) {
        if self.summary.is_some() {
            return;
        }
        if self.open_kind() != Some(ContentKind::Thinking) {
            self.open(self.reasoning(), ContentKind::Thinking, out);
        }
        if let Some(open) = &mut self.open {
            open.details.extend(details);
        }
    }

    fn open_call(&mut self, call: &PendingCall, _: Option<&RawValue>, out: &mut BytesMut) {
        if self.summary.is_some() {
            return;
        }
        let load = Load {
            extra_content: call.extra_content.as_deref(),
            reasoning_details: None,
        };
        let item = ItemKind::Call {
            id: self.ids.give_loaded(&call.id, load, &mut self.random),
            tool: self.tools.of_backend(&call.name),
        };
        self.open(item, ContentKind::Tool, out);
    }

    /// Text that is no object stays what it is (R9).
    fn rest_of(arguments: &mut Arguments) -> Option<String> {
        arguments.take_rest()
    }

    fn close_call(&mut self, call: &PendingCall, out: &mut BytesMut) {
        if let Some(rest) = self
            .open
            .as_ref()
            .and_then(|open| open.input.as_ref()?.rest(call.arguments.escaped()))
        {
            self.add(EscapedText::from_escaped(&rest), out);
        }
        let Some(OpenItem { item, .. }) = self.open.take() else {
            return;
        };
        if call.arguments.is_cut() {
            self.cut = Some(item);
        } else {
            self.finish(&item, "completed", out);
        }
    }

    fn unsealed(&self) -> Option<Unsealed> {
        match self.sealing {
            Sealing::Failed(reason) => Some(reason),
            Sealing::Unasked | Sealing::Asked => None,
        }
    }

    /// The last item ends with the response, whose status it has.
    fn end(&mut self, _: &mut BytesMut) {}
}

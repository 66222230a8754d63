//! The items of a response while they come: what was said of each, and the chunks of the hub that it comes to (N15).

use serde::Serialize;
use serde_json::value::RawValue;

use super::events::{Item, Part};
use crate::chat::arguments::escape_again;
use crate::chat::completion::FunctionDelta;
use crate::chat::reasoning_details::RESPONSES_FORMAT;
use crate::chat::saying::{Take, call, call_with, is_text, quoted, refuse, say, think, word};
use crate::chat::stream::StreamEvent;
use crate::json::{EscapedText, Raw, ordinal};

/// The text between two parts of one summary, escaped.
const PARAGRAPH: &str = "\\n\\n";
/// The arguments around the text of a custom tool, which the hub knows as a function of one text (R14).
const BEFORE_INPUT: &str = "{\\\"input\\\":\\\"";
const BEHIND_INPUT: &str = "\\\"}";

/// The items that have begun, by their index.
#[derive(Debug, Default)]
pub(super) struct Items {
    list: Vec<OpenItem>,
    /// Entries of `reasoning_details` so far.
    details: usize,
}

#[derive(Debug)]
struct OpenItem {
    index: Option<u64>,
    id: Option<String>,
    kind: Kind,
    /// Some of its text was told.
    has_said: bool,
    /// The part of the reasoning that was told last; of its summary and its content only one is.
    part: Option<ReasoningPart>,
    is_done: bool,
    /// It was found in the response at its end; ids may be given twice.
    is_concluded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Message,
    Reasoning,
    Function,
    Custom,
    /// An item of a tool that the vendor's server runs, or of a type that nobody knows.
    Skipped,
}

/// The part of a reasoning item that a text belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReasoningPart {
    pub(super) is_summary: bool,
    pub(super) number: u64,
}

#[derive(Serialize)]
struct Encrypted<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    data: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Raw<'a>,
    format: &'static str,
    index: usize,
}

impl Kind {
    fn of(item: &Item<'_>) -> Self {
        match word(item.kind) {
            Some("message") => Self::Message,
            Some("reasoning") => Self::Reasoning,
            Some("function_call") => Self::Function,
            Some("custom_tool_call") => Self::Custom,
            _ => Self::Skipped,
        }
    }
}

impl Items {
    /// An item begins; what it has of its text comes with its end.
    pub(super) fn add(&mut self, index: Raw<'_>, item: &Item<'_>, take: Take<'_>) {
        let kind = Kind::of(item);
        self.open(index, kind).id = word(item.id).map(str::to_owned);
        if matches!(kind, Kind::Function | Kind::Custom) {
            let function = FunctionDelta {
                name: item.name,
                arguments: None,
            };
            call(index, item.call_id, function, take);
        }
    }

    /// A piece of a message's text.
    pub(super) fn text(&mut self, index: Raw<'_>, text: Raw<'_>, take: Take<'_>) {
        if self.of_kind(index, Kind::Message).is_some_and(|item| item.says(text)) {
            say(text, take);
        }
    }

    /// A piece of a refusal.
    pub(super) fn refusal(&mut self, index: Raw<'_>, text: Raw<'_>, take: Take<'_>) {
        if self.of_kind(index, Kind::Message).is_some_and(|item| item.says(text)) {
            refuse(text, take);
        }
    }

    /// A piece of reasoning.
    pub(super) fn reasoning(&mut self, index: Raw<'_>, part: ReasoningPart, text: Raw<'_>, take: Take<'_>) {
        let Some(item) = self.of_kind(index, Kind::Reasoning) else {
            return;
        };
        let last = item.part.filter(|_| item.has_said);
        if last.is_some_and(|last| last.is_summary != part.is_summary) || !item.says(text) {
            return;
        }
        item.part = Some(part);
        if last.is_some_and(|last| last.number != part.number) {
            think(quoted(PARAGRAPH).as_deref(), take);
        }
        think(text, take);
    }

    /// A piece of a call's arguments.
    pub(super) fn arguments(&mut self, index: Raw<'_>, arguments: Raw<'_>, take: Take<'_>) {
        if let Some(item) = self.get(index, Kind::Function)
            && item.says(arguments)
        {
            call_with(index, arguments, take);
        }
    }

    /// A piece of a custom tool's input.
    pub(super) fn input(&mut self, index: Raw<'_>, input: Raw<'_>, take: Take<'_>) {
        let Some(item) = self.get(index, Kind::Custom) else {
            return;
        };
        let is_first = !item.has_said;
        if item.says(input) {
            let text = input.and_then(EscapedText::of).map_or("", EscapedText::escaped);
            let before = if is_first { BEFORE_INPUT } else { "" };
            let piece = quoted(&[before, &escape_again(text)].concat());
            call_with(index, piece.as_deref(), take);
        }
    }

    /// An item ends: what of it was not told in pieces is told now.
    pub(super) fn finish(&mut self, index: Raw<'_>, item: &Item<'_>, take: Take<'_>) {
        if self.find(index).is_none() {
            self.add(index, item, take);
        }
        let kind = Kind::of(item);
        let Some(open) = self.find(index).filter(|open| !open.is_done && open.kind == kind) else {
            return;
        };
        open.is_done = true;
        let has_said = open.has_said;
        match kind {
            Kind::Message if !has_said => item.content.0.iter().for_each(|part| tell(part, take)),
            Kind::Reasoning => self.finish_reasoning(item, has_said, take),
            Kind::Function if !has_said => {
                let nothing = quoted("{}");
                let arguments = item.arguments.filter(|text| is_text(Some(text)));
                call_with(index, arguments.or(nothing.as_deref()), take);
            }
            Kind::Custom if has_said => call_with(index, quoted(BEHIND_INPUT).as_deref(), take),
            Kind::Custom => call_with(index, quoted(&whole_input(item)).as_deref(), take),
            Kind::Skipped => take(StreamEvent::Skipped(word(item.kind).unwrap_or_default())),
            Kind::Message | Kind::Function => {}
        }
    }

    /// An item of the response at its end, which may lack others: it is known by its id, else by its place. Where
    /// events came without places, nothing is told of items that only the end has.
    pub(super) fn conclude(&mut self, place: usize, item: &Item<'_>, take: Take<'_>) {
        let id = word(item.id).filter(|id| !id.is_empty());
        let known = |open: &&OpenItem| !open.is_concluded && open.id.as_deref() == id;
        let known = id.and_then(|_| self.list.iter().find(known));
        let has_places = self.list.iter().all(|open| open.index.is_some());
        let place = u64::try_from(place).ok().filter(|_| has_places);
        let index = known.map_or(place, |open| open.index);
        let index = index.and_then(|index| RawValue::from_string(index.to_string()).ok());
        self.finish(index.as_deref(), item, take);
        if let Some(open) = self.find(index.as_deref()) {
            open.is_concluded = true;
        }
    }

    fn finish_reasoning(&mut self, item: &Item<'_>, has_said: bool, take: Take<'_>) {
        if !has_said {
            let texts = |parts: &[Part<'_>]| {
                let texts = parts.iter().filter_map(|part| part.text.and_then(EscapedText::of));
                let texts: Vec<&str> = texts.map(EscapedText::escaped).collect();
                texts.join(PARAGRAPH)
            };
            let text = Some(texts(&item.summary.0)).filter(|text| !text.is_empty());
            let text = text.unwrap_or_else(|| texts(&item.content.0));
            think(quoted(&text).as_deref(), take);
        }
        let Some(data) = item.encrypted_content.filter(|data| is_text(Some(data))) else {
            return;
        };
        let entry = serde_json::value::to_raw_value(&Encrypted {
            kind: "reasoning.encrypted",
            data,
            id: item.id.filter(|id| is_text(Some(id))),
            format: RESPONSES_FORMAT,
            index: self.details,
        });
        if let Ok(entry) = entry {
            self.details += 1;
            take(StreamEvent::Details(&entry));
        }
    }

    fn open(&mut self, index: Raw<'_>, kind: Kind) -> &mut OpenItem {
        self.list.push(OpenItem {
            index: ordinal(index),
            id: None,
            kind,
            has_said: false,
            part: None,
            is_done: false,
            is_concluded: false,
        });
        let last = self.list.len() - 1;
        &mut self.list[last]
    }

    fn find(&mut self, index: Raw<'_>) -> Option<&mut OpenItem> {
        let index = ordinal(index);
        self.list.iter_mut().rfind(|item| item.index == index)
    }

    /// The item that grows at `index`, if it is of this kind.
    fn get(&mut self, index: Raw<'_>, kind: Kind) -> Option<&mut OpenItem> {
        self.find(index).filter(|item| item.kind == kind && !item.is_done)
    }

    /// The same; it begins if nobody has said that it does.
    fn of_kind(&mut self, index: Raw<'_>, kind: Kind) -> Option<&mut OpenItem> {
        if self.find(index).is_none() {
            self.open(index, kind);
        }
        self.get(index, kind)
    }
}

impl OpenItem {
    /// Notes that the text is told; false for none.
    fn says(&mut self, text: Raw<'_>) -> bool {
        let is_text = is_text(text);
        self.has_said |= is_text;
        is_text
    }
}

/// The arguments of the function that stands for a custom tool, of a call that came whole.
fn whole_input(item: &Item<'_>) -> String {
    let text = item.input.and_then(EscapedText::of).map_or("", EscapedText::escaped);
    [BEFORE_INPUT, &escape_again(text), BEHIND_INPUT].concat()
}

/// A part of a message that came whole.
fn tell(part: &Part<'_>, take: Take<'_>) {
    if is_text(part.refusal) {
        refuse(part.refusal, take);
    } else {
        say(part.text, take);
    }
}

//! The items of a response's output (RA3 to RA5), and the events that belong to each type (RS2).

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::json::EscapedText;
use crate::responses::tools::{ClientTool, ToolKind};

/// An item, open or done. Its text is escaped.
#[derive(Clone, Debug)]
pub struct Item {
    pub id: String,
    pub kind: ItemKind,
    pub text: String,
}

#[derive(Clone, Debug)]
pub enum ItemKind {
    /// The text is a summary, or the content itself.
    Reasoning {
        is_summary: bool,
        /// The sealed form that the client can send back, once the item is done (K1).
        sealed: Option<String>,
    },
    /// A summary that stands for the conversation, sealed (CO1). Without text.
    Compaction {
        sealed: String,
    },
    Message,
    /// A message that is a refusal.
    Refusal,
    Call {
        id: String,
        tool: ClientTool,
    },
}

/// The events of an item's text.
#[derive(Clone, Copy, Debug)]
pub struct TextEvents {
    /// The events around the text, and the member that numbers the part.
    pub part: Option<(&'static str, &'static str)>,
    /// The events of the text itself.
    pub text: &'static str,
    /// The member that holds the text at its end.
    pub member: &'static str,
    /// Members of each of them besides.
    pub besides: &'static str,
}

const CONTENT: Option<(&str, &str)> = Some(("response.content_part", "content_index"));

impl ItemKind {
    /// The beginning of the item's id (RA2).
    pub fn prefix(&self) -> &'static str {
        match self {
            Self::Reasoning { .. } => "rs",
            Self::Compaction { .. } => "cmp",
            Self::Message | Self::Refusal => "msg",
            Self::Call { tool, .. } => match tool.kind {
                ToolKind::Function => "fc",
                ToolKind::Custom => "ctc",
                ToolKind::Search => "tsc",
            },
        }
    }

    /// The events of its text; `None` for a call that is only ever told as a whole.
    pub fn events(&self) -> Option<TextEvents> {
        let (part, text, member) = match self {
            Self::Reasoning { is_summary: true, .. } => (
                Some(("response.reasoning_summary_part", "summary_index")),
                "response.reasoning_summary_text",
                "text",
            ),
            Self::Reasoning { is_summary: false, .. } => (CONTENT, "response.reasoning_text", "text"),
            Self::Compaction { .. } => return None,
            Self::Message => (CONTENT, "response.output_text", "text"),
            Self::Refusal => (CONTENT, "response.refusal", "refusal"),
            Self::Call { tool, .. } => match tool.kind {
                ToolKind::Function => (None, "response.function_call_arguments", "arguments"),
                ToolKind::Custom => (None, "response.custom_tool_call_input", "input"),
                ToolKind::Search => return None,
            },
        };
        let besides = if matches!(self, Self::Message) {
            ",\"logprobs\":[]"
        } else {
            ""
        };
        Some(TextEvents {
            part,
            text,
            member,
            besides,
        })
    }

    /// The one part of the item with this text; a call has none.
    pub fn part(&self, text: &str) -> String {
        match self {
            Self::Reasoning { is_summary: true, .. } => format!("{{\"type\":\"summary_text\",\"text\":\"{text}\"}}"),
            Self::Reasoning { is_summary: false, .. } => format!("{{\"type\":\"reasoning_text\",\"text\":\"{text}\"}}"),
            Self::Message => {
                format!("{{\"type\":\"output_text\",\"text\":\"{text}\",\"annotations\":[],\"logprobs\":[]}}")
            }
            Self::Refusal => format!("{{\"type\":\"refusal\",\"refusal\":\"{text}\"}}"),
            Self::Call { .. } | Self::Compaction { .. } => String::new(),
        }
    }
}

impl Item {
    /// The item as it is added: without its text.
    pub fn added(&self) -> String {
        self.json("in_progress", "", "")
    }

    /// The item with all its text.
    pub fn done(&self, status: &str) -> String {
        self.json(status, &self.text, &self.kind.part(&self.text))
    }

    fn json(&self, status: &str, text: &str, part: &str) -> String {
        let id = &self.id;
        match &self.kind {
            ItemKind::Reasoning { is_summary, sealed } => {
                // Nothing sealed has to be escaped.
                let sealed = sealed
                    .as_ref()
                    .map_or_else(|| "null".to_owned(), |sealed| format!("\"{sealed}\""));
                let texts = if *is_summary {
                    format!("\"summary\":[{part}]")
                } else {
                    format!("\"summary\":[],\"content\":[{part}]")
                };
                format!("{{\"id\":\"{id}\",\"type\":\"reasoning\",{texts},\"encrypted_content\":{sealed}}}")
            }
            ItemKind::Compaction { sealed } => {
                format!("{{\"id\":\"{id}\",\"type\":\"compaction\",\"encrypted_content\":\"{sealed}\"}}")
            }
            ItemKind::Message | ItemKind::Refusal => format!(
                "{{\"id\":\"{id}\",\"type\":\"message\",\"status\":\"{status}\",\"role\":\"assistant\",\"content\":[{part}]}}"
            ),
            ItemKind::Call { id: call_id, tool } => call(id, status, call_id, tool, text),
        }
    }
}

fn call(id: &str, status: &str, call_id: &str, tool: &ClientTool, text: &str) -> String {
    let (kind, call_id) = (type_of(tool.kind), quoted(call_id));
    let mut json = format!("{{\"id\":\"{id}\",\"type\":\"{kind}\",\"status\":\"{status}\",\"call_id\":{call_id}");
    if tool.kind == ToolKind::Search {
        let _ = write!(json, ",\"execution\":\"client\",\"arguments\":{}}}", object(text));
        return json;
    }
    let member = if tool.kind == ToolKind::Custom {
        "input"
    } else {
        "arguments"
    };
    let _ = write!(json, ",\"name\":{},\"{member}\":\"{text}\"", quoted(&tool.name));
    if let Some(namespace) = &tool.namespace {
        let _ = write!(json, ",\"namespace\":{}", quoted(namespace));
    }
    json.push('}');
    json
}

fn type_of(kind: ToolKind) -> &'static str {
    match kind {
        ToolKind::Function => "function_call",
        ToolKind::Custom => "custom_tool_call",
        ToolKind::Search => "tool_search_call",
    }
}

/// The arguments as the object that they are the text of.
fn object(escaped: &str) -> String {
    let text = EscapedText::from_escaped(escaped).decode();
    let is_object = text.trim_start().starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
    match text {
        text if is_object => one_line(&text).into_owned(),
        text if text.is_empty() => "{}".to_owned(),
        _ => format!("{{\"raw_arguments\":\"{escaped}\"}}"),
    }
}

/// JSON without line breaks, which would end the data of an event. They only stand between its tokens.
pub(crate) fn one_line(json: &str) -> Cow<'_, str> {
    match memchr::memchr2(b'\n', b'\r', json.as_bytes()) {
        None => Cow::Borrowed(json),
        Some(_) => Cow::Owned(json.replace(['\n', '\r'], " ")),
    }
}

pub(crate) fn quoted(text: &str) -> String {
    let json = serde_json::to_string(text);
    debug_assert!(json.is_ok(), "strings always serialise");
    json.unwrap_or_default()
}

//! The chat request that a backend gets. Members are written in the order in which they stand here.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::json::{EscapedText, Json, Members};
use crate::settings::Effort;

#[derive(Debug, Default, Serialize)]
pub struct ChatBody<'a> {
    pub model: &'a str,
    pub messages: Vec<ChatMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<FunctionTool<'a>>,
    #[serde(flatten)]
    pub parameters: Parameters<'a>,
}

/// Declares members that are left out where there is nothing to say.
macro_rules! optional_members {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Default, Serialize)]
        pub struct $name<'a> {
            $(
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )+
        }
    };
}

optional_members! {
    /// Everything besides the prompt.
    Parameters {
        tool_choice: ChatToolChoice<'a>,
        parallel_tool_calls: bool,
        max_tokens: u64,
        max_completion_tokens: u64,
        stop: &'a RawValue,
        temperature: &'a RawValue,
        top_p: &'a RawValue,
        top_k: &'a RawValue,
        stream: bool,
        stream_options: StreamOptions,
        response_format: ResponseFormat<'a>,
        reasoning_effort: Effort,
        thinking: ThinkingObject,
        enable_thinking: bool,
        thinking_budget: i64,
        chat_template_kwargs: ChatTemplateKwargs,
        tool_stream: bool,
        verbosity: Json<'a>,
        logprobs: bool,
        top_logprobs: &'a RawValue,
        prompt_cache_key: Json<'a>,
        user: Json<'a>,
        safety_identifier: Json<'a>,
        service_tier: ServiceTier,
        continue_final_message: bool,
        add_generation_prompt: bool,
    }
}

#[derive(Debug, Serialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum ChatMessage<'a> {
    System {
        content: ChatContent<'a>,
    },
    Developer {
        content: ChatContent<'a>,
    },
    User {
        content: ChatContent<'a>,
        #[serde(flatten)]
        rest: Members<'a>,
    },
    Assistant(AssistantMessage<'a>),
    Tool {
        tool_call_id: Cow<'a, str>,
        content: ChatContent<'a>,
    },
}

/// `content` is `null` where there is no text (OR3).
#[derive(Debug, Default, Serialize)]
pub struct AssistantMessage<'a> {
    pub content: Option<ChatContent<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_content: Option<Json<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<Json<'a>>,
    /// Encrypted reasoning, which only the backend can read (B10.5).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_details: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<ToolCall<'a>>,
    /// `DeepSeek`'s mark of a turn to be continued (OR7).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<bool>,
    /// Kimi's mark of the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial: Option<bool>,
    #[serde(flatten)]
    pub rest: Members<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ChatContent<'a> {
    Text(Json<'a>),
    Parts(Vec<ContentPart<'a>>),
}

#[derive(Debug, Serialize)]
pub struct ContentPart<'a> {
    #[serde(flatten)]
    pub kind: PartKind<'a>,
    #[serde(flatten)]
    pub cache: Option<CacheMark<'a>>,
    #[serde(flatten)]
    pub rest: Members<'a>,
}

impl<'a> ContentPart<'a> {
    pub fn text(text: Json<'a>) -> Self {
        Self::new(PartKind::Text { text })
    }

    pub fn new(kind: PartKind<'a>) -> Self {
        Self {
            kind,
            cache: None,
            rest: Members::default(),
        }
    }

    /// The text, if that is what the part is.
    pub fn as_text(&self) -> Option<EscapedText<'_>> {
        match &self.kind {
            PartKind::Text { text } => EscapedText::of(text),
            _ => None,
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PartKind<'a> {
    Text { text: Json<'a> },
    ImageUrl { image_url: ImageUrl<'a> },
    File { file: FilePart<'a> },
    InputAudio { input_audio: Json<'a> },
}

#[derive(Debug, Serialize)]
pub struct ImageUrl<'a> {
    pub url: Json<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Json<'a>>,
}

#[derive(Debug, Serialize)]
pub struct FilePart<'a> {
    pub filename: Json<'a>,
    pub file_data: Json<'a>,
}

/// The two ways to mark the end of a prefix worth caching (§3.10).
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CacheMark<'a> {
    PromptCacheBreakpoint(Breakpoint),
    CacheControl(&'a RawValue),
}

#[derive(Clone, Debug, Serialize)]
pub struct Breakpoint {
    pub mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub struct ToolCall<'a> {
    pub id: Cow<'a, str>,
    #[serde(rename = "type")]
    pub kind: FunctionType,
    pub function: FunctionCall<'a>,
    /// What the vendor wants back with the call (ID4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra_content: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
pub struct FunctionCall<'a> {
    pub name: Cow<'a, str>,
    pub arguments: Json<'a>,
}

/// The one type of tool that we send.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FunctionType {
    #[default]
    Function,
}

#[derive(Debug, Serialize)]
pub struct FunctionTool<'a> {
    #[serde(rename = "type")]
    pub kind: FunctionType,
    pub function: FunctionDefinition<'a>,
}

#[derive(Debug, Serialize)]
pub struct FunctionDefinition<'a> {
    pub name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Json<'a>>,
    pub parameters: Json<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    #[serde(flatten)]
    pub rest: Members<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum ChatToolChoice<'a> {
    Mode(&'static str),
    Named {
        #[serde(rename = "type")]
        kind: FunctionType,
        function: NamedFunction<'a>,
    },
}

#[derive(Debug, Serialize)]
pub struct NamedFunction<'a> {
    pub name: Cow<'a, str>,
}

#[derive(Debug, Serialize)]
pub struct StreamOptions {
    pub include_usage: bool,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ResponseFormat<'a> {
    JsonSchema { json_schema: JsonSchema<'a> },
    JsonObject,
}

#[derive(Debug, Serialize)]
pub struct JsonSchema<'a> {
    pub name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Json<'a>>,
    pub schema: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// `thinking` of GLM, Kimi and `DeepSeek` (§3.8).
#[derive(Debug, Serialize)]
pub struct ThinkingObject {
    #[serde(rename = "type")]
    pub kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clear_thinking: Option<bool>,
}

#[derive(Debug, Serialize)]
pub struct ChatTemplateKwargs {
    pub enable_thinking: bool,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceTier {
    Auto,
    Default,
    Fast,
    Priority,
    Flex,
}

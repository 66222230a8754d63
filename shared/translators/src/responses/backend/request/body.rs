//! The Responses request that a backend gets. Members are written in the order in which they stand here.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::json::Json;
use crate::settings::Effort;

#[derive(Debug, Serialize)]
pub(super) struct ResponsesRequest<'a> {
    pub(super) model: &'a str,
    pub(super) store: bool,
    pub(super) include: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instructions: Option<Json<'a>>,
    pub(super) input: Vec<Item<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_choice: Option<ToolChoice<'a>>,
    #[serde(flatten)]
    pub(super) parameters: Parameters<'a>,
}

/// Declares members that are left out where there is nothing to say.
macro_rules! optional_members {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Default, Serialize)]
        pub(super) struct $name<'a> {
            $(
                #[serde(skip_serializing_if = "Option::is_none")]
                pub(super) $field: Option<$type>,
            )+
        }
    };
}

optional_members! {
    /// The members besides the prompt and the tools.
    Parameters {
        parallel_tool_calls: &'a RawValue,
        reasoning: Reasoning,
        text: Text<'a>,
        temperature: &'a RawValue,
        top_p: &'a RawValue,
        top_k: &'a RawValue,
        stop: &'a RawValue,
        service_tier: &'a RawValue,
        prompt_cache_key: &'a RawValue,
        prompt_cache_options: &'a RawValue,
        prompt_cache_retention: &'a RawValue,
        safety_identifier: &'a RawValue,
        user: &'a RawValue,
        metadata: &'a RawValue,
        stream: bool,
    }
}

optional_members! {
    Text {
        format: Format<'a>,
        verbosity: &'a RawValue,
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Reasoning {
    pub(super) effort: Effort,
    pub(super) summary: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Format<'a> {
    JsonSchema {
        name: Json<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a RawValue>,
        schema: &'a RawValue,
        strict: bool,
    },
    JsonObject,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item<'a> {
    Message {
        role: &'static str,
        content: Content<'a>,
    },
    Reasoning {
        /// The summary is always empty: the encrypted content has it.
        summary: [(); 0],
        encrypted_content: Json<'a>,
    },
    FunctionCall {
        call_id: Cow<'a, str>,
        name: Cow<'a, str>,
        arguments: Json<'a>,
    },
    CustomToolCall {
        call_id: Cow<'a, str>,
        name: Cow<'a, str>,
        input: Json<'a>,
    },
    FunctionCallOutput {
        call_id: Cow<'a, str>,
        output: Content<'a>,
    },
    CustomToolCallOutput {
        call_id: Cow<'a, str>,
        output: Content<'a>,
    },
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Content<'a> {
    Text(Json<'a>),
    Parts(Vec<Part<'a>>),
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part<'a> {
    InputText {
        text: Json<'a>,
    },
    OutputText {
        text: Json<'a>,
    },
    Refusal {
        refusal: Json<'a>,
    },
    InputImage {
        image_url: &'a RawValue,
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<&'a RawValue>,
    },
    InputFile {
        #[serde(skip_serializing_if = "Option::is_none")]
        filename: Option<&'a RawValue>,
        file_data: &'a RawValue,
    },
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Tool<'a> {
    Function {
        name: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<Json<'a>>,
        parameters: Json<'a>,
        strict: bool,
    },
    Custom {
        name: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<Json<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        format: Option<Json<'a>>,
    },
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ToolChoice<'a> {
    Mode(Cow<'a, str>),
    Named(NamedTool<'a>),
    Allowed {
        #[serde(rename = "type")]
        kind: &'static str,
        mode: Cow<'a, str>,
        tools: Vec<NamedTool<'a>>,
    },
}

#[derive(Debug, Serialize)]
pub(super) struct NamedTool<'a> {
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) name: Cow<'a, str>,
}

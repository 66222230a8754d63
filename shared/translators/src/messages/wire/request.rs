//! A Messages request as it came: known members by name, their values unread.
//!
//! Blocks, sources and tools are one struct for all their types, so that `type` may stand anywhere. What the
//! members mean, and which of them belong together, is the business of `translators::request`.

use std::borrow::Cow;

use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::error::{FieldPath, RequestError};
use crate::json::{Field, RawObject as _, raw_object};

raw_object! {
    /// The request's top level (§3.2).
    pub MessagesBody {
        model: "model",
        max_tokens: "max_tokens",
        messages: "messages",
        system: "system",
        stream: "stream",
        stop_sequences: "stop_sequences",
        temperature: "temperature",
        top_p: "top_p",
        top_k: "top_k",
        tools: "tools",
        tool_choice: "tool_choice",
        thinking: "thinking",
        output_config: "output_config",
        output_format: "output_format",
        metadata: "metadata",
        service_tier: "service_tier",
        speed: "speed",
        cache_control: "cache_control",
        context_management: "context_management",
        diagnostics: "diagnostics",
        user_profile_id: "user_profile_id",
        billing_policy: "billing_policy",
        fallbacks: "fallbacks",
        fallback_credit_token: "fallback_credit_token",
        inference_geo: "inference_geo",
        thread: "thread",
        mcp_servers: "mcp_servers",
        container: "container",
        compaction: "compaction",
        safeguards: "safeguards",
        betas: "betas",
        anthropic_beta: "anthropic_beta",
        anthropic_version: "anthropic_version",
    }
}

raw_object! {
    /// A turn of `messages`.
    pub InputMessage {
        role: "role",
        content: "content",
        clear_at: "clear_at",
        output_config: "output_config",
    }
}

raw_object! {
    /// A content block of any type (§3.5).
    pub InputBlock {
        kind: "type",
        cache_control: "cache_control",
        text: "text",
        citations: "citations",
        source: "source",
        title: "title",
        context: "context",
        content: "content",
        id: "id",
        name: "name",
        input: "input",
        tool_use_id: "tool_use_id",
        is_error: "is_error",
        tool_name: "tool_name",
        thinking: "thinking",
        signature: "signature",
        data: "data",
        tool: "tool",
        tool_changes: "tool_changes",
        caller: "caller",
        toolset_name: "toolset_name",
        transformations: "transformations",
    }
}

raw_object! {
    /// The `source` of an image or document.
    pub Source {
        kind: "type",
        media_type: "media_type",
        data: "data",
        url: "url",
        content: "content",
    }
}

raw_object! {
    /// An entry of `tools` of any type (§3.6).
    pub ToolDefinition {
        kind: "type",
        name: "name",
        description: "description",
        input_schema: "input_schema",
        strict: "strict",
        cache_control: "cache_control",
        eager_input_streaming: "eager_input_streaming",
        input_examples: "input_examples",
        defer_loading: "defer_loading",
        allowed_callers: "allowed_callers",
        max_characters: "max_characters",
    }
}

raw_object! {
    pub ToolChoice {
        kind: "type",
        name: "name",
        disable_parallel_tool_use: "disable_parallel_tool_use",
    }
}

raw_object! {
    pub ThinkingConfig {
        kind: "type",
        budget_tokens: "budget_tokens",
        display: "display",
    }
}

raw_object! {
    pub OutputConfig {
        effort: "effort",
        format: "format",
        task_budget: "task_budget",
    }
}

raw_object! {
    pub OutputFormat {
        kind: "type",
        schema: "schema",
    }
}

raw_object! {
    pub Metadata {
        user_id: "user_id",
    }
}

impl<'a> MessagesBody<'a> {
    /// Reads the body as far as to its members. `thread` is judged first of all (§3.2): the client then sends
    /// the whole history by itself, while anything else that is wrong here would make it give up.
    pub fn parse(body: &'a [u8]) -> Result<Self, RequestError> {
        let body = std::str::from_utf8(body).map_err(|_| RequestError::new("body", "must be UTF-8"))?;
        Self::parse_unjudged(body)?.judged()
    }

    /// The request of members that were read already.
    pub fn of_members(members: impl Iterator<Item = (Cow<'a, str>, &'a RawValue)>) -> Result<Self, RequestError> {
        let mut request = Self::default();
        members.for_each(|(name, value)| request.set(name, value));
        request.judged()
    }

    fn judged(self) -> Result<Self, RequestError> {
        if self.thread.is_present() {
            let error = FieldPath::root("thread").error("not supported; send the whole conversation in `messages`");
            return Err(RequestError {
                error_code: Some("thread_unsupported_request"),
                ..error
            });
        }
        Ok(self)
    }

    /// The members, whatever they say.
    pub fn parse_unjudged(body: &'a str) -> Result<Self, RequestError> {
        serde_json::from_str(body).map_err(|error| match error.classify() {
            Category::Data => RequestError::new("body", "must be a JSON object"),
            _ => RequestError::new("body", format!("is not valid JSON: {error}")),
        })
    }

    /// The client's name of the model.
    pub fn model(&self) -> Result<Cow<'a, str>, RequestError> {
        self.model.required_word(FieldPath::root("model"))
    }

    /// The turns, at least one, with their content split into blocks.
    pub fn conversation(&self) -> Result<Vec<(InputMessage<'a>, InputContent<'a>)>, RequestError> {
        let root = FieldPath::root("messages");
        if !self.messages.is_present() {
            return Err(root.missing());
        }
        let messages: Vec<InputMessage<'a>> = self.messages.objects(root)?;
        if messages.is_empty() {
            return Err(root.error("must not be empty"));
        }
        let contents = messages.into_iter().enumerate().map(|(i, message)| {
            let content = InputContent::of(message.content, root.index(i).field("content"))?;
            Ok((message, content))
        });
        contents.collect()
    }
}

/// The content of a turn, of a tool result, or of a document: plain text or blocks.
#[derive(Clone, Debug)]
pub enum InputContent<'a> {
    Text(&'a RawValue),
    Blocks(Vec<InputBlock<'a>>),
}

impl<'a> InputContent<'a> {
    /// Absent content has no blocks.
    pub fn of(field: Field<'a>, path: FieldPath<'_>) -> Result<Self, RequestError> {
        match field.raw() {
            None => Ok(Self::Blocks(Vec::new())),
            Some(raw) if raw.get().starts_with('"') => Ok(Self::Text(raw)),
            Some(raw) if raw.get().starts_with('[') => field.objects(path).map(Self::Blocks),
            Some(_) => Err(path.error("must be a string or a list of content blocks")),
        }
    }
}

//! A Responses request as it came: known members by name, their values unread.
//!
//! Items, parts and tools are one struct for all their types, so that `type` may stand anywhere.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{FieldPath, RequestError};
use crate::json::{Field, RawObject as _, raw_object};

/// The most items of `input`.
const MAX_ITEMS: usize = 10_000;

raw_object! {
    /// The request's top level.
    pub ResponsesBody {
        model: "model",
        input: "input",
        instructions: "instructions",
        stream: "stream",
        tools: "tools",
        tool_choice: "tool_choice",
        parallel_tool_calls: "parallel_tool_calls",
        max_output_tokens: "max_output_tokens",
        max_tool_calls: "max_tool_calls",
        temperature: "temperature",
        top_p: "top_p",
        top_logprobs: "top_logprobs",
        reasoning: "reasoning",
        text: "text",
        include: "include",
        metadata: "metadata",
        truncation: "truncation",
        store: "store",
        stream_options: "stream_options",
        client_metadata: "client_metadata",
        prompt_cache_key: "prompt_cache_key",
        prompt_cache_options: "prompt_cache_options",
        prompt_cache_retention: "prompt_cache_retention",
        context_management: "context_management",
        access_programs: "access_programs",
        background: "background",
        conversation: "conversation",
        prompt: "prompt",
        moderation: "moderation",
        previous_response_id: "previous_response_id",
        service_tier: "service_tier",
        user: "user",
        safety_identifier: "safety_identifier",
    }
}

raw_object! {
    /// An item of `input`, of any type.
    pub InputItem {
        kind: "type",
        id: "id",
        role: "role",
        content: "content",
        call_id: "call_id",
        name: "name",
        namespace: "namespace",
        arguments: "arguments",
        input: "input",
        output: "output",
        summary: "summary",
        encrypted_content: "encrypted_content",
        tools: "tools",
        reasoning: "reasoning",
        text: "text",
        author: "author",
    }
}

raw_object! {
    /// A part of a message's content, or of a tool's output.
    pub InputPart {
        kind: "type",
        text: "text",
        refusal: "refusal",
        image_url: "image_url",
        detail: "detail",
        file_data: "file_data",
        file_id: "file_id",
        file_url: "file_url",
        filename: "filename",
        input_audio: "input_audio",
    }
}

raw_object! {
    /// An entry of `tools`, of any type.
    pub ToolDefinition {
        kind: "type",
        name: "name",
        description: "description",
        parameters: "parameters",
        strict: "strict",
        allowed_callers: "allowed_callers",
        format: "format",
        tools: "tools",
        execution: "execution",
    }
}

raw_object! {
    /// The input of a `custom` tool.
    pub CustomFormat {
        definition: "definition",
    }
}

raw_object! {
    pub ToolChoice {
        kind: "type",
        name: "name",
        namespace: "namespace",
        mode: "mode",
        tools: "tools",
    }
}

raw_object! {
    pub Reasoning {
        effort: "effort",
        summary: "summary",
        generate_summary: "generate_summary",
        mode: "mode",
    }
}

raw_object! {
    pub Text {
        format: "format",
        verbosity: "verbosity",
    }
}

raw_object! {
    pub TextFormat {
        kind: "type",
        name: "name",
        description: "description",
        schema: "schema",
        strict: "strict",
    }
}

raw_object! {
    pub Moderation {
        policy: "policy",
    }
}

impl<'a> ResponsesBody<'a> {
    /// The request of members that were read already.
    pub fn of_members(members: impl Iterator<Item = (Cow<'a, str>, &'a RawValue)>) -> Self {
        let mut request = Self::default();
        members.for_each(|(name, value)| request.set(name, value));
        request
    }

    /// The client's name of the model.
    pub fn model(&self) -> Result<Cow<'a, str>, RequestError> {
        self.model.required_word(FieldPath::root("model"))
    }

    /// What the client says of reasoning.
    pub fn reasoning(&self) -> Result<Reasoning<'a>, RequestError> {
        let reasoning = self.reasoning.object(FieldPath::root("reasoning"))?;
        Ok(reasoning.unwrap_or_default())
    }

    /// True if the last item of `input` asks for a summary in place of a response (CO1).
    pub fn asks_for_a_summary(&self) -> bool {
        let items = self.input.raw().filter(|input| input.get().starts_with('['));
        let items = items.and_then(|items| serde_json::from_str::<Vec<&RawValue>>(items.get()).ok());
        let last = items.and_then(|items| serde_json::from_str::<InputItem<'_>>(items.last()?.get()).ok());
        last.is_some_and(|item| item.asks_for_a_summary())
    }

    /// True if `include` names `what`.
    pub fn includes(&self, what: &str) -> Result<bool, RequestError> {
        let included = self.include.words(FieldPath::root("include"))?;
        Ok(included.iter().any(|name| name == what))
    }

    pub fn text(&self) -> Result<Text<'a>, RequestError> {
        Ok(self.text.object(FieldPath::root("text"))?.unwrap_or_default())
    }

    /// What `input` holds: a string is one user message (R3).
    pub fn input(&self) -> Result<TextOr<'a, InputItem<'a>>, RequestError> {
        let path = FieldPath::root("input");
        if !self.input.is_present() {
            return Err(path.missing());
        }
        let input = TextOr::of(self.input, path)?;
        if input.items().len() > MAX_ITEMS {
            return Err(path.error(format!("there must be at most {MAX_ITEMS} items")));
        }
        Ok(input)
    }
}

impl<'a> InputItem<'a> {
    /// The id by which a call and its output find each other; one that is no string is reported where the item is read.
    pub fn id_of_call(&self) -> Option<Cow<'a, str>> {
        self.call_id.word(FieldPath::root("call_id")).ok().flatten()
    }

    /// True if it asks for a summary of what is before it (CO1).
    pub fn asks_for_a_summary(&self) -> bool {
        self.is("compaction_trigger")
    }

    /// True if the type is this one.
    pub fn is(&self, kind: &str) -> bool {
        self.kind.is(kind)
    }
}

/// A string, or a list: of items, of parts.
#[derive(Clone, Debug)]
pub enum TextOr<'a, T> {
    Text(&'a RawValue),
    List(Vec<T>),
}

impl<T> TextOr<'_, T> {
    /// The items; a string has none.
    pub fn items(&self) -> &[T] {
        match self {
            Self::Text(_) => &[],
            Self::List(items) => items,
        }
    }
}

impl<'a, T: Deserialize<'a>> TextOr<'a, T> {
    /// An absent field is an empty list.
    pub fn of(field: Field<'a>, path: FieldPath<'_>) -> Result<Self, RequestError> {
        match field.raw() {
            None => Ok(Self::List(Vec::new())),
            Some(raw) if raw.get().starts_with('"') => Ok(Self::Text(raw)),
            Some(raw) if raw.get().starts_with('[') => field.objects(path).map(Self::List),
            Some(_) => Err(path.error("must be a string or a list")),
        }
    }
}

impl<'a> Reasoning<'a> {
    /// `summary`, or its older name.
    pub fn summary(&self) -> Field<'a> {
        if self.summary.is_present() {
            self.summary
        } else {
            self.generate_summary
        }
    }
}

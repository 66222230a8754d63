//! A chat request as a client sends it: known members by name, their values unread.
//!
//! Parts, calls and tools are one struct for all their types, so that `type` may stand anywhere.

use crate::error::{FieldPath, RequestError};
use crate::json::raw_object;

raw_object! {
    /// The request's top level.
    pub ChatInput {
        model: "model",
        messages: "messages",
        stream: "stream",
        stream_options: "stream_options",
        max_tokens: "max_tokens",
        max_completion_tokens: "max_completion_tokens",
        stop: "stop",
        temperature: "temperature",
        top_p: "top_p",
        top_k: "top_k",
        tools: "tools",
        tool_choice: "tool_choice",
        parallel_tool_calls: "parallel_tool_calls",
        functions: "functions",
        function_call: "function_call",
        reasoning_effort: "reasoning_effort",
        response_format: "response_format",
        user: "user",
        safety_identifier: "safety_identifier",
        service_tier: "service_tier",
        n: "n",
        logprobs: "logprobs",
        top_logprobs: "top_logprobs",
        logit_bias: "logit_bias",
        modalities: "modalities",
        audio: "audio",
        web_search_options: "web_search_options",
        seed: "seed",
        presence_penalty: "presence_penalty",
        frequency_penalty: "frequency_penalty",
        prediction: "prediction",
        verbosity: "verbosity",
        store: "store",
        moderation: "moderation",
        metadata: "metadata",
        prompt_cache_key: "prompt_cache_key",
        prompt_cache_options: "prompt_cache_options",
        prompt_cache_retention: "prompt_cache_retention",
    }
}

raw_object! {
    /// A message of any role.
    pub InputMessage {
        role: "role",
        content: "content",
        name: "name",
        refusal: "refusal",
        reasoning_content: "reasoning_content",
        reasoning: "reasoning",
        reasoning_details: "reasoning_details",
        tool_calls: "tool_calls",
        tool_call_id: "tool_call_id",
        function_call: "function_call",
        annotations: "annotations",
        id: "id",
        status: "status",
        phase: "phase",
        logprobs: "logprobs",
    }
}

raw_object! {
    /// A part of a message's content.
    pub InputPart {
        kind: "type",
        text: "text",
        refusal: "refusal",
        image_url: "image_url",
        file: "file",
        prompt_cache_breakpoint: "prompt_cache_breakpoint",
        cache_control: "cache_control",
        annotations: "annotations",
        logprobs: "logprobs",
    }
}

raw_object! {
    pub InputImage {
        url: "url",
        detail: "detail",
    }
}

raw_object! {
    pub InputFile {
        file_data: "file_data",
        filename: "filename",
        file_id: "file_id",
    }
}

raw_object! {
    pub InputBreakpoint {
        mode: "mode",
        ttl: "ttl",
    }
}

raw_object! {
    pub InputCall {
        id: "id",
        kind: "type",
        function: "function",
        custom: "custom",
    }
}

raw_object! {
    /// The called function, or the called custom tool.
    pub InputFunction {
        name: "name",
        arguments: "arguments",
        input: "input",
    }
}

raw_object! {
    pub InputReasoning {
        kind: "type",
        text: "text",
        data: "data",
        signature: "signature",
        format: "format",
    }
}

raw_object! {
    pub InputTool {
        kind: "type",
        function: "function",
        custom: "custom",
    }
}

raw_object! {
    /// A declared function, or a custom tool.
    pub InputDefinition {
        name: "name",
        description: "description",
        parameters: "parameters",
        strict: "strict",
        format: "format",
    }
}

raw_object! {
    /// The format of a custom tool's input.
    pub InputGrammar {
        kind: "type",
        grammar: "grammar",
        definition: "definition",
        syntax: "syntax",
    }
}

raw_object! {
    pub InputToolChoice {
        kind: "type",
        function: "function",
        custom: "custom",
        allowed_tools: "allowed_tools",
        // Of the spelling before there were tools.
        name: "name",
    }
}

raw_object! {
    pub InputAllowedTools {
        mode: "mode",
        tools: "tools",
    }
}

raw_object! {
    pub InputResponseFormat {
        kind: "type",
        json_schema: "json_schema",
    }
}

raw_object! {
    pub InputJsonSchema {
        name: "name",
        description: "description",
        schema: "schema",
        strict: "strict",
    }
}

raw_object! {
    pub InputStreamOptions {
        include_usage: "include_usage",
    }
}

impl InputMessage<'_> {
    /// Refuses a message that must say something and has no `content`.
    pub(crate) fn require_content(&self, path: FieldPath<'_>) -> Result<(), RequestError> {
        if self.content.is_present() {
            Ok(())
        } else {
            Err(path.field("content").missing())
        }
    }
}

//! What servers and vendors are known to take, each as its difference from the defaults.

use serde_json::{Map, Value};

use super::backend::BackendSettings;
use super::values::{
    Cache, CountTokens, Effort, InlineSystem, Limit, MaxTokensField, Pdf, Prefill, ReasoningParam, ReasoningReplay,
    Schema, SystemRole, TextParts, ThinkTags, ToolChoiceSupport, UnsignedCalls, UserField, UserId,
};

pub(super) fn openai(defaults: BackendSettings) -> BackendSettings {
    use Effort::{High, Low, Max, Medium, Minimal, None, Xhigh};
    BackendSettings {
        max_tokens_field: MaxTokensField::MaxCompletionTokens,
        system_role: SystemRole::Developer,
        inline_system: InlineSystem::Inline,
        text_parts: TextParts::Array,
        reasoning_replay: ReasoningReplay::None,
        effort_levels: vec![None, Minimal, Low, Medium, High, Xhigh, Max],
        top_k: false,
        max_stop: Limit::AtMost(4),
        tool_id_max: Limit::AtMost(64),
        pdf: Pdf::FilePart,
        cache: Cache::Breakpoints,
        user_field: UserField::SafetyIdentifier,
        service_tier: true,
        verbosity: true,
        prompt_cache_key: true,
        schema: Schema::Openai,
        ..defaults
    }
}

/// What the vendor itself takes in its newer API. vLLM, `SGLang` and llama.cpp are better called as `openai`: they keep
/// responses in one process, and take few types of tools and items. It stands for every backend of the protocol
/// `responses` that names no preset.
pub(super) fn openai_responses(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        // Cache marks are known to stand on chat's parts alone.
        cache: Cache::None,
        ..openai(defaults)
    }
}

/// Servers that render a model's own template and hand switches through to it.
pub(super) fn template_server(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        reasoning_param: ReasoningParam::ChatTemplateKwargs,
        prefill: Prefill::ContinueFinalMessage,
        tool_name_max: 128,
        ..defaults
    }
}

pub(super) fn glm(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        reasoning_param: ReasoningParam::ThinkingObject,
        preserve_thinking: true,
        // Only some models take an effort beside the object; for those an operator lists low, high, max.
        effort_levels: Vec::new(),
        tool_stream: true,
        tool_choice: ToolChoiceSupport::AutoOnly,
        strict_tools: false,
        max_stop: Limit::AtMost(1),
        ..defaults
    }
}

pub(super) fn kimi(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        reasoning_param: ReasoningParam::ThinkingObject,
        effort_levels: Vec::new(),
        max_tools: Limit::AtMost(128),
        max_stop: Limit::AtMost(5),
        max_tokens_field: MaxTokensField::MaxCompletionTokens,
        strict_tools: false,
        prefill: Prefill::Partial,
        ..defaults
    }
}

/// K3 has no `thinking` object: it always thinks.
pub(super) fn kimi_k3(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        reasoning_param: ReasoningParam::ReasoningEffort,
        effort_levels: vec![Effort::Low, Effort::High, Effort::Max],
        ..kimi(defaults)
    }
}

/// What the vendor itself takes. It stands for every backend of its protocol that names no preset.
pub(super) fn anthropic(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        effort_levels: vec![Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh, Effort::Max],
        tool_name_max: 128,
        ..defaults
    }
}

pub(super) fn deepseek(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        reasoning_param: ReasoningParam::ThinkingObject,
        effort_levels: vec![Effort::High, Effort::Max],
        reasoning_replay_required: true,
        tool_choice: ToolChoiceSupport::AutoOnlyWhenThinking,
        max_stop: Limit::AtMost(16),
        prefill: Prefill::Prefix,
        ..defaults
    }
}

pub(super) fn vllm(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        // vLLM has renamed the field; for releases before that an operator sets `reasoning_content`.
        reasoning_replay: ReasoningReplay::Reasoning,
        // It refuses one above `max_tokens`.
        client_fields: vec!["min_tokens".to_owned()],
        ..template_server(defaults)
    }
}

pub(super) fn llamacpp(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        reasoning_param: ReasoningParam::ChatTemplateKwargs,
        // Does nothing where the server was started with a reasoning format and takes the tags out itself.
        think_tags: ThinkTags::ParseOpened,
        schema: Schema::Llamacpp,
        ..defaults
    }
}

/// Claude and open models of Amazon. What it refuses of Messages was measured in September 2026.
pub(super) fn bedrock(defaults: BackendSettings) -> BackendSettings {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    BackendSettings {
        user_id: UserId::Hash,
        deny_betas: texts(&["prompt-caching-scope-2026-01-05"]),
        drop_fields: texts(&["output_config.format", "output_format", "fallbacks"]),
        // It has no such route, and answers 200 to any.
        count_tokens: CountTokens::Estimate,
        top_k: false,
        ..anthropic(defaults)
    }
}

pub(super) fn bedrock_mantle(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        count_tokens: CountTokens::Backend,
        ..bedrock(defaults)
    }
}

/// `OpenAI`'s models in Azure, of whose newest parameters its API knows fewer.
pub(super) fn azure(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        cache: Cache::None,
        user_field: UserField::User,
        service_tier: false,
        ..openai(defaults)
    }
}

pub(super) fn google(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        top_k: false,
        strict_tools: false,
        unsigned_calls: UnsignedCalls::Google,
        ..defaults
    }
}

pub(super) fn openrouter(defaults: BackendSettings) -> BackendSettings {
    use Effort::{High, Low, Max, Medium, Minimal, None, Xhigh};
    BackendSettings {
        effort_levels: vec![None, Minimal, Low, Medium, High, Xhigh, Max],
        reasoning_replay: ReasoningReplay::Reasoning,
        reasoning_details: true,
        cache: Cache::CacheControl,
        max_stop: Limit::AtMost(4),
        ..defaults
    }
}

pub(super) fn qwen(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        reasoning_param: ReasoningParam::EnableThinking,
        cache: Cache::CacheControl,
        ..defaults
    }
}

/// Thinks in tags unless it is asked to split them off.
pub(super) fn minimax(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        max_tokens_field: MaxTokensField::MaxCompletionTokens,
        reasoning_param: ReasoningParam::None,
        extra_body: member("reasoning_split", true),
        ..defaults
    }
}

pub(super) fn siliconflow(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        reasoning_param: ReasoningParam::EnableThinking,
        max_stop: Limit::AtMost(4),
        ..defaults
    }
}

pub(super) fn ark(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        reasoning_param: ReasoningParam::ThinkingObject,
        ..defaults
    }
}

pub(super) fn mistral(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        stream_usage: false,
        top_k: false,
        effort_levels: vec![Effort::None, Effort::High],
        reasoning_replay: ReasoningReplay::None,
        ..defaults
    }
}

pub(super) fn groq(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        max_tokens_field: MaxTokensField::MaxCompletionTokens,
        top_k: false,
        reasoning_replay: ReasoningReplay::Reasoning,
        extra_body: member("reasoning_format", "parsed"),
        ..defaults
    }
}

pub(super) fn xai(defaults: BackendSettings) -> BackendSettings {
    use Effort::{High, Low, Medium, None, Xhigh};
    BackendSettings {
        max_tokens_field: MaxTokensField::MaxCompletionTokens,
        top_k: false,
        reasoning_replay: ReasoningReplay::None,
        effort_levels: vec![None, Low, Medium, High, Xhigh],
        ..defaults
    }
}

pub(super) fn fireworks(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        effort_levels: vec![Effort::None, Effort::Low, Effort::Medium, Effort::High],
        ..defaults
    }
}

pub(super) fn cerebras(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        reasoning_replay: ReasoningReplay::Reasoning,
        ..defaults
    }
}

pub(super) fn cohere(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        top_k: false,
        strict_tools: false,
        ..defaults
    }
}

fn member(name: &str, value: impl Into<Value>) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value.into())])
}

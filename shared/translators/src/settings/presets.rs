//! Starting points for known servers and vendors (the second table of §2.1). An operator may override each setting.

use serde::{Deserialize, Serialize};

use super::backend::BackendSettings;
use super::values::{
    Cache, Effort, InlineSystem, Limit, MaxTokensField, Pdf, Prefill, ReasoningParam, ReasoningReplay, Schema,
    SystemRole, TextParts, ThinkTags, ToolChoiceSupport, UserField,
};

/// A named set of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    OpenAi,
    Vllm,
    Sglang,
    LlamaCpp,
    Glm,
    Kimi,
    DeepSeek,
    Qwen,
    OpenRouter,
}

impl Preset {
    pub const ALL: [Self; 9] = [
        Self::OpenAi,
        Self::Vllm,
        Self::Sglang,
        Self::LlamaCpp,
        Self::Glm,
        Self::Kimi,
        Self::DeepSeek,
        Self::Qwen,
        Self::OpenRouter,
    ];

    /// The defaults with what is different for this server or vendor.
    pub fn settings(self) -> BackendSettings {
        let defaults = BackendSettings::default();
        match self {
            Self::OpenAi => openai(defaults),
            // vLLM has renamed the field; for releases before that an operator sets `reasoning_content`.
            Self::Vllm => BackendSettings {
                reasoning_replay: ReasoningReplay::Reasoning,
                // It refuses one above `max_tokens`.
                client_fields: vec!["min_tokens".to_owned()],
                ..template_server(defaults)
            },
            Self::Sglang => template_server(defaults),
            Self::LlamaCpp => BackendSettings {
                reasoning_param: ReasoningParam::ChatTemplateKwargs,
                // Does nothing where the server was started with a reasoning format and takes the tags out itself.
                think_tags: ThinkTags::ParseOpened,
                schema: Schema::Llamacpp,
                ..defaults
            },
            Self::Glm => glm(defaults),
            Self::Kimi => BackendSettings {
                reasoning_param: ReasoningParam::ThinkingObject,
                effort_levels: Vec::new(),
                max_tools: Limit::AtMost(128),
                max_stop: Limit::AtMost(5),
                prefill: Prefill::Partial,
                ..defaults
            },
            Self::DeepSeek => deepseek(defaults),
            Self::Qwen => BackendSettings {
                reasoning_param: ReasoningParam::EnableThinking,
                cache: Cache::CacheControl,
                ..defaults
            },
            Self::OpenRouter => BackendSettings {
                reasoning_replay: ReasoningReplay::Reasoning,
                reasoning_details: true,
                cache: Cache::CacheControl,
                max_stop: Limit::AtMost(4),
                ..defaults
            },
        }
    }
}

fn openai(defaults: BackendSettings) -> BackendSettings {
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
        schema: Schema::Openai,
        ..defaults
    }
}

/// Servers that render a model's own template and hand switches through to it.
fn template_server(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        reasoning_param: ReasoningParam::ChatTemplateKwargs,
        prefill: Prefill::ContinueFinalMessage,
        tool_name_max: 128,
        ..defaults
    }
}

fn glm(defaults: BackendSettings) -> BackendSettings {
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

fn deepseek(defaults: BackendSettings) -> BackendSettings {
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

//! Starting points for known servers and vendors (the second table of §2.1). An operator may override each setting.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    #[serde(rename = "openai-responses")]
    OpenAiResponses,
    Vllm,
    Sglang,
    LlamaCpp,
    Glm,
    Kimi,
    DeepSeek,
    Qwen,
    OpenRouter,
    Anthropic,
}

impl Preset {
    pub const ALL: [Self; 11] = [
        Self::OpenAi,
        Self::OpenAiResponses,
        Self::Vllm,
        Self::Sglang,
        Self::LlamaCpp,
        Self::Glm,
        Self::Kimi,
        Self::DeepSeek,
        Self::Qwen,
        Self::OpenRouter,
        Self::Anthropic,
    ];

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::OpenAi => "OpenAI",
            Self::OpenAiResponses => "OpenAI Responses",
            Self::Vllm => "vLLM",
            Self::Sglang => "SGLang",
            Self::LlamaCpp => "llama.cpp",
            Self::Glm => "GLM (Z.ai)",
            Self::Kimi => "Kimi (Moonshot AI)",
            Self::DeepSeek => "DeepSeek",
            Self::Qwen => "Qwen (Alibaba Cloud)",
            Self::OpenRouter => "OpenRouter",
            Self::Anthropic => "Anthropic",
        }
    }

    /// Where its API is: of a server, on this machine and on the port that it takes by default.
    pub fn base_url(self) -> &'static str {
        match self {
            Self::OpenAi | Self::OpenAiResponses => "https://api.openai.com/v1",
            Self::Vllm => "http://127.0.0.1:8000/v1",
            Self::Sglang => "http://127.0.0.1:30000/v1",
            Self::LlamaCpp => "http://127.0.0.1:8080/v1",
            Self::Glm => "https://api.z.ai/api/paas/v4",
            Self::Kimi => "https://api.moonshot.ai/v1",
            Self::DeepSeek => "https://api.deepseek.com",
            Self::Qwen => "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            Self::OpenRouter => "https://openrouter.ai/api/v1",
            Self::Anthropic => "https://api.anthropic.com/v1",
        }
    }

    /// The settings that differ from the defaults, as an operator would write them.
    pub fn differences(self) -> Map<String, Value> {
        let members = |settings| match serde_json::to_value(settings) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        };
        let defaults = members(BackendSettings::default());
        let mut own = members(self.settings());
        own.retain(|name, value| defaults.get(name) != Some(value));
        own
    }

    /// The defaults with what is different for this server or vendor.
    pub fn settings(self) -> BackendSettings {
        let defaults = BackendSettings::default();
        match self {
            Self::OpenAi => openai(defaults),
            Self::OpenAiResponses => openai_responses(defaults),
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
            Self::Kimi => kimi(defaults),
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
            Self::Anthropic => anthropic(defaults),
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
        verbosity: true,
        prompt_cache_key: true,
        schema: Schema::Openai,
        ..defaults
    }
}

/// What the vendor itself takes in its newer API. vLLM, `SGLang` and llama.cpp are better called as `openai`: they keep
/// responses in one process, and take few types of tools and items. It stands for every backend of the protocol
/// `responses` that names no preset.
fn openai_responses(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        // Cache marks are known to stand on chat's parts alone.
        cache: Cache::None,
        ..openai(defaults)
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

fn kimi(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        reasoning_param: ReasoningParam::ThinkingObject,
        effort_levels: Vec::new(),
        max_tools: Limit::AtMost(128),
        max_stop: Limit::AtMost(5),
        prefill: Prefill::Partial,
        ..defaults
    }
}

/// What the vendor itself takes. It stands for every backend of its protocol that names no preset.
fn anthropic(defaults: BackendSettings) -> BackendSettings {
    BackendSettings {
        effort_levels: vec![Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh, Effort::Max],
        tool_name_max: 128,
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

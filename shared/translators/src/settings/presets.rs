//! Starting points for known servers and vendors (the second table of §2.1). An operator may override each setting.

use serde::{Deserialize, Serialize};

use super::backend::BackendSettings;
use super::vendors as of;

/// Declares the presets, each with the name by which an entry has it.
macro_rules! presets {
    ($($(#[$doc:meta])* $preset:ident = $name:literal,)+) => {
        /// A named set of settings.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Preset {
            $($(#[$doc])* #[serde(rename = $name)] $preset,)+
        }

        impl Preset {
            pub const ALL: &[Self] = &[$(Self::$preset),+];
        }
    };
}

presets! {
    OpenAi = "openai",
    OpenAiResponses = "openai-responses",
    Anthropic = "anthropic",
    Vllm = "vllm",
    Sglang = "sglang",
    LlamaCpp = "llamacpp",
    Ollama = "ollama",
    LmStudio = "lmstudio",
    Bedrock = "bedrock",
    /// Bedrock's second endpoint, which also counts tokens.
    BedrockMantle = "bedrock_mantle",
    Azure = "azure",
    Foundry = "foundry",
    /// Google's API for developers.
    Gemini = "gemini",
    /// The same models in Google Cloud.
    Vertex = "vertex",
    /// Anthropic's models in Google Cloud.
    VertexClaude = "vertex_claude",
    OpenRouter = "openrouter",
    DeepSeek = "deepseek",
    Qwen = "qwen",
    Glm = "glm",
    Kimi = "kimi",
    /// Models that always think, and take an effort instead of a switch.
    KimiK3 = "kimi_k3",
    MiniMax = "minimax",
    SiliconFlow = "siliconflow",
    Ark = "ark",
    Tencent = "tencent",
    Mistral = "mistral",
    Groq = "groq",
    Xai = "xai",
    Together = "together",
    Fireworks = "fireworks",
    Cerebras = "cerebras",
    Cohere = "cohere",
}

impl Preset {
    /// The defaults with what is different for this server or vendor.
    pub fn settings(self) -> BackendSettings {
        let defaults = BackendSettings::default();
        match self {
            Self::OpenAi => of::openai(defaults),
            Self::OpenAiResponses => of::openai_responses(defaults),
            Self::Anthropic | Self::VertexClaude => of::anthropic(defaults),
            Self::Vllm => of::vllm(defaults),
            Self::Sglang => of::template_server(defaults),
            Self::LlamaCpp => of::llamacpp(defaults),
            Self::Bedrock => of::bedrock(defaults),
            Self::BedrockMantle => of::bedrock_mantle(defaults),
            Self::Azure | Self::Foundry => of::azure(defaults),
            Self::Gemini | Self::Vertex => of::google(defaults),
            Self::OpenRouter => of::openrouter(defaults),
            Self::DeepSeek => of::deepseek(defaults),
            Self::Qwen => of::qwen(defaults),
            Self::Glm => of::glm(defaults),
            Self::Kimi => of::kimi(defaults),
            Self::KimiK3 => of::kimi_k3(defaults),
            Self::MiniMax => of::minimax(defaults),
            Self::SiliconFlow => of::siliconflow(defaults),
            Self::Ark => of::ark(defaults),
            Self::Mistral => of::mistral(defaults),
            Self::Groq => of::groq(defaults),
            Self::Xai => of::xai(defaults),
            Self::Fireworks => of::fireworks(defaults),
            Self::Cerebras => of::cerebras(defaults),
            Self::Cohere => of::cohere(defaults),
            Self::Ollama | Self::LmStudio | Self::Tencent | Self::Together => defaults,
        }
    }
}

//! The settings of a backend, each declared once (§2.1).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::describe::SettingInfo;
use super::fim::Fim;
use super::values::{
    AnthropicVersion, Cache, CountTokens, Effort, InlineSystem, Limit, MaxTokensField, Pdf, Prefill, ReasoningParam,
    ReasoningReplay, RerankApi, Schema, SystemRole, TextParts, ThinkTags, ThinkingParam, Tokenizer, ToolChoiceSupport,
    ToolResultMedia, UnsignedCalls, UpstreamAuthErrors, UserField, UserId,
};

/// Declares a setting once and makes of it a field of the settings and an optional field of the overrides.
macro_rules! settings {
    ($($(#[doc = $doc:literal])* $name:ident: $type:ty = $default:expr,)+) => {
        /// All settings of a backend, resolved.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct BackendSettings {
            $($(#[doc = $doc])* pub $name: $type,)+
        }

        impl Default for BackendSettings {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        /// The settings of an operator on top of a preset; an absent one stays as in the preset.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct BackendOverrides {
            $(
                $(#[doc = $doc])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $name: Option<$type>,
            )+
        }

        impl BackendSettings {
            /// All settings, for forms.
            pub fn describe() -> Vec<SettingInfo> {
                let defaults = Self::default();
                vec![$(SettingInfo::of::<$type>(stringify!($name), &defaults.$name, &[$($doc),*]),)+]
            }

            pub(super) fn override_with(&mut self, overrides: &BackendOverrides) {
                $(
                    if let Some(value) = &overrides.$name {
                        self.$name = value.clone();
                    }
                )+
            }
        }
    };
}

settings! {
    /// The field that carries `max_tokens` (§3.2).
    max_tokens_field: MaxTokensField = MaxTokensField::MaxTokens,
    /// The role of the leading system message (SY1).
    system_role: SystemRole = SystemRole::System,
    /// The place of a system turn in mid-conversation (SY3, SY4).
    inline_system: InlineSystem = InlineSystem::Fold,
    /// Several text blocks as one joined string or as parts.
    text_parts: TextParts = TextParts::String,
    /// Consecutive turns of one role become one (OR1).
    merge_turns: bool = true,
    /// Images are accepted.
    vision: bool = true,
    /// The form of PDF documents (§3.5).
    pdf: Pdf = Pdf::Reject,
    /// The place of images in tool results (§3.5).
    tool_result_media: ToolResultMedia = ToolResultMedia::UserMessage,
    /// The field for the thinking of earlier turns (TH1).
    reasoning_replay: ReasoningReplay = ReasoningReplay::ReasoningContent,
    /// Every assistant message has that field, if need be as an empty string (TH2).
    reasoning_replay_required: bool = false,
    /// The parameter that requests thinking (§3.8).
    reasoning_param: ReasoningParam = ReasoningParam::ReasoningEffort,
    /// `clear_thinking: false` goes along with an enabled `thinking` object when tools are present.
    preserve_thinking: bool = false,
    /// The efforts the backend knows; empty where it knows none (§3.8).
    effort_levels: Vec<Effort> = vec![Effort::Low, Effort::Medium, Effort::High],
    /// `<think>` in the response's text (§4.1).
    think_tags: ThinkTags = ThinkTags::Keep,
    /// The accepted tool choices (TO9).
    tool_choice: ToolChoiceSupport = ToolChoiceSupport::Full,
    /// `function.strict` is accepted (TO2).
    strict_tools: bool = true,
    /// `parallel_tool_calls` is accepted (TO8).
    parallel_tool_calls: bool = true,
    /// `top_k` is accepted.
    top_k: bool = true,
    /// `stream_options.include_usage` is accepted.
    stream_usage: bool = true,
    /// `tool_stream: true` is sent with streamed tools: without it GLM holds the arguments back.
    tool_stream: bool = false,
    /// The longest tool name (NA1).
    tool_name_max: u32 = 64,
    /// The longest tool call id (ID3).
    tool_id_max: Limit = Limit::None,
    /// The most tools (TO10).
    max_tools: Limit = Limit::None,
    /// The most stop sequences (§3.2).
    max_stop: Limit = Limit::None,
    /// The form of a trailing assistant turn (OR7).
    prefill: Prefill = Prefill::Reject,
    /// The form of `cache_control` (§3.10).
    cache: Cache = Cache::None,
    /// The field for `metadata.user_id` (§3.2).
    user_field: UserField = UserField::None,
    /// `verbosity` is accepted (R20).
    verbosity: bool = false,
    /// `prompt_cache_key` is accepted (R20).
    prompt_cache_key: bool = false,
    /// `service_tier` is accepted.
    service_tier: bool = false,
    /// The regions (`inference_geo`) in which this backend is known to compute.
    inference_geos: Vec<String> = Vec::new(),
    /// The error for a client when the backend refuses our key (§6.1).
    upstream_auth_errors: UpstreamAuthErrors = UpstreamAuthErrors::Hide,
    /// The source of `count_tokens`: an estimate, vLLM's `/tokenize`, or llama.cpp's `/apply-template` and
    /// `/tokenize` (§7).
    tokenizer: Tokenizer = Tokenizer::Estimate,
    /// How a prompt with a `suffix` is sent (CP3).
    fim: Fim = Fim::Pass,
    /// The API for rankings (RR2).
    rerank: RerankApi = RerankApi::Pass,
    /// Restricted members that this backend gets from clients all the same (`restricted.rs`).
    client_fields: Vec<String> = Vec::new(),
    /// What the backend's grammar takes of a tool's schema (B10.1).
    schema: Schema = Schema::Full,
    /// What calls get that have no thought signature (ID5).
    unsigned_calls: UnsignedCalls = UnsignedCalls::Pass,
    /// Encrypted `reasoning_details` are kept for the next turn and sent back (B10.5).
    reasoning_details: bool = false,
    /// The limit of an answer where the client has none and the backend wants one (O11).
    default_max_tokens: u32 = 32_000,
    /// `temperature`, `top_p` and `top_k` are accepted (O13).
    sampling: bool = true,
    /// `stop` is accepted, of a backend that speaks Responses (N14).
    stop: bool = false,
    /// The types of tools that a Responses backend may run itself for clients (N4).
    hosted_tools: Vec<String> = Vec::new(),
    /// A Responses backend makes its own compactions (CO1, CO3).
    compact: bool = false,
    /// How an Anthropic backend is asked to think (O17).
    thinking_param: ThinkingParam = ThinkingParam::Adaptive,
    /// The form of `metadata.user_id` for an Anthropic backend.
    user_id: UserId = UserId::Pass,
    /// Betas that are taken out of the header `anthropic-beta`.
    deny_betas: Vec<String> = Vec::new(),
    /// The version of its API that an Anthropic backend is told: `client`, or one.
    anthropic_version: AnthropicVersion = AnthropicVersion::Client,
    /// Who counts tokens for an Anthropic backend (§7).
    count_tokens: CountTokens = CountTokens::Backend,
    /// Members that are taken out of every request, as paths such as `output_config.format` (B10.4).
    drop_fields: Vec<String> = Vec::new(),
    /// Merged into every request last; objects key by key (§2.1).
    extra_body: Map<String, Value> = Map::new(),
}

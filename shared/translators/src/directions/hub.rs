//! The hub as the first of two conversions writes for it (H1): nothing is lowered that the second one's backend may
//! take.

use super::dialect::FarDialect;
use crate::settings::{
    BackendSettings, Effort, InlineSystem, Pdf, ReasoningReplay, TextParts, ToolResultMedia, UserField,
};

/// The settings of the hub in front of a backend with `settings`, which the second conversion goes by.
pub(super) fn settings(settings: &BackendSettings, backend: FarDialect) -> BackendSettings {
    use Effort::{High, Low, Max, Medium, Minimal, None, Xhigh};
    BackendSettings {
        inline_system: InlineSystem::Inline,
        text_parts: TextParts::Array,
        pdf: Pdf::FilePart,
        tool_result_media: match settings.tool_result_media {
            ToolResultMedia::Reject => ToolResultMedia::Reject,
            ToolResultMedia::UserMessage | ToolResultMedia::Inline => ToolResultMedia::Inline,
        },
        // Neither dialect takes thinking that its vendor has not signed.
        reasoning_replay: ReasoningReplay::None,
        reasoning_details: true,
        effort_levels: vec![None, Minimal, Low, Medium, High, Xhigh, Max],
        stream_usage: false,
        user_field: match backend {
            FarDialect::Messages => UserField::User,
            FarDialect::Responses => settings.user_field,
        },
        verbosity: true,
        prompt_cache_key: true,
        service_tier: true,
        // Refused, shortened and counted once, in the client's own words.
        vision: settings.vision,
        tool_name_max: settings.tool_name_max,
        max_tools: settings.max_tools,
        max_stop: settings.max_stop,
        strict_tools: settings.strict_tools,
        cache: settings.cache,
        inference_geos: settings.inference_geos.clone(),
        client_fields: settings.client_fields.clone(),
        ..BackendSettings::default()
    }
}

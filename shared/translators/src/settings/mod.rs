//! The settings of a backend (§2.1). Every vendor difference is a setting; nothing else in the translators may depend
//! on a vendor or on a model's name.
//!
//! The translators read [`BackendSettings`]. An operator writes [`BackendOverrides`]: the same settings, each one
//! optional, over a [`Preset`].

mod backend;
pub mod changes;
mod describe;
mod fim;
mod presets;
mod values;
mod vendors;

use std::collections::BTreeMap;

use serde_json::Value;

pub use backend::{BackendOverrides, BackendSettings};
pub use describe::SettingInfo;
pub use fim::{Fim, FimTemplate};
pub use presets::Preset;
pub use values::{
    AnthropicVersion, Cache, CountTokens, Effort, InlineSystem, Limit, MaxTokensField, Pdf, Prefill, ReasoningParam,
    ReasoningReplay, RerankApi, Schema, SystemRole, TextParts, ThinkTags, ThinkingParam, Tokenizer, ToolChoiceSupport,
    ToolResultMedia, UnsignedCalls, UpstreamAuthErrors, UserField, UserId,
};

impl BackendSettings {
    /// The settings of a backend's entry: the name of its preset, and the settings over it.
    pub fn of_entry(preset: Option<&str>, settings: &BTreeMap<String, Value>) -> Result<Self, serde_json::Error> {
        let preset = preset
            .map(|name| serde_json::from_value(Value::from(name)))
            .transpose()?;
        let settings = settings.clone().into_iter().collect();
        Ok(Self::resolve(preset, &serde_json::from_value(Value::Object(settings))?))
    }

    /// The preset's settings with the operator's on top; without a preset, the defaults.
    pub fn resolve(preset: Option<Preset>, overrides: &BackendOverrides) -> Self {
        let mut settings = preset.map_or_else(Self::default, Preset::settings);
        settings.override_with(overrides);
        settings
    }

    /// The efforts that each of `backends` knows, in the order of the first.
    pub fn efforts_of_all(backends: &[Self]) -> Vec<Effort> {
        let known_to_all = |effort: &Effort| backends.iter().all(|backend| backend.effort_levels.contains(effort));
        let efforts = backends.first().map(|first| first.effort_levels.iter());
        efforts.into_iter().flatten().copied().filter(known_to_all).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_override_wins_over_the_preset_and_leaves_the_rest() {
        let overrides: BackendOverrides = serde_json::from_str(r#"{"max_tools": "none", "vision": false}"#).unwrap();
        let settings = BackendSettings::resolve(Some(Preset::Kimi), &overrides);
        assert_eq!(settings.max_tools, Limit::None);
        assert!(!settings.vision);
        assert_eq!(settings.max_stop, Limit::AtMost(5));
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        let error = serde_json::from_str::<BackendOverrides>(r#"{"max_tool": 3}"#).unwrap_err();
        assert!(error.to_string().contains("unknown field `max_tool`"), "{error}");
    }

    #[test]
    fn settings_survive_a_round_trip() {
        for preset in Preset::ALL.iter().copied() {
            let settings = preset.settings();
            let json = serde_json::to_string(&settings).unwrap();
            assert_eq!(
                serde_json::from_str::<BackendSettings>(&json).unwrap(),
                settings,
                "{json}"
            );
        }
    }
}

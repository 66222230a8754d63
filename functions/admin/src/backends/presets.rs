//! The choices of a form for a backend: known servers and vendors, and the settings with their values.

use serde::Serialize;
use serde_json::{Map, Value};
use service::http::json::Data;
use translators::settings::{BackendSettings, Preset, SettingInfo};

#[derive(Serialize)]
pub(crate) struct Presets {
    presets: Vec<PresetInfo>,
    settings: Vec<SettingInfo>,
}

#[derive(Serialize)]
struct PresetInfo {
    name: Preset,
    title: &'static str,
    base_url: &'static str,
    /// The settings that differ from the defaults.
    settings: Map<String, Value>,
}

/// `GET /api/v1/admin/presets`
pub(crate) async fn list_presets() -> Data<Presets> {
    let preset = |preset: Preset| PresetInfo {
        name: preset,
        title: preset.title(),
        base_url: preset.base_url(),
        settings: preset.differences(),
    };
    Data(Presets {
        presets: Preset::ALL.into_iter().map(preset).collect(),
        settings: BackendSettings::describe(),
    })
}

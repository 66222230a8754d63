//! The choices of a form for a backend: known servers and vendors, and the settings with their values.

use serde::Serialize;
use service::http::language::RefusalLanguage;
use service::http::messages;
use service::http::page::List;
use translators::settings::{BackendSettings, Preset, SettingInfo};

use super::vendors::{Endpoint, VENDORS, Vendor};

#[derive(Serialize)]
pub(crate) struct PresetInfo {
    id: Preset,
    name: &'static str,
    docs: &'static str,
    endpoints: &'static [Endpoint],
    /// All of them, as they are with this preset.
    settings: BackendSettings,
}

/// `GET /api/v1/admin/presets`
pub(crate) async fn list_presets() -> List<PresetInfo> {
    let preset = |vendor: &Vendor| PresetInfo {
        id: vendor.preset,
        name: vendor.name,
        docs: vendor.docs,
        endpoints: vendor.endpoints,
        settings: vendor.preset.settings(),
    };
    List::whole(VENDORS.iter().map(preset).collect())
}

/// `GET /api/v1/admin/backend-settings`
pub(crate) async fn list_settings(RefusalLanguage(language): RefusalLanguage) -> List<SettingInfo> {
    let told = |setting: SettingInfo| SettingInfo {
        help: messages::tell(&setting.help, language).text,
        ..setting
    };
    List::whole(BackendSettings::describe().into_iter().map(told).collect())
}

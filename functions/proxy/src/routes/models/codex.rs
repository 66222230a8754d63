//! The catalog that Codex reads beside the list (ML3). One entry that it cannot read, and it discards all of them: so
//! each member has a value that every version of it knows.

use domain::models::capability::Modality;
use domain::models::catalog::{Backend, Entry, Model};
use domain::models::usage::Endpoint;
use serde_json::{Value, json};
use translators::settings::BackendSettings;

/// The instructions for Codex where the model's administrator has written none: an empty text would leave it without
/// any (ML4).
const AGENT_INSTRUCTIONS: &str = include_str!("agent_instructions.md");

/// The efforts that Codex knows. `max` is not among them.
const EFFORTS: [&str; 6] = ["none", "minimal", "low", "medium", "high", "xhigh"];

/// The models of `entries` that answer a Responses client, the first of the list first in its picker.
pub(super) fn models(entries: &[&Entry]) -> Value {
    let answers = entries.iter().filter_map(|entry| Some((*entry, settings(entry)?)));
    let numbered = answers.zip(1..);
    numbered
        .map(|((entry, settings), priority)| model(&entry.model, &settings, priority))
        .collect()
}

/// The settings of the backends that answer; `None` if the model is none for a Responses client.
fn settings(entry: &Entry) -> Option<Vec<BackendSettings>> {
    let answers = |backend: &&Backend| backend.enabled && backend.protocol.serves(Endpoint::Responses);
    let backends = entry.backends.iter().filter(answers);
    // Settings of a version that knows more count as none.
    let settings =
        |backend: &Backend| BackendSettings::of_entry(backend.preset.as_deref(), &backend.settings).unwrap_or_default();
    let settings: Vec<BackendSettings> = backends.map(settings).collect();
    (entry.model.surely_answers(Endpoint::Responses) && !settings.is_empty()).then_some(settings)
}

fn model(model: &Model, backends: &[BackendSettings], priority: u32) -> Value {
    let mut entry = json!({
        "slug": model.id,
        "display_name": model.name,
        "description": model.description.as_deref().unwrap_or(model.name.as_str()),
        "supported_reasoning_levels": reasoning_levels(model, backends),
        "shell_type": "shell_command",
        "visibility": "list",
        "supported_in_api": true,
        "priority": priority,
        "base_instructions": instructions(model),
        "supports_reasoning_summaries": true,
        "support_verbosity": false,
        "default_verbosity": null,
        "apply_patch_tool_type": "freeform",
        "truncation_policy": {"mode": "tokens", "limit": 10_000},
        "supports_parallel_tool_calls": backends.iter().all(|settings| settings.parallel_tool_calls),
        "input_modalities": input_modalities(model, backends),
        "experimental_supported_tools": [],
        "prefer_websockets": false,
    });
    if let Some(window) = model.context_window {
        entry["context_window"] = window.into();
    }
    entry
}

fn instructions(model: &Model) -> &str {
    let written = model.agent_instructions.as_deref();
    written
        .filter(|text| !text.trim().is_empty())
        .unwrap_or(AGENT_INSTRUCTIONS)
}

fn reasoning_levels(model: &Model, backends: &[BackendSettings]) -> Vec<Value> {
    let offered = match model.reasoning_efforts.as_slice() {
        [] => json!(BackendSettings::efforts_of_all(backends)),
        efforts => json!(efforts),
    };
    let is_offered = |effort: &&&str| {
        offered
            .as_array()
            .is_some_and(|efforts| efforts.contains(&json!(effort)))
    };
    let known = EFFORTS.iter().filter(is_offered);
    known
        .map(|effort| json!({"effort": effort, "description": effort}))
        .collect()
}

/// Codex knows text and pictures, and gives up on others.
fn input_modalities(model: &Model, backends: &[BackendSettings]) -> Vec<Modality> {
    let sees = match model.input_modalities.as_slice() {
        [] => backends.iter().all(|settings| settings.vision),
        said => said.contains(&Modality::Image),
    };
    let mut modalities = vec![Modality::Text];
    modalities.extend(sees.then_some(Modality::Image));
    modalities
}

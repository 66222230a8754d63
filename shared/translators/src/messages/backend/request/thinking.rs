//! `reasoning_effort` (O17 to O20).

use serde_json::value::RawValue;

use super::body::{OutputConfig, OutputFormat, Parameters, ThinkingConfig};
use crate::chat::input::ChatInput;
use crate::chat::parameters::effort;
use crate::error::RequestError;
use crate::json::Json;
use crate::settings::{Effort, ThinkingParam};
use crate::to_hub::Scope;

/// The least budget that the API takes.
const MIN_BUDGET: u64 = 1024;

/// What decides if the model may think.
pub(super) struct Facts {
    /// The model must call a tool.
    pub(super) is_forced: bool,
    /// The conversation ends in results of calls whose thinking is lost.
    pub(super) continues_unsigned: bool,
    pub(super) max_tokens: u64,
}

/// Writes what is asked of the output: its effort and its format, and the thinking before it.
pub(super) fn write<'a>(
    request: &ChatInput<'a>,
    format: Option<OutputFormat<'a>>,
    facts: &Facts,
    scope: &mut Scope<'a>,
    parameters: &mut Parameters<'a>,
) -> Result<(), RequestError> {
    let effort = effort(request)?;
    let is_adaptive = scope.backend.thinking_param == ThinkingParam::Adaptive;
    let written = effort.filter(|effort| is_adaptive && *effort != Effort::None);
    let written = written.map(|effort| clamped(effort, &scope.backend.effort_levels));
    if written.is_some() || format.is_some() {
        parameters.output_config = Some(OutputConfig {
            effort: written,
            format,
        });
    }
    parameters.thinking = effort.and_then(|effort| thinking(effort, facts, scope));
    let thinks = matches!(
        parameters.thinking,
        Some(ThinkingConfig::Adaptive { .. } | ThinkingConfig::Enabled { .. })
    );
    if thinks {
        drop_sampling(parameters, scope);
    }
    Ok(())
}

/// The nearest lower effort that the backend knows, or its lowest.
fn clamped(effort: Effort, levels: &[Effort]) -> Effort {
    let known = levels.iter().filter(|level| **level != Effort::None);
    let lower = known.clone().filter(|level| **level <= effort).max();
    lower.or_else(|| known.min()).copied().unwrap_or(effort)
}

/// `None` where the API decides.
fn thinking(effort: Effort, facts: &Facts, scope: &mut Scope<'_>) -> Option<ThinkingConfig> {
    if effort == Effort::None {
        return Some(ThinkingConfig::Disabled);
    }
    if facts.is_forced {
        // Both together are refused (O18).
        scope.warnings.dropped("reasoning_effort");
        return Some(ThinkingConfig::Disabled);
    }
    if scope.backend.thinking_param == ThinkingParam::Adaptive {
        return Some(ThinkingConfig::Adaptive { display: "summarized" });
    }
    let budget_tokens = budget(effort).min(facts.max_tokens.saturating_sub(1));
    if facts.continues_unsigned || budget_tokens < MIN_BUDGET {
        scope.warnings.dropped("reasoning_effort");
        return None;
    }
    Some(ThinkingConfig::Enabled { budget_tokens })
}

fn budget(effort: Effort) -> u64 {
    match effort {
        Effort::None | Effort::Minimal | Effort::Low => 2048,
        Effort::Medium => 8192,
        Effort::High | Effort::Xhigh | Effort::Max => 24_576,
    }
}

/// Beside thinking the API refuses every value but 1 (O19).
fn drop_sampling(parameters: &mut Parameters<'_>, scope: &mut Scope<'_>) {
    let is_one = |json: &Json<'_>| RawValue::get(json).parse() == Ok(1.0_f64);
    for (name, value) in [
        ("temperature", &mut parameters.temperature),
        ("top_p", &mut parameters.top_p),
    ] {
        if value.take_if(|value| !is_one(value)).is_some() {
            scope.warnings.dropped(name);
        }
    }
    if parameters.top_k.take().is_some() {
        scope.warnings.dropped("top_k");
    }
}

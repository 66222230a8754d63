//! The amount of thinking that the client requests: `thinking` and `output_config.effort` (§3.8).

use crate::context::ThinkingDisplay;
use crate::error::{FieldPath, RequestError};
use crate::messages::wire::request::{MessagesBody, OutputConfig, ThinkingConfig};
use crate::settings::Effort;
use crate::to_hub::thinking::{Mode, ThinkingRequest};

pub(super) fn read(request: &MessagesBody<'_>, output: &OutputConfig<'_>) -> Result<ThinkingRequest, RequestError> {
    let path = FieldPath::root("thinking");
    let config: ThinkingConfig<'_> = request.thinking.object(path)?.unwrap_or_default();
    let kind = config.kind.word(path.field("type"))?;
    let mode = match kind.as_deref() {
        None if request.thinking.is_present() => return Err(path.field("type").missing()),
        None => None,
        Some("disabled" | "between_tools") => Some(Mode::Disabled),
        Some("enabled") => Some(Mode::Enabled {
            budget: config.budget_tokens.integer(path.field("budget_tokens"))?,
        }),
        Some("adaptive") => Some(Mode::Adaptive),
        Some(other) => return Err(path.field("type").error(format!("unknown type `{other}`"))),
    };
    let omitted = config.display.word(path.field("display"))?.as_deref() == Some("omitted");
    let display = match kind.as_deref() {
        Some("disabled") => ThinkingDisplay::Discarded,
        _ if omitted => ThinkingDisplay::Omitted,
        _ => ThinkingDisplay::Shown,
    };
    Ok(ThinkingRequest {
        mode,
        effort: effort(output)?,
        display,
        effort_field: "output_config.effort",
    })
}

fn effort(output: &OutputConfig<'_>) -> Result<Option<Effort>, RequestError> {
    let root = FieldPath::root("output_config");
    let path = root.field("effort");
    let Some(word) = output.effort.word(path)? else {
        return Ok(None);
    };
    Ok(Some(match word.as_ref() {
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        "xhigh" => Effort::Xhigh,
        "max" => Effort::Max,
        _ => return Err(path.error("must be one of low, medium, high, xhigh, max")),
    }))
}

//! The reasoning that the client asks for (R20), and how it is to be shown (RA3).

use crate::context::ThinkingDisplay;
use crate::error::{FieldPath, RequestError};
use crate::json::Field;
use crate::responses::wire::request::{InputItem, Reasoning, ResponsesBody};
use crate::sealed::ENCRYPTED_REASONING;
use crate::settings::Effort;
use crate::to_hub::thinking::{Mode, ThinkingRequest};

pub(super) struct ReasoningRequest {
    pub(super) thinking: ThinkingRequest,
    /// A summary is asked for.
    pub(super) summarizes: bool,
    /// Sealed reasoning is asked for, which the client can send back.
    pub(super) seals: bool,
}

impl ReasoningRequest {
    /// The request's `reasoning`, with the effort of the last `configuration_update` (R10).
    pub(super) fn read(request: &ResponsesBody<'_>, items: &[InputItem<'_>]) -> Result<Self, RequestError> {
        let root = FieldPath::root("reasoning");
        let reasoning = request.reasoning()?;
        let mut wanted = effort(reasoning.effort, root.field("effort"))?;
        for (i, item) in items.iter().enumerate() {
            if item.is("configuration_update") {
                let input = FieldPath::root("input");
                let path = input.index(i);
                let path = path.field("reasoning");
                let update: Reasoning<'_> = item.reasoning.object(path)?.unwrap_or_default();
                wanted = effort(update.effort, path.field("effort"))?.or(wanted);
            }
        }
        Ok(Self {
            thinking: ThinkingRequest {
                mode: (wanted == Some(Effort::None)).then_some(Mode::Disabled),
                effort: wanted.filter(|effort| *effort != Effort::None),
                display: ThinkingDisplay::Shown,
                effort_field: "reasoning.effort",
            },
            summarizes: reasoning.summary().is_present(),
            seals: request.includes(ENCRYPTED_REASONING)?,
        })
    }

    /// True if the model is to think.
    pub(super) fn is_on(&self) -> bool {
        self.thinking.effort.is_some()
    }

    /// True if the client asks for thinking, or to be shown some.
    pub(super) fn is_asked_for(&self) -> bool {
        self.is_on() || self.summarizes
    }
}

fn effort(field: Field<'_>, path: FieldPath<'_>) -> Result<Option<Effort>, RequestError> {
    let Some(word) = field.word(path)? else {
        return Ok(None);
    };
    Ok(Some(match word.as_ref() {
        "none" => Effort::None,
        "minimal" => Effort::Minimal,
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        "xhigh" => Effort::Xhigh,
        "max" => Effort::Max,
        _ => return Err(path.error("must be one of none, minimal, low, medium, high, xhigh, max")),
    }))
}

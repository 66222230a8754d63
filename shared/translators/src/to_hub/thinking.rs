//! The amount of thinking as a backend is asked for it (the second table of §3.8).

use crate::chat::request::{ChatTemplateKwargs, Parameters, ThinkingObject};
use crate::context::ThinkingDisplay;
use crate::settings::{BackendSettings, Effort, ReasoningParam};

use super::Scope;

/// The thinking that the client requests.
pub(crate) struct ThinkingRequest {
    pub mode: Option<Mode>,
    pub effort: Option<Effort>,
    pub display: ThinkingDisplay,
    /// The client's name of the effort, for warnings.
    pub effort_field: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Disabled,
    Enabled { budget: Option<i64> },
    Adaptive,
}

impl ThinkingRequest {
    /// The form in which the client gets the backend's reasoning.
    pub(crate) fn display(&self) -> ThinkingDisplay {
        self.display
    }

    pub(crate) fn is_on(&self) -> bool {
        matches!(self.mode, Some(Mode::Enabled { .. } | Mode::Adaptive))
    }

    pub(crate) fn write(&self, has_tools: bool, scope: &mut Scope<'_>, parameters: &mut Parameters<'_>) {
        let backend = scope.backend;
        let is_disabled = self.mode == Some(Mode::Disabled);
        match backend.reasoning_param {
            ReasoningParam::ReasoningEffort if is_disabled => {
                parameters.reasoning_effort = clamp(Effort::None, &backend.effort_levels);
            }
            ReasoningParam::ReasoningEffort => self.write_effort(scope, parameters),
            ReasoningParam::ThinkingObject => {
                parameters.thinking = self.thinking_object(has_tools, backend);
                if !is_disabled {
                    self.write_effort(scope, parameters);
                }
            }
            ReasoningParam::EnableThinking => {
                parameters.enable_thinking = self.mode.map(|_| self.is_on());
                parameters.thinking_budget = self.budget();
                self.warn_of_effort(scope);
            }
            ReasoningParam::ChatTemplateKwargs => {
                let kwargs = |_| ChatTemplateKwargs {
                    enable_thinking: self.is_on(),
                };
                parameters.chat_template_kwargs = self.mode.map(kwargs);
                self.warn_of_effort(scope);
            }
            ReasoningParam::None => {
                if self.mode.is_some() {
                    scope.warnings.dropped("thinking");
                }
                self.warn_of_effort(scope);
            }
        }
    }

    /// The requested effort, or else the one that the budget stands for, as the nearest that the backend has.
    fn write_effort(&self, scope: &mut Scope<'_>, parameters: &mut Parameters<'_>) {
        let levels = &scope.backend.effort_levels;
        let wish = self.effort.or_else(|| self.budget().map(effort_of_budget));
        parameters.reasoning_effort = wish.and_then(|wish| clamp(wish, levels));
        if levels.is_empty() {
            self.warn_of_effort(scope);
        }
    }

    fn thinking_object(&self, has_tools: bool, backend: &BackendSettings) -> Option<ThinkingObject> {
        self.mode?;
        let kind = if self.is_on() { "enabled" } else { "disabled" };
        let preserve = backend.preserve_thinking && has_tools && self.is_on();
        Some(ThinkingObject {
            kind,
            clear_thinking: preserve.then_some(false),
        })
    }

    fn budget(&self) -> Option<i64> {
        match self.mode {
            Some(Mode::Enabled { budget }) => budget,
            _ => None,
        }
    }

    fn warn_of_effort(&self, scope: &mut Scope<'_>) {
        if self.effort.is_some() {
            scope.warnings.dropped(self.effort_field);
        }
    }
}

fn effort_of_budget(budget: i64) -> Effort {
    match budget {
        ..4096 => Effort::Low,
        4096..16384 => Effort::Medium,
        _ => Effort::High,
    }
}

/// The nearest level that is not above the wish, or else the lowest; nothing where there are no levels.
pub(crate) fn clamp(wish: Effort, levels: &[Effort]) -> Option<Effort> {
    let not_above = levels.iter().filter(|level| **level <= wish).max();
    not_above.or_else(|| levels.iter().min()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn th_effort_is_clamped_to_the_nearest_lower_level_or_the_lowest() {
        use Effort::{High, Low, Max, Medium, Xhigh};
        assert_eq!(clamp(Xhigh, &[Low, Medium, High]), Some(High));
        assert_eq!(clamp(Medium, &[Max, Low, High]), Some(Low));
        assert_eq!(clamp(Low, &[High, Max]), Some(High));
        assert_eq!(clamp(Effort::None, &[Low, Medium]), Some(Low));
        assert_eq!(clamp(Low, &[]), None);
    }
}

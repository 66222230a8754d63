//! The input that all steps of a translation share, and the warnings that they add to.

use std::borrow::Cow;

use crate::json::Members;
use crate::settings::BackendSettings;
use crate::tool_names::ToolNames;

pub(super) struct Scope<'a> {
    pub backend: &'a BackendSettings,
    pub names: &'a ToolNames,
    pub warnings: Warnings,
}

impl<'a> Scope<'a> {
    /// A tool's name as the backend gets it.
    pub(super) fn backend_name(&self, name: Cow<'a, str>) -> Cow<'a, str> {
        match name {
            Cow::Borrowed(name) => self.names.to_backend(name),
            Cow::Owned(name) => Cow::Owned(self.names.to_backend(&name).into_owned()),
        }
    }
}

/// Limits of the warnings: their names may be the client's.
const MOST_NAMES: usize = 32;
const LONGEST_NAME: usize = 64;

/// The names of fields that were dropped (P2), each once.
#[derive(Debug, Default)]
pub(super) struct Warnings(Vec<String>);

impl Warnings {
    /// Names may be the client's own, and they end up in a header.
    pub(super) fn dropped(&mut self, field: &str) {
        let safe = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let name: String = field
            .chars()
            .take(LONGEST_NAME)
            .map(|c| if safe(c) { c } else { '_' })
            .collect();
        if self.0.len() < MOST_NAMES && !self.0.contains(&name) {
            self.0.push(name);
        }
    }

    /// Unknown members (P3) of something that has no counterpart which could carry them.
    pub(super) fn dropped_all(&mut self, members: &Members<'_>) {
        for name in members.names() {
            self.dropped(name);
        }
    }

    pub(super) fn into_names(self) -> Vec<String> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p2_each_name_is_told_once_and_is_fit_for_a_header() {
        let mut warnings = Warnings::default();
        for field in ["top_k", "ev\r\nil: ü", "top_k"] {
            warnings.dropped(field);
        }
        assert_eq!(warnings.into_names(), ["top_k", "ev__il___"]);
    }
}

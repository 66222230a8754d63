//! The input that all steps of a translation share.

use std::borrow::Cow;

use crate::settings::BackendSettings;
use crate::tool_names::ToolNames;
use crate::warnings::Warnings;

/// What all steps share, and the warnings that they add to.
pub(super) struct Scope<'a> {
    pub(super) backend: &'a BackendSettings,
    pub(super) names: &'a ToolNames,
    pub(super) warnings: Warnings,
}

impl<'a> Scope<'a> {
    /// A tool's name as the backend gets it.
    pub(super) fn backend_name(&self, name: &Cow<'a, str>) -> Cow<'a, str> {
        Cow::Owned(self.names.to_backend(name).into_owned())
    }
}

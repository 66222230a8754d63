//! The input that all steps of a translation share.

use std::borrow::Cow;

use crate::settings::BackendSettings;
use crate::tool_names::ToolNames;
use crate::warnings::Warnings;

pub(crate) struct Scope<'a> {
    pub backend: &'a BackendSettings,
    pub names: &'a ToolNames,
    pub warnings: Warnings,
}

impl<'a> Scope<'a> {
    /// A tool's name as the backend gets it.
    pub(crate) fn backend_name(&self, name: Cow<'a, str>) -> Cow<'a, str> {
        match name {
            Cow::Borrowed(name) => self.names.to_backend(name),
            Cow::Owned(name) => Cow::Owned(self.names.to_backend(&name).into_owned()),
        }
    }
}

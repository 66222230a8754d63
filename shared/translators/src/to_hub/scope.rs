//! The input that all steps of a translation share.

use std::borrow::Cow;

use crate::sealed::Sealer;
use crate::settings::BackendSettings;
use crate::tool_names::ToolNames;
use crate::warnings::Warnings;

/// The facts that all steps share, and the warnings that they add to.
pub(crate) struct Scope<'a> {
    pub backend: &'a BackendSettings,
    pub names: &'a ToolNames,
    /// Opens what the client brings back.
    pub sealer: &'a dyn Sealer,
    pub warnings: Warnings,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(backend: &'a BackendSettings, names: &'a ToolNames, sealer: &'a dyn Sealer) -> Self {
        Self {
            backend,
            names,
            sealer,
            warnings: Warnings::default(),
        }
    }

    /// A tool's name as the backend gets it.
    pub(crate) fn backend_name(&self, name: Cow<'a, str>) -> Cow<'a, str> {
        match name {
            Cow::Borrowed(name) => self.names.to_backend(name),
            Cow::Owned(name) => Cow::Owned(self.names.to_backend(&name).into_owned()),
        }
    }
}

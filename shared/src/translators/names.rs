//! Tool names on both sides (NA1-NA3).

use std::borrow::Cow;

#[derive(Debug, Clone, Default)]
pub struct ToolNames {}

impl ToolNames {
    pub fn to_client<'a>(&self, name: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(name)
    }
}

//! Tool names on both sides (NA1-NA3).

use std::borrow::Cow;

/// Marks a client id that is the lower-case hex of the backend's id (ID1, ID2).
pub const ENCODED_ID_PREFIX: &str = "toolu_x";

#[derive(Debug, Clone, Default)]
pub struct ToolNames {}

impl ToolNames {
    pub fn to_client<'n>(&'n self, name: &'n str) -> Cow<'n, str> {
        Cow::Borrowed(name)
    }
}

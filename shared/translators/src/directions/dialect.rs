//! The dialects of the table.

/// A dialect that both clients and backends speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiDialect {
    /// `OpenAI` Chat Completions, the hub.
    Chat,
    /// Anthropic Messages.
    Messages,
    /// `OpenAI` Responses.
    Responses,
}

/// A backend's dialect that is not the hub's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FarDialect {
    Messages,
    Responses,
}

impl ApiDialect {
    pub const ALL: [Self; 3] = [Self::Chat, Self::Messages, Self::Responses];

    /// The dialect, if it is not the hub's own.
    pub fn far(self) -> Option<FarDialect> {
        match self {
            Self::Chat => None,
            Self::Messages => Some(FarDialect::Messages),
            Self::Responses => Some(FarDialect::Responses),
        }
    }
}

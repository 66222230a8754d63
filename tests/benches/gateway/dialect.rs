//! The dialects of clients and backends.

use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Chat,
    Messages,
    Responses,
}

impl Dialect {
    pub(crate) const ALL: [Self; 3] = [Self::Chat, Self::Messages, Self::Responses];

    /// The protocol of a backend that speaks it.
    pub(crate) fn protocol(self) -> &'static str {
        match self {
            Self::Chat => "openai",
            Self::Messages => "anthropic",
            Self::Responses => "responses",
        }
    }

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Messages => "/v1/messages",
            Self::Responses => "/v1/responses",
        }
    }

    /// The gateway's name of the model `spoken` behind a backend that speaks this dialect.
    pub(crate) fn model(self, spoken: &str) -> String {
        match self {
            Self::Chat => spoken.to_owned(),
            Self::Messages | Self::Responses => format!("{spoken}-{}", self.protocol()),
        }
    }

    /// A request with `content` of the user, as parts or as text.
    pub(crate) fn request(self, model: &str, stream: bool, content: &Value) -> Value {
        let messages = json!([{"role": "user", "content": content}]);
        match self {
            Self::Chat | Self::Messages => {
                json!({"model": model, "stream": stream, "max_tokens": 100, "messages": messages})
            }
            Self::Responses => {
                json!({"model": model, "stream": stream, "max_output_tokens": 100, "store": false, "input": messages})
            }
        }
    }
}

//! What a model is for, which decides the endpoints that it may be called at.

use serde::{Deserialize, Serialize};

use super::usage::Endpoint;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelKind {
    Chat,
    Completion,
    Embedding,
    Rerank,
}

impl ModelKind {
    /// The kind that answers at `endpoint`.
    pub fn at(endpoint: Endpoint) -> Self {
        match endpoint {
            Endpoint::ChatCompletions | Endpoint::Messages | Endpoint::Responses => Self::Chat,
            Endpoint::Completions => Self::Completion,
            Endpoint::Embeddings => Self::Embedding,
            Endpoint::Rerank => Self::Rerank,
        }
    }

    /// The endpoint that models of this kind are made for.
    pub fn endpoint(self) -> Endpoint {
        match self {
            Self::Chat => Endpoint::ChatCompletions,
            Self::Completion => Endpoint::Completions,
            Self::Embedding => Endpoint::Embeddings,
            Self::Rerank => Endpoint::Rerank,
        }
    }

    /// A model of this kind, with its article.
    pub fn described(self) -> &'static str {
        match self {
            Self::Chat => "a chat model",
            Self::Completion => "a completion model",
            Self::Embedding => "an embedding model",
            Self::Rerank => "a rerank model",
        }
    }
}

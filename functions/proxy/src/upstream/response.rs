//! A backend's response from its first byte on.

use std::time::Duration;

use http::HeaderMap;

use super::first_event::StartedStream;
use crate::response::outcome::FullResponse;

pub(crate) struct BackendResponse {
    pub(crate) content: Content,
    /// The headers of it that the client gets.
    pub(crate) headers: HeaderMap,
    /// Fields of the client's request that the backend did not get.
    pub(crate) warnings: Vec<String>,
    /// Silence of the backend, after which the response is cut short.
    pub(crate) idle: Duration,
}

pub(crate) enum Content {
    Full(Box<FullResponse>),
    Stream(Box<StartedStream>),
}

impl Content {
    pub(crate) fn full(response: FullResponse) -> Self {
        Self::Full(Box::new(response))
    }

    /// The backend's id of a response that the client knows by another one (translation.md §4.1).
    pub(crate) fn upstream_id(&self) -> Option<&str> {
        match self {
            Self::Full(response) => response.translation.upstream_id.as_deref(),
            Self::Stream(started) => started.stream.upstream_id(),
        }
    }
}

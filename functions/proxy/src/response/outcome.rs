//! What the conversion of a response comes to.

use bytes::Bytes;
use translators::error::BackendError;
use translators::stream::{Progress, Repairs};

use super::usage::UsageReport;

/// A response that is not streamed, as the client gets it.
#[derive(Debug)]
pub(crate) struct FullResponse {
    pub(crate) body: Bytes,
    pub(crate) usage: UsageReport,
    pub(crate) translation: TranslationLog,
}

/// The frames for the client that a chunk of the backend's came to.
#[derive(Debug)]
pub(crate) struct StreamChunk {
    pub(crate) frames: Vec<Bytes>,
    pub(crate) progress: Progress,
}

/// A stream that is over.
#[derive(Debug)]
pub(crate) struct StreamEnding {
    /// The final frames for the client.
    pub(crate) frames: Vec<Bytes>,
    pub(crate) usage: UsageReport,
    /// True if the backend sent anything to be passed on (promise 42).
    pub(crate) delivered: bool,
    pub(crate) result: Result<(), BackendError>,
    pub(crate) translation: TranslationLog,
}

/// Fields of the log line about what had to be done to a response.
#[derive(Clone, Debug, Default)]
pub(crate) struct TranslationLog {
    /// The backend's id of the response (translation.md §4.1).
    pub(crate) upstream_id: Option<String>,
    /// Tool calls without a name, which were left out (translation.md §5.6).
    pub(crate) nameless_calls: usize,
    /// What had to be put right in it.
    pub(crate) repairs: Repairs,
}

//! What `benches/forward.rs` measures. Nothing else calls it.

use bytes::Bytes;
use translators::sse::Decoder;

use crate::response::context::PassthroughContext;
use crate::response::passthrough::Passthrough;

pub use crate::request::ChatRequest;
pub use crate::upstream::balance::{Candidate, pick};

/// A stream that is passed through.
#[derive(Debug)]
pub struct PassthroughStream {
    decoder: Decoder,
    passthrough: Passthrough,
}

impl PassthroughStream {
    /// A stream of chat chunks, for a client that calls the model `name`.
    pub fn chat(name: &str) -> Self {
        Self {
            decoder: Decoder::new(1024 * 1024),
            passthrough: Passthrough::chat(PassthroughContext::named(name)),
        }
    }

    /// Passes a chunk on, and gives the number of frames.
    pub fn feed(&mut self, chunk: Bytes) -> usize {
        self.passthrough.feed(&mut self.decoder, chunk).frames.len()
    }
}

//! What `benches/forward.rs` measures. Nobody else calls it.

use bytes::Bytes;
use translators::sse::Decoder;

use crate::response::model_name::Naming;
use crate::response::passthrough::Watch;

pub use crate::request::ChatAsk;
pub use crate::upstream::balance::{Candidate, pick};

/// A stream that is passed on as it is.
#[derive(Debug)]
pub struct Watching {
    decoder: Decoder,
    watch: Watch,
}

impl Watching {
    /// Of chat chunks, for a client that calls the model `name`.
    pub fn chat(name: &str) -> Self {
        Self {
            decoder: Decoder::new(1024 * 1024),
            watch: Watch::chat(Naming::new(name), false),
        }
    }

    /// Passes a chunk on: how many frames it came to.
    pub fn pass(&mut self, chunk: Bytes) -> usize {
        self.watch.take(&mut self.decoder, chunk).frames.len()
    }
}

//! What a backend gets that differs from what the client sent: the client's bytes, with others between them.

use std::ops::Range;

use bytes::Bytes;
use service::outbound::Pieces;

/// Bytes in the place of others.
#[derive(Clone, Debug)]
pub(crate) struct Splice {
    pub(crate) at: Range<usize>,
    pub(crate) with: Bytes,
}

impl Splice {
    /// `model_name` as a JSON text in the place of the name there.
    pub(crate) fn model(at: Range<usize>, model_name: &str) -> Self {
        Self {
            at,
            with: serde_json::Value::from(model_name).to_string().into(),
        }
    }
}

/// `body` with each splice in its place, none within another.
pub(crate) fn spliced(body: &Bytes, mut splices: Vec<Splice>) -> Pieces {
    if splices.is_empty() {
        return body.clone().into();
    }
    splices.sort_by_key(|splice| splice.at.start);
    let (mut pieces, mut passed) = (Vec::with_capacity(2 * splices.len() + 1), 0);
    for Splice { at, with } in splices {
        pieces.extend([body.slice(passed..at.start), with]);
        passed = at.end;
    }
    pieces.push(body.slice(passed..));
    pieces.into_iter().collect()
}

#[cfg(test)]
pub(crate) fn joined(pieces: &Pieces) -> Vec<u8> {
    pieces.iter().flatten().copied().collect()
}

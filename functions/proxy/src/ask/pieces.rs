//! What is sent to a backend: the client's bytes, with other bytes between them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A body of a few pieces of known length, sent without being joined.
#[derive(Clone, Debug)]
pub(crate) struct Pieces(VecDeque<Bytes>);

/// Bytes in the place of others.
#[derive(Clone, Debug)]
pub(crate) struct Splice {
    pub(crate) at: Range<usize>,
    pub(crate) with: Bytes,
}

impl Splice {
    /// `model_name` as a JSON text in the place of the name there.
    pub(crate) fn model(at: Range<usize>, model_name: &str) -> Self {
        Self { at, with: serde_json::Value::from(model_name).to_string().into() }
    }
}

impl From<Bytes> for Pieces {
    fn from(body: Bytes) -> Self {
        Self(VecDeque::from([body]))
    }
}

impl Pieces {
    /// `body` with each splice in its place, none within another.
    pub(crate) fn spliced(body: &Bytes, mut splices: Vec<Splice>) -> Self {
        splices.sort_by_key(|splice| splice.at.start);
        let (mut pieces, mut passed) = (VecDeque::with_capacity(2 * splices.len() + 1), 0);
        for Splice { at, with } in splices {
            pieces.extend([body.slice(passed..at.start), with]);
            passed = at.end;
        }
        pieces.push_back(body.slice(passed..));
        Self(pieces)
    }

    #[cfg(test)]
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        self.0.iter().flatten().copied().collect()
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

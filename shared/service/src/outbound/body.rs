//! What is sent: a few pieces of bytes, one behind the other.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// A body of pieces of known length, sent without being joined. None at all is an empty body.
#[derive(Clone, Debug, Default)]
pub struct Pieces(VecDeque<Bytes>);

impl From<Bytes> for Pieces {
    fn from(body: Bytes) -> Self {
        Self(VecDeque::from([body]))
    }
}

impl FromIterator<Bytes> for Pieces {
    fn from_iter<I: IntoIterator<Item = Bytes>>(pieces: I) -> Self {
        // An empty frame would be written as one, to no end.
        Self(pieces.into_iter().filter(|piece| !piece.is_empty()).collect())
    }
}

impl Pieces {
    /// The pieces that are left.
    pub fn iter(&self) -> impl Iterator<Item = &Bytes> {
        self.0.iter()
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

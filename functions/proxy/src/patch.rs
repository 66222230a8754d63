//! Changes of a JSON text at known places, by bytes: the rest stays as it was written, and nothing is serialized again.
//! Pure.

use std::ops::Range;

use bytes::Bytes;
use serde_json::Value;
use service::outbound::Pieces;

/// A range of bytes within a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    start: usize,
    end: usize,
}

/// The value is no slice of the text.
#[derive(Debug, thiserror::Error)]
#[error("the value is no part of the text")]
pub(crate) struct NotWithin;

/// Bytes that take the place of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Patch {
    span: Span,
    with: Bytes,
}

impl Span {
    /// The place of `part`, a slice of `whole`. The only pointer arithmetic of the proxy.
    pub(crate) fn of(part: &[u8], whole: &[u8]) -> Result<Self, NotWithin> {
        let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr());
        let start = start.ok_or(NotWithin)?;
        let end = start + part.len();
        if end <= whole.len() {
            Ok(Self { start, end })
        } else {
            Err(NotWithin)
        }
    }

    /// The first `length` bytes.
    pub(crate) fn first(length: usize) -> Self {
        Self { start: 0, end: length }
    }

    pub(crate) fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

impl Patch {
    pub(crate) fn replace(span: Span, with: impl Into<Bytes>) -> Self {
        Self {
            span,
            with: with.into(),
        }
    }

    /// Replaces a span by `text` as a JSON string.
    pub(crate) fn replace_string(span: Span, text: &str) -> Self {
        Self::replace(span, Value::from(text).to_string())
    }

    pub(crate) fn remove(span: Span) -> Self {
        Self::replace(span, Bytes::new())
    }

    /// Inserts before the byte at `position`.
    pub(crate) fn insert(position: usize, with: impl Into<Bytes>) -> Self {
        let span = Span {
            start: position,
            end: position,
        };
        Self::replace(span, with)
    }

    /// The same patch for a longer text, in which its own text starts at `offset`.
    #[must_use]
    pub(crate) fn shifted(self, offset: usize) -> Self {
        let Span { start, end } = self.span;
        Self {
            span: Span {
                start: start + offset,
                end: end + offset,
            },
            ..self
        }
    }
}

/// `text` with the patches, as one buffer. They are in the order of their places and do not overlap.
pub(crate) fn patched(text: &[u8], patches: &[Patch]) -> Bytes {
    let added: usize = patches.iter().map(|patch| patch.with.len()).sum();
    let mut result = Vec::with_capacity(text.len() + added);
    walk(text.len(), patches, |kept, with| {
        result.extend_from_slice(&text[kept]);
        result.extend_from_slice(with);
    });
    result.into()
}

/// The patches in the order of their places. An insertion goes before a removal that begins at the same byte.
pub(crate) fn in_order(mut patches: Vec<Patch>) -> Vec<Patch> {
    patches.sort_by_key(|patch| (patch.span.start, patch.span.end));
    patches
}

/// `body` with the patches, in pieces that share the body's memory. They may be in any order and do not overlap.
pub(crate) fn patched_pieces(body: &Bytes, mut patches: Vec<Patch>) -> Pieces {
    if patches.is_empty() {
        return body.clone().into();
    }
    patches = in_order(patches);
    let mut pieces = Vec::with_capacity(2 * patches.len() + 1);
    walk(body.len(), &patches, |kept, with| {
        pieces.extend([body.slice(kept), with.clone()]);
    });
    pieces.into_iter().collect()
}

/// Visits what is kept of a text of `length` bytes, each range with the bytes that follow it in the result.
fn walk(length: usize, patches: &[Patch], mut visit: impl FnMut(Range<usize>, &Bytes)) {
    let mut done = 0;
    for Patch { span, with } in patches {
        visit(done..span.start, with);
        done = span.end;
    }
    visit(done..length, &Bytes::new());
}

#[cfg(test)]
pub(crate) fn joined(pieces: &Pieces) -> Vec<u8> {
    pieces.iter().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_found_within_its_own_text_only() {
        let text = b"0123456789";
        assert_eq!(Span::of(&text[3..5], text).unwrap().range(), 3..5);
        assert_eq!(Span::of(&text[..0], text).unwrap().range(), 0..0);
        assert_eq!(Span::of(text, text).unwrap().range(), 0..10);
        assert!(Span::of(&text[..3], &text[1..]).is_err(), "begins before it");
        assert!(Span::of(&text[3..], &text[..9]).is_err(), "ends behind it");
    }

    #[test]
    fn both_forms_of_the_result_are_the_same_bytes() {
        let text = Bytes::from_static(b"0123456789");
        let span = |range: Range<usize>| Span::of(&text[range], &text).unwrap();
        let patches = [
            Patch::insert(0, "<"),
            Patch::replace(span(2..4), "longer"),
            Patch::remove(span(4..6)),
            Patch::remove(Span::first(1)).shifted(9),
            Patch::insert(10, ">"),
        ];
        assert_eq!(patched(&text, &patches).as_ref(), b"<01longer678>");
        let reversed = patches.into_iter().rev().collect();
        assert_eq!(joined(&patched_pieces(&text, reversed)), b"<01longer678>");
    }

    #[test]
    fn a_body_without_patches_is_not_copied() {
        let body = Bytes::from_static(b"{}");
        let pieces = patched_pieces(&body, Vec::new());
        assert!(pieces.iter().all(|piece| piece.as_ptr() == body.as_ptr()));
    }
}

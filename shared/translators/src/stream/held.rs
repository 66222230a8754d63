//! Text and thinking that wait for a tool call to finish.

use bytes::BytesMut;

use super::content::{ContentKind, ContentWriter};
use crate::json::EscapedText;

/// Text and thinking that wait for a tool call to finish, escaped.
#[derive(Debug, Default)]
pub(super) struct HeldText {
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Piece {
    kind: ContentKind,
    text: String,
    /// The calls that had come before it.
    calls: usize,
}

impl HeldText {
    /// Writes what no call comes before but the first `calls`.
    pub(super) fn write(&mut self, calls: usize, content: &mut impl ContentWriter, out: &mut BytesMut) {
        let end = self.pieces.iter().take_while(|piece| piece.calls <= calls).count();
        if is_worth_sending(&self.pieces[..end]) {
            for piece in self.pieces.drain(..end) {
                content.write(piece.kind, EscapedText::from_escaped(&piece.text), out);
            }
        }
    }

    /// Holds a text that comes when so many calls have come.
    pub(super) fn push(&mut self, kind: ContentKind, text: EscapedText<'_>, calls: usize) {
        match self.pieces.last_mut() {
            Some(last) if last.kind == kind && last.calls == calls => last.text.push_str(text.escaped()),
            _ => self.pieces.push(Piece {
                kind,
                text: text.escaped().to_owned(),
                calls,
            }),
        }
    }

    /// White space between and after calls waits for text, and is dropped if none follows.
    pub(super) fn is_worth_sending(&self) -> bool {
        is_worth_sending(&self.pieces)
    }
}

fn is_worth_sending(pieces: &[Piece]) -> bool {
    let is_blank = |piece: &Piece| EscapedText::from_escaped(&piece.text).is_blank();
    pieces
        .iter()
        .any(|piece| piece.kind != ContentKind::Text || !is_blank(piece))
}

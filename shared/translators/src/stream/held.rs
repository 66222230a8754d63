//! Text and thinking that wait for a tool call to finish.

use super::content::ContentKind;
use crate::json::EscapedText;

/// Text and thinking that wait for a tool call to finish, escaped.
#[derive(Debug, Default)]
pub(super) struct HeldText {
    pieces: Vec<(ContentKind, String)>,
}

impl HeldText {
    pub(super) fn take(&mut self) -> Vec<(ContentKind, String)> {
        std::mem::take(&mut self.pieces)
    }

    pub(super) fn push(&mut self, kind: ContentKind, text: EscapedText<'_>) {
        match self.pieces.last_mut() {
            Some((last, held)) if *last == kind => held.push_str(text.escaped()),
            _ => self.pieces.push((kind, text.escaped().to_owned())),
        }
    }

    /// White space between and after calls waits for text, and is dropped if none follows.
    pub(super) fn is_worth_sending(&self) -> bool {
        let blank = |text: &String| EscapedText::from_escaped(text).is_blank();
        self.pieces
            .iter()
            .any(|(kind, text)| *kind != ContentKind::Text || !blank(text))
    }
}

//! Texts in pieces as servers send them: whole, a token each, by chance, a character each.

use crate::rng::Rng;

/// Longer texts are one piece.
const WHOLE_FROM: usize = 10_000;

/// The pieces of `text` in order, none of them empty.
pub(crate) fn pieces(text: &str, rng: &mut Rng) -> Vec<String> {
    let longest = match rng.below(6) {
        0 | 1 => usize::MAX,
        2 | 3 => 5,
        4 => 20,
        // A character each is dear where the text is long.
        _ if text.len() < 300 => 1,
        _ => 60,
    };
    let longest = if text.len() > WHOLE_FROM { usize::MAX } else { longest };
    if longest == usize::MAX {
        return if text.is_empty() {
            Vec::new()
        } else {
            vec![text.to_owned()]
        };
    }
    let mut pieces = Vec::new();
    let mut piece = String::new();
    let (mut length, mut longest_now) = (0, rng.between(1, longest + 1));
    for character in text.chars() {
        piece.push(character);
        length += 1;
        if length >= longest_now {
            pieces.push(std::mem::take(&mut piece));
            (length, longest_now) = (0, rng.between(1, longest + 1));
        }
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}

//! One message of the catalogue.

/// A message: parameters stand in braces, the same ones in both languages.
#[derive(Debug)]
pub struct Row {
    /// For programs: what the message says, whatever the language.
    pub code: &'static str,
    pub(super) english: &'static str,
    pub(super) chinese: &'static str,
}

pub(super) const fn row(code: &'static str, english: &'static str, chinese: &'static str) -> Row {
    Row { code, english, chinese }
}

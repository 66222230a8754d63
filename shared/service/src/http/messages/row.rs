//! One message of the catalogue.

/// A message: parameters stand in braces, the same ones in both languages.
#[derive(Debug)]
pub struct Row {
    /// The name of the message for programs, whatever the language.
    pub code: &'static str,
    pub(super) english: &'static str,
    pub(super) chinese: &'static str,
}

pub(super) const fn row(code: &'static str, english: &'static str, chinese: &'static str) -> Row {
    Row { code, english, chinese }
}

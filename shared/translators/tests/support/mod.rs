//! Stand-ins for keys and for chance, for tests of several files.

pub(crate) mod random;

use std::fmt::Write as _;

use translators::sealed::{SealedKind, Sealer};

/// Writes each byte as two digits behind the kind: enough to see what is sealed, and as what. A request may bring as
/// many bytes.
#[derive(Debug)]
pub(crate) struct Hex(pub(crate) usize);

impl Sealer for Hex {
    fn seal(&self, kind: SealedKind, content: &str) -> Option<String> {
        let mut sealed = format!("{}-", kind.as_str());
        for byte in content.bytes() {
            write!(sealed, "{byte:02x}").unwrap();
        }
        Some(sealed)
    }

    fn open(&self, kind: SealedKind, sealed: &str) -> Option<String> {
        let digits = sealed.strip_prefix(&format!("{}-", kind.as_str()))?;
        let bytes: Option<Vec<u8>> = (0..digits.len() / 2)
            .map(|at| u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok())
            .collect();
        String::from_utf8(bytes?).ok()
    }

    fn most_in_request(&self) -> usize {
        self.0
    }
}

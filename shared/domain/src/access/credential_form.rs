//! The form of texts that open something: a prefix, random characters of base 62, six characters of checksum.

use crate::random;

const CHECKSUM: usize = 6;

/// The form of one kind of such texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CredentialForm {
    /// Shows scanners for leaked secrets where one comes from.
    prefix: &'static str,
    /// Random characters, of log2(62) = 5.95 bits each.
    random: usize,
}

impl CredentialForm {
    pub const fn new(prefix: &'static str, random: usize) -> Self {
        Self { prefix, random }
    }

    /// A new text, which nobody can guess.
    pub fn generate(&self) -> String {
        let mut text = format!("{}{}", self.prefix, random::base62(self.random));
        text.push_str(std::str::from_utf8(&checksum(text.as_bytes())).unwrap_or_default());
        text
    }

    /// True if `text` has this form and its checksum is right. Nothing is allocated.
    pub fn fits(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let formed = bytes.len() == self.length() && self.begins(text);
        let parts = bytes.split_at_checked(self.length() - CHECKSUM);
        formed && parts.is_some_and(|(body, sum)| sum == checksum(body))
    }

    /// True if `text` is meant to be one.
    pub fn begins(&self, text: &str) -> bool {
        text.starts_with(self.prefix)
    }

    const fn length(&self) -> usize {
        self.prefix.len() + self.random + CHECKSUM
    }
}

/// CRC-32 in six characters of base 62 (62⁶ > 2³²).
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut rest = crc32fast::hash(bytes) as usize;
    let mut text = [0; CHECKSUM];
    for place in text.iter_mut().rev() {
        *place = random::BASE62[rest % 62];
        rest /= 62;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p16_p99_noise_is_told_from_a_credential_by_its_form() {
        const FORM: CredentialForm = CredentialForm::new("tgxx-", 43);
        let text = FORM.generate();
        assert!(FORM.fits(&text) && text.len() == 54, "{text}");
        assert_ne!(text, FORM.generate());
        let mut typo = text.clone().into_bytes();
        typo[12] = if typo[12] == b'a' { b'b' } else { b'a' };
        let typo = String::from_utf8(typo).unwrap();
        let short = &text[..53];
        let other = CredentialForm::new("tgyy-", 43).generate();
        let umlauts = "ü".repeat(27);
        for noise in ["", "tgxx-", short, &format!("{text}a"), &typo, &other, &umlauts] {
            assert!(!FORM.fits(noise), "{noise}");
        }
    }
}

//! SHA-256 in hexadecimal digits, for what must be shortened without a memory of it.

use std::fmt::Write as _;

use aws_lc_rs::digest;

/// The number of hexadecimal digits of a hash.
pub const DIGITS: usize = 64;

pub fn sha256_hex(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest
        .as_ref()
        .iter()
        .fold(String::with_capacity(DIGITS), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
            hex
        })
}

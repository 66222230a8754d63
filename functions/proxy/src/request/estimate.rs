//! Estimates of a prompt's length from its text.

/// Of text that is mostly English or code.
const BYTES_PER_TOKEN: u64 = 4;

/// Tokens of a text of `bytes` bytes.
pub(super) fn tokens(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(BYTES_PER_TOKEN)
}

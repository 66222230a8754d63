//! Random values of a login.

use domain::random::base62;

/// 256 bits: a `state`, a nonce, a browser's secret, a one-time code.
pub(super) fn token() -> String {
    base62(43)
}

/// PKCE's verifier has 43 to 128 characters (RFC 7636 §4.1).
pub(super) fn code_verifier() -> String {
    base62(64)
}

//! The answer that a rotated refresh token got, kept for who presents it again.
//!
//! Sealed under a key that only the token gives: the table holds the token's digest, of which neither the token nor the
//! key can be made.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::random;

/// `answer`, for who presents `token` again.
pub fn seal(token: &str, answer: &str) -> Option<String> {
    let nonce = random::bytes::<NONCE_LEN>();
    let mut body = answer.as_bytes().to_vec();
    let unique = Nonce::assume_unique_for_key(nonce);
    key(token)
        .seal_in_place_append_tag(unique, Aad::empty(), &mut body)
        .ok()?;
    Some(BASE64.encode([nonce.as_slice(), &body].concat()))
}

/// The answer that `token` got; `None` for another token.
pub fn open(token: &str, sealed: &str) -> Option<String> {
    let sealed = BASE64.decode(sealed).ok()?;
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut body = body.to_vec();
    let answer = key(token).open_in_place(nonce, Aad::empty(), &mut body).ok()?;
    String::from_utf8(answer.to_vec()).ok()
}

/// A token is random and holds 256 bits.
#[expect(
    clippy::expect_used,
    reason = "the length that is asked for is the algorithm's own, which HKDF has"
)]
fn key(token: &str) -> LessSafeKey {
    let secret = Salt::new(HKDF_SHA256, b"tidegate refresh").extract(token.as_bytes());
    let key = secret.expand(&[b"replay"], &AES_256_GCM_SIV);
    LessSafeKey::new(UnboundKey::from(key.expect("HKDF gives 32 bytes")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t6_only_the_token_opens_its_answer() {
        let sealed = seal("tgrt-one", r#"{"access_token":"secret"}"#).unwrap();
        assert!(!sealed.contains("secret"));
        assert_eq!(
            open("tgrt-one", &sealed).as_deref(),
            Some(r#"{"access_token":"secret"}"#)
        );
        assert_eq!(open("tgrt-two", &sealed), None);
        assert_eq!(open("tgrt-one", ""), None);
        assert_ne!(seal("tgrt-one", "same"), seal("tgrt-one", "same"));
    }
}

//! Proof that who redeems a code has asked for it (PKCE, RFC 7636).

use crate::access::digest::sha256_base64url;
use crate::access::sign_in_request::Challenge;

/// True if `verifier` has the form of one (RFC 7636 §4.1), and `challenge` is its digest.
pub fn is_proof(verifier: &str, challenge: &Challenge) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(unreserved)
        && sha256_base64url(verifier) == challenge.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c1_a_verifier_is_the_one_of_its_challenge_and_has_its_form() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = Challenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap();
        assert!(is_proof(verifier, &challenge));
        assert!(!is_proof(&verifier.replace('d', "e"), &challenge) && !is_proof("", &challenge));
        let short = Challenge::parse(&sha256_base64url("short")).unwrap();
        assert!(!is_proof("short", &short), "a guess of few characters is no verifier");
    }
}

//! Fingerprints of secrets: they tell whether a secret that is given is the one that is stored, to who may not read it.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use super::digest::keyed;
use super::session::SigningKeys;

/// Keeps these authentications apart from those of tokens and cursors.
const PURPOSE: &[u8] = b"tidegate fingerprint 1";

impl SigningKeys {
    /// The fingerprint of the `secret` of `owner`. Without a signing key nobody can try secrets against it.
    pub fn fingerprint(&self, owner: &str, secret: &str) -> String {
        let key = self.secrets().next().unwrap_or_default();
        BASE64.encode(keyed(key, PURPOSE, owner, secret))
    }

    /// True if `fingerprint` is that of this `secret` of `owner`. After a change of the signing keys none is.
    pub fn is_fingerprint(&self, owner: &str, secret: &str, fingerprint: &str) -> bool {
        let Ok(given) = BASE64.decode(fingerprint) else {
            return false;
        };
        self.secrets()
            .any(|key| verify_slices_are_equal(keyed(key, PURPOSE, owner, secret).as_ref(), &given).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_of_one_secret_of_one_owner_under_one_key() {
        let keys = || SigningKeys::parse(&SigningKeys::generate(jiff::Timestamp::UNIX_EPOCH)).unwrap();
        let (ours, others) = (keys(), keys());
        let fingerprint = ours.fingerprint("b1", "secret");
        assert!(ours.is_fingerprint("b1", "secret", &fingerprint));
        assert!(!ours.is_fingerprint("b2", "secret", &fingerprint));
        assert!(!ours.is_fingerprint("b1", "secrets", &fingerprint));
        assert!(!others.is_fingerprint("b1", "secret", &fingerprint));
        assert!(!ours.is_fingerprint("b1", "secret", "?"));
    }
}

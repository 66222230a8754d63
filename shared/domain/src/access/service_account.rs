//! The file with a service account's key at Google, and what is signed with it
//! (<https://developers.google.com/identity/protocols/oauth2/service-account>).

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::secret::Secret;

/// Seconds of an assertion's life, the longest that Google takes.
const LIFE: i64 = 3600;

/// A service account's key.
pub struct ServiceAccountKey {
    email: String,
    id: String,
    pair: RsaKeyPair,
}

/// The text is no such file, or its key is none of RSA.
#[derive(Debug, thiserror::Error)]
#[error("must be the JSON file with the key of a service account")]
pub struct NoServiceAccountKey;

impl fmt::Debug for ServiceAccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccountKey")
            .field("email", &self.email)
            .finish_non_exhaustive()
    }
}

impl ServiceAccountKey {
    /// Reads the file. Its addresses are not obeyed: who writes an entry does not say where a key is shown.
    pub fn parse(file: &Secret) -> Result<Self, NoServiceAccountKey> {
        #[derive(Deserialize)]
        struct File {
            #[serde(rename = "type")]
            kind: String,
            client_email: String,
            private_key_id: String,
            private_key: String,
        }
        let file: File = serde_json::from_str(file.expose()).map_err(|_| NoServiceAccountKey)?;
        let der = der(&file.private_key).filter(|_| file.kind == "service_account");
        let pair = der.and_then(|der| RsaKeyPair::from_pkcs8(&der).ok());
        Ok(Self {
            email: file.client_email,
            id: file.private_key_id,
            pair: pair.ok_or(NoServiceAccountKey)?,
        })
    }

    /// A signed JWT (RFC 7523) by which `audience` gives a token with `scope` for the account.
    pub fn assertion(&self, audience: &str, scope: &str, now: Timestamp) -> Result<Secret, NoServiceAccountKey> {
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({"alg": "RS256", "typ": "JWT", "kid": self.id}));
        let issued = now.as_second();
        let claims = part(json!({
            "iss": self.email, "scope": scope, "aud": audience, "iat": issued, "exp": issued + LIFE,
        }));
        let signed = format!("{header}.{claims}");
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .map_err(|_| NoServiceAccountKey)?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)).into())
    }
}

/// The bytes of a PEM text of PKCS #8 (RFC 7468).
fn der(pem: &str) -> Option<Vec<u8>> {
    let text = pem.trim().strip_prefix("-----BEGIN PRIVATE KEY-----")?;
    let text = text.strip_suffix("-----END PRIVATE KEY-----")?;
    let base64: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(base64).ok()
}

/// The file of a new key, for tests.
#[cfg(any(test, feature = "fixtures"))]
pub fn new_key_file() -> Option<Secret> {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::KeySize;

    let pair = RsaKeyPair::generate(KeySize::Rsa2048).ok()?;
    let der: Pkcs8V1Der<'_> = pair.as_der().ok()?;
    let base64 = STANDARD.encode(der.as_ref());
    let file = json!({
        "type": "service_account", "project_id": "p", "private_key_id": "key-1",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{base64}\n-----END PRIVATE KEY-----\n"),
        "client_email": "tidegate@p.iam.gserviceaccount.com", "token_uri": "https://evil.example/token",
    });
    serde_json::to_string_pretty(&file).ok().map(Secret::from)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;

    #[test]
    fn an_assertion_is_signed_by_the_files_key() {
        let key = ServiceAccountKey::parse(&new_key_file().unwrap()).unwrap();
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let token = key.assertion("https://oauth2.googleapis.com/token", "s", now).unwrap();
        let (signed, signature) = token.expose().rsplit_once('.').unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.pair.public_key());
        public
            .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
            .unwrap();
        let parts = signed.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        let parts: Vec<Value> = parts.map(|part| serde_json::from_slice(&part).unwrap()).collect();
        assert_eq!(parts[0], json!({"alg": "RS256", "typ": "JWT", "kid": "key-1"}));
        let claims = json!({
            "iss": "tidegate@p.iam.gserviceaccount.com", "scope": "s", "aud": "https://oauth2.googleapis.com/token",
            "iat": 1_700_000_000, "exp": 1_700_003_600,
        });
        assert_eq!(parts[1], claims);
    }

    #[test]
    fn only_the_file_of_a_service_account_is_one() {
        let file = new_key_file().unwrap();
        for wrong in [
            String::new(),
            "{}".to_owned(),
            "a-key".to_owned(),
            file.expose().replace("service_account", "authorized_user"),
            file.expose().replace("PRIVATE", "PUBLIC"),
            file.expose().replace("private_key\"", "key\""),
        ] {
            assert!(ServiceAccountKey::parse(&wrong.into()).is_err());
        }
        assert!(!format!("{:?}", ServiceAccountKey::parse(&file)).contains("PRIVATE"));
    }
}

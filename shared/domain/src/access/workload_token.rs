//! Identity tokens of workloads: what a CI service, a cluster or a cloud has signed about what runs there.
//!
//! Their issuers are many, and each is believed about its own only: the issuer that a token names is looked up before
//! anything else of it is read, and its keys judge it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::id_token::{Audience, CLOCK_SKEW, TokenError, signed};

/// The longest life of a token: what lives longer is a key.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// A subject has 255 ASCII characters by the standard of ID tokens; paths of repositories and branches are longer.
const MAX_SUBJECT: usize = 1024;

/// The claims of a token.
#[derive(Clone, Debug, Deserialize)]
pub struct WorkloadClaims {
    #[serde(rename = "iss")]
    issuer: String,
    #[serde(rename = "sub")]
    pub subject: String,
    #[serde(rename = "aud")]
    audience: Audience,
    #[serde(rename = "exp")]
    expires: i64,
    #[serde(rename = "iat")]
    issued: i64,
    #[serde(rename = "nbf")]
    not_before: Option<i64>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// The issuer and the subject that a token names, before anybody has vouched for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Named {
    #[serde(rename = "iss", default)]
    pub issuer: String,
    #[serde(rename = "sub", default)]
    pub subject: String,
}

/// Whom `token` names, if it has the form of a token. Believe none of it.
pub fn named(token: &str) -> Option<Named> {
    let payload = token.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// The claims of `token`, if one of `keys`, which are those of `issuer`, has signed it, and it is valid `now`.
pub fn verify(token: &str, keys: &JwkSet, issuer: &str, now: Timestamp) -> Result<WorkloadClaims, TokenError> {
    let claims: WorkloadClaims = signed(token, keys)?;
    if claims.issuer != issuer {
        return Err(TokenError::Issuer);
    }
    if claims.subject.is_empty() || claims.subject.len() > MAX_SUBJECT {
        return Err(TokenError::Subject);
    }
    claims.check_times(now)?;
    Ok(claims)
}

impl WorkloadClaims {
    /// True if the token was made for `audience` and nobody else: whoever else it was made for could use it here.
    pub fn is_for(&self, audience: &str) -> bool {
        self.audience.is_only(audience)
    }

    /// The claim as a text, if it is a text or a number.
    pub fn claim(&self, name: &str) -> Option<String> {
        match (name, self.rest.get(name)) {
            ("sub", _) => Some(self.subject.clone()),
            ("iss", _) => Some(self.issuer.clone()),
            (_, Some(Value::String(text))) => Some(text.clone()),
            (_, Some(Value::Number(number))) => Some(number.to_string()),
            _ => None,
        }
    }

    fn check_times(&self, now: Timestamp) -> Result<(), TokenError> {
        let time = |seconds| Timestamp::from_second(seconds).map_err(|_| TokenError::Malformed);
        let (issued, expires) = (time(self.issued)?, time(self.expires)?);
        if now >= expires + CLOCK_SKEW {
            return Err(TokenError::Expired);
        }
        let begins = self.not_before.map(time).transpose()?.unwrap_or(issued).max(issued);
        if begins > now + CLOCK_SKEW || issued >= expires || issued.duration_until(expires) > LONGEST {
            return Err(TokenError::IssuedAt);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
    use jsonwebtoken::{Algorithm, EncodingKey, Header};
    use serde_json::json;

    use super::super::id_token::signing_keys;
    use super::*;

    const NOW: i64 = 1_800_000_000;
    const ISSUER: &str = "https://issuer.example.com";

    fn judge(changes: &Value) -> Result<WorkloadClaims, TokenError> {
        let document = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "x": x}]});
        let mut claims =
            json!({"iss": ISSUER, "sub": "s", "aud": "us", "iat": NOW, "exp": NOW + 300, "id": 42, "on": true});
        claims
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        let signing = EncodingKey::from_ed_der(document.as_ref());
        let token = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &signing).unwrap();
        let keys = signing_keys(keys.to_string().as_bytes()).unwrap();
        verify(&token, &keys, ISSUER, Timestamp::from_second(NOW).unwrap())
    }

    #[test]
    fn p106_w6_times_are_judged_with_thirty_seconds_of_grace() {
        for changes in [
            json!({"exp": NOW - 29}),
            json!({"iat": NOW + 30, "exp": NOW + 300}),
            json!({"iat": NOW - 3600}),
            json!({"exp": NOW + 24 * 3600}),
        ] {
            let changes = if changes["exp"] == NOW - 29 {
                json!({"iat": NOW - 300, "exp": NOW - 29})
            } else {
                changes
            };
            assert!(judge(&changes).is_ok(), "{changes}");
        }
        for (changes, reason) in [
            (json!({"iat": NOW - 300, "exp": NOW - 30}), TokenError::Expired),
            (json!({"iat": NOW + 31}), TokenError::IssuedAt),
            (json!({"nbf": NOW + 31}), TokenError::IssuedAt),
            (json!({"exp": NOW + 24 * 3600 + 1}), TokenError::IssuedAt),
            (json!({"iat": NOW + 10, "exp": NOW + 10}), TokenError::IssuedAt),
            (json!({"iss": "https://issuer.example.com/"}), TokenError::Issuer),
            (json!({"sub": ""}), TokenError::Subject),
        ] {
            assert_eq!(judge(&changes).unwrap_err(), reason, "{changes}");
        }
    }

    #[test]
    fn p106_w2_a_token_that_somebody_else_may_have_is_none_for_us() {
        let is_ours = |audience: Value| judge(&json!({"aud": audience})).unwrap().is_for("us");
        assert!(is_ours(json!("us")) && is_ours(json!(["us"])));
        for others in [json!("them"), json!(["us", "them"]), json!([]), json!("US")] {
            assert!(!is_ours(others.clone()), "{others}");
        }
    }

    #[test]
    fn p106_w12_texts_and_numbers_are_claims_and_nothing_else_is() {
        let claims = judge(&json!({"list": ["a"], "object": {"a": 1}})).unwrap();
        let told = ["sub", "iss", "id", "on", "list", "object", "none"].map(|name| claims.claim(name));
        let texts = [Some("s"), Some(ISSUER), Some("42"), None, None, None, None];
        assert_eq!(told, texts.map(|text| text.map(ToOwned::to_owned)));
    }

    #[test]
    fn whom_a_token_names_is_read_before_it_is_believed() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"iss": "i", "sub": "s"}"#);
        let name = named(&format!("x.{payload}.y")).unwrap();
        assert_eq!((name.issuer.as_str(), name.subject.as_str()), ("i", "s"));
        for noise in ["", "a.b", "a.!!.c"] {
            assert_eq!(named(noise), None);
        }
    }
}

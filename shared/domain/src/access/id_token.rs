//! ID tokens: what an identity provider has signed about a person (`OpenID` Connect Core §3.1.3.7; promise 9).
//!
//! Only asymmetric algorithms, only keys that the caller fetched from the configured issuer, and the time is an
//! argument.

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub(super) const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(30);
/// A token is fetched as soon as it is made; an older one is somebody's stock.
const MAX_AGE: SignedDuration = SignedDuration::from_mins(10);

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub now: Timestamp,
}

/// The claims of a token.
#[derive(Clone, Debug, Deserialize)]
pub struct Claims {
    #[serde(rename = "iss")]
    pub issuer: String,
    #[serde(rename = "sub")]
    pub subject: String,
    #[serde(rename = "aud")]
    audience: Audience,
    #[serde(rename = "azp")]
    authorized_party: Option<String>,
    #[serde(rename = "exp")]
    expires: i64,
    #[serde(rename = "iat")]
    issued: i64,
    #[serde(rename = "nbf")]
    not_before: Option<i64>,
    nonce: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// What is said about an e-mail address besides the address itself.
const ABOUT_ADDRESS: [&str; 3] = ["email", "email_verified", "xms_edov"];

impl Claims {
    /// Takes the address, the claim `name`, from another source, with whatever that source says about it and nothing
    /// that this one does: who vouches for an address must be who names it. Other claims are never replaced.
    pub fn take_address_from(&mut self, source: Map<String, Value>, name: &str) {
        for about in ABOUT_ADDRESS.into_iter().chain([name]) {
            self.rest.remove(about);
        }
        for (name, value) in source {
            self.rest.entry(name).or_insert(value);
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// True if it is `name`, and nobody else.
    pub(super) fn is_only(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Many(many) => matches!(many.as_slice(), [one] if one == name),
        }
    }
}

/// Why a token is not believed. For the log; the browser learns none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("the token is malformed, or its algorithm is none that can be checked")]
    Malformed,
    #[error("the token's algorithm is not asymmetric")]
    Algorithm,
    #[error("the token is signed with a key that the issuer does not publish")]
    UnknownKey,
    #[error("the token's signature is wrong")]
    Signature,
    #[error("the token is of another issuer")]
    Issuer,
    #[error("the token is for another client")]
    Audience,
    #[error("the token has expired")]
    Expired,
    #[error("the token was issued too long ago, or in the future")]
    IssuedAt,
    #[error("the token belongs to another login")]
    Nonce,
    #[error("the token names nobody, or what the provider tells beside it is about another person")]
    Subject,
}

/// What `token` says, if one of `keys` has signed it and it is what was expected.
pub fn verify(token: &str, keys: &JwkSet, expected: &Expected<'_>) -> Result<Claims, TokenError> {
    let claims: Claims = signed(token, keys)?;
    claims.check(expected)?;
    Ok(claims)
}

/// The claims of `token`, if one of `keys` has signed it. Issuer, audience and times are not judged.
pub(super) fn signed<T: DeserializeOwned + Clone>(token: &str, keys: &JwkSet) -> Result<T, TokenError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
    if !is_asymmetric(header.alg) {
        return Err(TokenError::Algorithm);
    }
    if header.crit.is_some() {
        return Err(TokenError::Malformed);
    }
    check_signature(token, &header, keys)
}

/// The keys of a JWK set (RFC 7517) that can have signed a token; those that we do not understand are left out.
pub fn signing_keys(document: &[u8]) -> Option<JwkSet> {
    #[derive(Deserialize)]
    struct Document {
        keys: Vec<Value>,
    }
    let document: Document = serde_json::from_slice(document).ok()?;
    let known = document
        .keys
        .into_iter()
        .filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    Some(JwkSet {
        keys: known.filter(can_sign).collect(),
    })
}

fn can_sign(key: &Jwk) -> bool {
    let symmetric = matches!(
        key.algorithm,
        AlgorithmParameters::OctetKey(_) | AlgorithmParameters::Other(_)
    );
    !symmetric && matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature))
}

fn is_asymmetric(algorithm: Algorithm) -> bool {
    !matches!(algorithm, Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512)
}

/// A token that names no key may be signed with any of the issuer's.
fn check_signature<T: DeserializeOwned + Clone>(token: &str, header: &Header, keys: &JwkSet) -> Result<T, TokenError> {
    let named = |key: &&Jwk| header.kid.is_none() || key.common.key_id == header.kid;
    let mut refusal = TokenError::UnknownKey;
    for key in keys.keys.iter().filter(named) {
        let of_algorithm = key
            .common
            .key_algorithm
            .is_none_or(|known| known == KeyAlgorithm::from(header.alg));
        let Ok(decoding) = DecodingKey::from_jwk(key) else {
            continue;
        };
        if of_algorithm && let Ok(decoded) = jsonwebtoken::decode::<T>(token, &decoding, &signature_only(header.alg)) {
            return Ok(decoded.claims);
        }
        refusal = TokenError::Signature;
    }
    Err(refusal)
}

/// Claims are judged in [`Claims::check`], by our own clock and each with its reason.
fn signature_only(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

impl Claims {
    fn check(&self, expected: &Expected<'_>) -> Result<(), TokenError> {
        if self.issuer != expected.issuer {
            return Err(TokenError::Issuer);
        }
        if !self.is_for(expected.client_id) {
            return Err(TokenError::Audience);
        }
        self.check_times(expected.now)?;
        if self.nonce.as_deref() != Some(expected.nonce) {
            return Err(TokenError::Nonce);
        }
        // 255 ASCII characters by the standard.
        if self.subject.is_empty() || self.subject.len() > 255 {
            Err(TokenError::Subject)
        } else {
            Ok(())
        }
    }

    /// Among several audiences, the token must say that it was made for us.
    fn is_for(&self, client_id: &str) -> bool {
        let (ours, alone) = match &self.audience {
            Audience::One(one) => (one == client_id, true),
            Audience::Many(many) => (many.iter().any(|one| one == client_id), many.len() == 1),
        };
        match &self.authorized_party {
            Some(party) => ours && party == client_id,
            None => ours && alone,
        }
    }

    fn check_times(&self, now: Timestamp) -> Result<(), TokenError> {
        let time = |seconds| Timestamp::from_second(seconds).map_err(|_| TokenError::Malformed);
        let issued = time(self.issued)?;
        if now >= time(self.expires)? + CLOCK_SKEW {
            return Err(TokenError::Expired);
        }
        let too_early = issued > now + CLOCK_SKEW
            || self
                .not_before
                .map(time)
                .transpose()?
                .is_some_and(|from| from > now + CLOCK_SKEW);
        if too_early || issued < now - MAX_AGE - CLOCK_SKEW {
            Err(TokenError::IssuedAt)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::EncodingKey;
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;
    const HEADER: &str = "eyJhbGciOiJub25lIn0";

    /// An Ed25519 key, and the set that publishes it.
    fn key(kid: &str) -> (EncodingKey, JwkSet) {
        use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let document = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig", "x": x}, {"kty": "new"}, {"kty": "oct", "k": "YQ"}]});
        (
            EncodingKey::from_ed_der(document.as_ref()),
            signing_keys(set.to_string().as_bytes()).unwrap(),
        )
    }

    fn claims(changes: Value) -> Value {
        let mut claims =
            json!({"iss": "https://idp", "sub": "s", "aud": "us", "exp": NOW + 300, "iat": NOW, "nonce": "n"});
        claims
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        claims
    }

    fn judge(changes: Value) -> Option<TokenError> {
        let (signing, keys) = key("k");
        let header = Header {
            kid: Some("k".into()),
            ..Header::new(Algorithm::EdDSA)
        };
        let token = jsonwebtoken::encode(&header, &claims(changes), &signing).unwrap();
        verify(&token, &keys, &expected()).err()
    }

    fn expected() -> Expected<'static> {
        Expected {
            issuer: "https://idp",
            client_id: "us",
            nonce: "n",
            now: Timestamp::from_second(NOW).unwrap(),
        }
    }

    #[test]
    fn p9_every_claim_is_checked() {
        assert_eq!(judge(json!({})), None);
        assert_eq!(judge(json!({"aud": ["us"]})), None);
        assert_eq!(judge(json!({"aud": ["them", "us"], "azp": "us"})), None);
        for (claims, reason) in [
            (json!({"iss": "https://idp/"}), TokenError::Issuer),
            (json!({"aud": "them"}), TokenError::Audience),
            (json!({"aud": ["them", "us"]}), TokenError::Audience),
            (json!({"aud": "us", "azp": "them"}), TokenError::Audience),
            (json!({"exp": NOW - 30}), TokenError::Expired),
            (json!({"iat": NOW + 31}), TokenError::IssuedAt),
            (json!({"iat": NOW - 631}), TokenError::IssuedAt),
            (json!({"nbf": NOW + 31}), TokenError::IssuedAt),
            (json!({"nonce": "m"}), TokenError::Nonce),
            (json!({"nonce": null}), TokenError::Nonce),
            (json!({"sub": ""}), TokenError::Subject),
        ] {
            assert_eq!(judge(claims.clone()), Some(reason), "{claims}");
        }
    }

    #[test]
    fn p9_only_a_published_key_with_an_asymmetric_algorithm_is_believed() {
        let (signing, keys) = key("k");
        assert_eq!(keys.keys.len(), 1, "what cannot sign is left out");
        let token =
            |header: &Header, signing: &EncodingKey| jsonwebtoken::encode(header, &claims(json!({})), signing).unwrap();
        let named = |kid: &str| Header {
            kid: Some(kid.into()),
            ..Header::new(Algorithm::EdDSA)
        };
        let judge = |token: &str| verify(token, &keys, &expected()).err();
        assert_eq!(
            judge(&token(&Header::new(Algorithm::EdDSA), &signing)),
            None,
            "no kid: any key of the issuer"
        );
        assert_eq!(judge(&token(&named("other"), &signing)), Some(TokenError::UnknownKey));
        assert_eq!(judge(&token(&named("k"), &key("k").0)), Some(TokenError::Signature));
        let symmetric = token(
            &Header::new(Algorithm::HS256),
            &EncodingKey::from_secret(b"the client secret"),
        );
        assert_eq!(judge(&symmetric), Some(TokenError::Algorithm));
        let body = symmetric.split('.').nth(1).unwrap().to_owned();
        assert_eq!(
            judge(&format!("{HEADER}.{body}.")),
            Some(TokenError::Malformed),
            "alg none"
        );
        let critical = Header {
            crit: Some(vec!["x".into()]),
            ..named("k")
        };
        assert_eq!(judge(&token(&critical, &signing)), Some(TokenError::Malformed));
    }
}

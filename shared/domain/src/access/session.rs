//! Session tokens: JWTs with one algorithm, signed with one of at most two keys (promises 7 and 8).

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::key_set::{KeySet, KeySetError};
use crate::models::UserId;
use crate::models::user::User;
use crate::random;

/// Fixed: a token's own `alg` is compared with it, never obeyed.
const ALGORITHM: Algorithm = Algorithm::HS256;
const ISSUER: &str = "tidegate";
const AUDIENCE: &str = "tidegate-management";
const LIFETIME: SignedDuration = SignedDuration::from_hours(8);
const MAX_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// However often it is refreshed, a session ends this long after its login.
const SESSION_END: SignedDuration = SignedDuration::from_hours(30 * 24);
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(30);
const MAX_KEYS: usize = 2;

/// What a valid token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub user: UserId,
    /// Must equal the user's: raising the user's ends all sessions.
    pub number: u64,
    pub login_at: Timestamp,
    /// The end of the token.
    pub expires_at: Timestamp,
}

/// A signed token and when it ends.
#[derive(Clone, Serialize)]
pub struct Token {
    pub token: String,
    pub expires_at: Timestamp,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// The token is malformed, not ours, expired, or not of the accepted form: the caller learns no more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the session token is not valid")]
pub struct InvalidToken;

/// A token cannot be signed.
#[derive(Debug, thiserror::Error)]
#[error("a token cannot be signed")]
pub struct SigningError(#[from] jsonwebtoken::errors::Error);

/// The keys that sign and verify, at most two, so that one can follow the other without ending sessions. They are kept
/// in the secret called `jwt`.
#[derive(Debug)]
pub struct SigningKeys(KeySet);

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    iat: i64,
    exp: i64,
    jti: String,
    /// The user's session number.
    sid: u64,
    /// When the person gave the password, however often the token was refreshed since.
    auth_time: i64,
}

impl SigningKeys {
    /// A first set of one new key, in its stored form.
    pub fn generate(now: Timestamp) -> String {
        KeySet::generate(now)
    }

    /// The keys from their stored form.
    pub fn parse(json: &str) -> Result<Self, KeySetError> {
        KeySet::parse(json, MAX_KEYS).map(Self)
    }

    /// A token for a person who has just given the password, or gave it at `login_at`.
    pub fn issue(&self, user: &User, login_at: Timestamp, now: Timestamp) -> Result<Token, SigningError> {
        let expires_at = (now + LIFETIME).min(login_at + SESSION_END);
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user.id.clone(),
            iat: now.as_second(),
            exp: expires_at.as_second(),
            jti: random::base62(22),
            sid: user.session,
            auth_time: login_at.as_second(),
        };
        let key = self.0.current(now);
        let header = Header {
            kid: Some(key.kid.clone()),
            ..Header::new(ALGORITHM)
        };
        let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(&key.secret))?;
        Ok(Token {
            token,
            expires_at: Timestamp::from_second(claims.exp).unwrap_or(expires_at),
        })
    }

    /// What `token` says, if it is valid at `now`.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Session, InvalidToken> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| InvalidToken)?;
        let mut keys = self.0.iter();
        let key = keys.find(|key| header.kid.as_deref() == Some(&key.kid));
        let key = key.ok_or(InvalidToken)?;
        if !is_plain(&header) {
            return Err(InvalidToken);
        }
        let decoded = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(&key.secret), &validation());
        decoded.map_err(|_| InvalidToken)?.claims.check(now)
    }

    /// The keys' secrets, the oldest first: it is the one that everybody has.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &[u8]> {
        let mut keys: Vec<_> = self.0.iter().collect();
        keys.sort_by_key(|key| key.created_at);
        keys.into_iter().map(|key| key.secret.as_slice())
    }
}

/// Only what we write ourselves: no header that names a key elsewhere or demands to be understood.
fn is_plain(header: &Header) -> bool {
    let named_elsewhere = header.jku.is_some() || header.jwk.is_some() || header.x5u.is_some() || header.x5c.is_some();
    header.alg == ALGORITHM && !named_elsewhere && header.crit.is_none() && header.extras.inner().is_empty()
}

/// Times are judged by our own clock, in [`Claims::check`].
fn validation() -> Validation {
    let mut validation = Validation::new(ALGORITHM);
    validation.validate_exp = false;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
    validation
}

impl Claims {
    fn check(self, now: Timestamp) -> Result<Session, InvalidToken> {
        let time = |seconds| Timestamp::from_second(seconds).map_err(|_| InvalidToken);
        let (issued_at, expires_at, login_at) = (time(self.iat)?, time(self.exp)?, time(self.auth_time)?);
        let in_time = issued_at <= now + CLOCK_SKEW && now < expires_at + CLOCK_SKEW && now < login_at + SESSION_END;
        let sane = expires_at <= issued_at + MAX_LIFETIME && login_at <= issued_at && !self.jti.is_empty();
        if in_time && sane {
            Ok(Session {
                user: self.sub,
                number: self.sid,
                login_at,
                expires_at,
            })
        } else {
            Err(InvalidToken)
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

    use super::super::key_set::NamedKey;
    use super::*;
    use crate::models::user::{Password, Role, Status};
    use crate::models::{DisplayName, Email, PolicyName};

    fn user() -> User {
        User {
            id: UserId::parse("u1").unwrap(),
            kind: crate::models::user::UserKind::Person,
            email: Email::parse("a@example.com").unwrap(),
            name: DisplayName::parse("A").unwrap(),
            role: Role::User,
            status: Status::Active,
            department: None,
            quota_policy: PolicyName::parse("default").unwrap(),
            password: Password::Absent,
            identity: None,
            session: 3,
            sign_in_epoch: 0,
            created_at: now(),
            updated_at: now(),
            version: 1,
        }
    }

    fn now() -> Timestamp {
        "2026-11-23T08:00:00Z".parse().unwrap()
    }

    fn keys() -> SigningKeys {
        SigningKeys::parse(&SigningKeys::generate(now())).unwrap()
    }

    fn first(keys: &SigningKeys) -> &NamedKey {
        keys.0.iter().next().unwrap()
    }

    /// A token signed with the right key, but with the claims and header that a test wants.
    fn forge(keys: &SigningKeys, header: &serde_json::Value, change: impl Fn(&mut serde_json::Value)) -> String {
        let mut claims = serde_json::json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "u1", "iat": now().as_second(), "exp": now().as_second() + 60,
            "jti": "j", "sid": 3, "auth_time": now().as_second(),
        });
        change(&mut claims);
        let signed = format!(
            "{}.{}",
            BASE64.encode(header.to_string()),
            BASE64.encode(claims.to_string())
        );
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &first(keys).secret);
        format!(
            "{signed}.{}",
            BASE64.encode(aws_lc_rs::hmac::sign(&key, signed.as_bytes()))
        )
    }

    #[test]
    fn p7_a_token_says_who_and_until_when() {
        let keys = keys();
        let token = keys.issue(&user(), now(), now()).unwrap();
        assert_eq!(token.expires_at, now() + SignedDuration::from_hours(8));
        let session = keys.verify(&token.token, now()).unwrap();
        assert_eq!(
            session,
            Session {
                user: user().id,
                number: 3,
                login_at: now(),
                expires_at: token.expires_at,
            }
        );
        assert!(
            keys.verify(&token.token, token.expires_at + SignedDuration::from_secs(29))
                .is_ok()
        );
        assert_eq!(
            keys.verify(&token.token, token.expires_at + SignedDuration::from_secs(30)),
            Err(InvalidToken)
        );
        assert_eq!(
            self::keys().verify(&token.token, now()),
            Err(InvalidToken),
            "another installation's key"
        );
    }

    #[test]
    fn p7_a_session_ends_30_days_after_its_login_however_often_it_is_refreshed() {
        let keys = keys();
        let late = now() + SignedDuration::from_hours(30 * 24 - 1);
        let token = keys.issue(&user(), now(), late).unwrap();
        assert_eq!(token.expires_at, now() + SignedDuration::from_hours(30 * 24));
        assert!(keys.verify(&token.token, late).is_ok());
        assert_eq!(keys.verify(&token.token, token.expires_at), Err(InvalidToken));
    }

    #[test]
    fn p7_the_header_is_compared_never_obeyed() {
        let keys = keys();
        let kid = first(&keys).kid.clone();
        let plain = serde_json::json!({"typ": "JWT", "alg": "HS256", "kid": kid});
        assert!(keys.verify(&forge(&keys, &plain, |_| ()), now()).is_ok());
        let jwk = serde_json::json!({"kty": "oct", "k": "AAAA"});
        for (name, value) in [
            ("alg", "none".into()),
            ("alg", "HS512".into()),
            ("alg", "RS256".into()),
            ("jku", "https://evil.example/keys".into()),
            ("jwk", jwk),
            ("x5u", "https://evil.example/cert".into()),
            ("crit", serde_json::json!(["b64"])),
            ("b64", false.into()),
            ("kid", "other".into()),
            ("kid", serde_json::Value::Null),
        ] {
            let mut header = plain.clone();
            header[name] = value;
            assert_eq!(
                keys.verify(&forge(&keys, &header, |_| ()), now()),
                Err(InvalidToken),
                "{header}"
            );
        }
    }

    #[test]
    fn p7_every_claim_is_required_and_judged() {
        let keys = keys();
        let header = serde_json::json!({"alg": "HS256", "kid": first(&keys).kid});
        for claim in ["iss", "aud", "sub", "iat", "exp", "jti", "sid", "auth_time"] {
            let without = forge(&keys, &header, |claims| {
                drop(claims.as_object_mut().unwrap().remove(claim));
            });
            assert_eq!(keys.verify(&without, now()), Err(InvalidToken), "without {claim}");
        }
        let at = now().as_second();
        for (claim, value) in [
            ("iss", "someone".into()),
            ("aud", "someone".into()),
            ("aud", serde_json::json!([AUDIENCE, "someone"])),
            ("iat", (at + 31).into()),
            ("exp", (at - 30).into()),
            ("exp", (at + 24 * 3600 + 1).into()),
            ("exp", (at + 60).to_string().into()),
            ("auth_time", (at - 30 * 24 * 3600).into()),
            ("auth_time", (at + 1).into()),
            ("jti", "".into()),
            ("sid", (-3).into()),
        ] {
            let changed = forge(&keys, &header, |claims| claims[claim] = value.clone());
            assert_eq!(keys.verify(&changed, now()), Err(InvalidToken), "{claim} = {value}");
        }
    }

    #[test]
    fn a_first_key_that_secrets_manager_made_stands_alone() {
        let made =
            serde_json::json!({"kid": "first", "created_at": "2026-01-01T00:00:00Z", "secret": random::base62(64)});
        let keys = SigningKeys::parse(&made.to_string()).unwrap();
        assert!(
            keys.verify(&keys.issue(&user(), now(), now()).unwrap().token, now())
                .is_ok()
        );
    }

    #[test]
    fn p8_a_new_key_signs_when_everybody_has_had_the_time_to_load_it() {
        let stored = |kid: &str, created_at: Timestamp| serde_json::json!({"kid": kid, "secret": BASE64.encode(random::bytes::<32>()), "created_at": created_at});
        let (old, new) = (
            stored("old", now() - SignedDuration::from_hours(24)),
            stored("new", now()),
        );
        let both = SigningKeys::parse(&serde_json::json!({"keys": [old, new]}).to_string()).unwrap();
        let kid = |at| {
            jsonwebtoken::decode_header(both.issue(&user(), at, at).unwrap().token)
                .unwrap()
                .kid
        };
        assert_eq!(kid(now() + SignedDuration::from_secs(299)).as_deref(), Some("old"));
        assert_eq!(kid(now() + SignedDuration::from_secs(300)).as_deref(), Some("new"));
        let token = both.issue(&user(), now(), now()).unwrap().token;
        assert!(both.verify(&token, now()).is_ok());
        let alone = SigningKeys::parse(&serde_json::json!({"keys": [new]}).to_string()).unwrap();
        assert_eq!(
            alone.verify(&token, now()),
            Err(InvalidToken),
            "removing the old key ends its tokens"
        );
    }

    #[test]
    fn p6_weak_and_documented_signing_keys_are_refused() {
        let with = |secret: &[u8]| {
            let key = serde_json::json!({"kid": "k", "secret": BASE64.encode(secret), "created_at": now()});
            SigningKeys::parse(&serde_json::json!({"keys": [key]}).to_string())
        };
        assert!(matches!(with(&random::bytes::<31>()), Err(KeySetError::TooShort(_))));
        assert!(matches!(with(&[0; 32]), Err(KeySetError::Documented(_))));
        assert!(matches!(
            with(b"change-me-change-me-change-me-pls"),
            Err(KeySetError::Documented(_))
        ));
        assert!(with(&random::bytes::<32>()).is_ok());
        for wrong in ["", "{}", r#"{"keys": []}"#] {
            assert!(SigningKeys::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn p25_keys_and_tokens_print_nothing() {
        let keys = keys();
        let token = keys.issue(&user(), now(), now()).unwrap();
        assert!(!format!("{token:?}").contains(&token.token));
        assert_eq!(format!("{keys:?}"), format!("SigningKeys([\"{}\"])", first(&keys).kid));
    }
}

//! Keys with names, as one secret keeps them: a new one can follow an old one without ending what the old one has made
//! (promises 6 and 8).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::random;

const KEY_BYTES: usize = 32;
/// A new key is used only when every process has had the time to load it.
pub const KEY_SPREAD: SignedDuration = SignedDuration::from_mins(5);

/// Why stored keys cannot be used. There is no fallback key.
#[derive(Debug, thiserror::Error)]
pub enum KeySetError {
    #[error("the keys are not valid JSON")]
    Format(#[from] serde_json::Error),
    #[error("there must be 1 to {most} keys of different kid, not {found}")]
    Number { most: usize, found: usize },
    #[error("the key {0} is not base64url of at least {KEY_BYTES} bytes")]
    TooShort(String),
    #[error("the key {0} is an example, not a secret")]
    Documented(String),
}

/// At least one key.
pub(super) struct KeySet {
    keys: Vec<NamedKey>,
}

pub(super) struct NamedKey {
    pub(super) kid: String,
    pub(super) created_at: Timestamp,
    pub(super) secret: Vec<u8>,
}

/// A first key may stand alone: Secrets Manager, when it makes one for the template, can put it only into the outermost
/// object.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredKeys {
    Set(Set),
    First(StoredKey),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Set {
    keys: Vec<StoredKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredKey {
    kid: String,
    secret: String,
    created_at: Timestamp,
}

impl KeySet {
    /// A first set of one new key, in its stored form.
    pub(super) fn generate(now: Timestamp) -> String {
        let key = StoredKey {
            kid: random::base62(8),
            secret: BASE64.encode(random::bytes::<KEY_BYTES>()),
            created_at: now,
        };
        serde_json::json!({"keys": [key]}).to_string()
    }

    /// The keys from their stored form, at most so many.
    pub(super) fn parse(json: &str, most: usize) -> Result<Self, KeySetError> {
        let keys = match serde_json::from_str(json)? {
            StoredKeys::Set(Set { keys }) => keys,
            StoredKeys::First(key) => vec![key],
        };
        let repeats = |(place, key): (usize, &StoredKey)| keys[..place].iter().any(|other| other.kid == key.kid);
        if keys.is_empty() || keys.len() > most || keys.iter().enumerate().any(repeats) {
            return Err(KeySetError::Number {
                most,
                found: keys.len(),
            });
        }
        let keys = keys.into_iter().map(NamedKey::parse).collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &NamedKey> {
        self.keys.iter()
    }

    /// The newest key that everybody knows by now.
    pub(super) fn current(&self, now: Timestamp) -> &NamedKey {
        let known = self.keys.iter().filter(|key| key.created_at + KEY_SPREAD <= now);
        let newest = known.max_by_key(|key| key.created_at);
        newest
            .or_else(|| self.keys.iter().min_by_key(|key| key.created_at))
            .unwrap_or(&self.keys[0])
    }
}

impl NamedKey {
    fn parse(stored: StoredKey) -> Result<Self, KeySetError> {
        match BASE64.decode(&stored.secret) {
            Ok(secret) if is_documented(&secret) => Err(KeySetError::Documented(stored.kid)),
            Ok(secret) if secret.len() >= KEY_BYTES => Ok(Self {
                kid: stored.kid,
                created_at: stored.created_at,
                secret,
            }),
            Ok(_) | Err(_) => Err(KeySetError::TooShort(stored.kid)),
        }
    }
}

/// Keys that stand in documents, ours or others', are not random: few different bytes, or readable text (promise 6).
fn is_documented(secret: &[u8]) -> bool {
    let mut different = secret.to_vec();
    different.sort_unstable();
    different.dedup();
    different.len() < KEY_BYTES / 4 || secret.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
}

/// Their names alone (promise 25).
impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.kid)).finish()
    }
}

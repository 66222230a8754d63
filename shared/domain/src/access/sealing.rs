//! Sealed contents: they leave the gateway and come back, or lie in the database, and only their owner can use them,
//! nobody else read or change them (K1, K2). Deflated, then encrypted with the owner as associated data.
//!
//! ```text
//! version (1 byte) · key id (4) · nonce (12) · AES-256-GCM-SIV(deflate(content)) with its tag
//! ```
//!
//! GCM-SIV, since nonces are random and one key seals for years: two that are equal by chance tell no more than that
//! their contents are equal too.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use jiff::Timestamp;

use super::key_set::{KeySet, KeySetError};
use crate::models::UserId;
use crate::random;

const MAX_KEYS: usize = 5;
const VERSION: u8 = 1;
const ID_BYTES: usize = 4;
const HEAD: usize = 1 + ID_BYTES + NONCE_LEN;
/// The most bytes of a content that is sealed or opened, however well it is deflated.
const MAX_CONTENT: usize = 64 << 20;
/// Bytes by which a buffer grows at least.
const ROOM: usize = 256;

/// The owner and the kind of a sealed content, which opens as no other.
#[derive(Clone, Copy, Debug)]
pub struct Seal<'a> {
    pub owner: &'a UserId,
    pub kind: &'a str,
}

/// The keys that seal and open, at most five: the newest seals. They are kept in the secret called `sealing-keys`.
pub struct SealingKeys {
    set: KeySet,
    keys: Vec<SealingKey>,
}

struct SealingKey {
    kid: String,
    id: [u8; ID_BYTES],
    key: LessSafeKey,
}

impl SealingKeys {
    /// A first set of one new key, in its stored form.
    pub fn generate(now: Timestamp) -> String {
        KeySet::generate(now)
    }

    /// The keys from their stored form.
    pub fn parse(json: &str) -> Result<Self, KeySetError> {
        let set = KeySet::parse(json, MAX_KEYS)?;
        let keys = set.iter().map(|key| SealingKey {
            kid: key.kid.clone(),
            id: id_of(&key.kid),
            key: derived(&key.secret),
        });
        Ok(Self {
            keys: keys.collect(),
            set,
        })
    }

    /// `content`, sealed; `None` if it is larger than can be opened again.
    pub fn seal(&self, seal: Seal<'_>, content: &[u8], now: Timestamp) -> Option<Vec<u8>> {
        if content.len() > MAX_CONTENT {
            return None;
        }
        let kid = &self.set.current(now).kid;
        let key = self.keys.iter().find(|key| key.kid == *kid)?;
        let mut body = deflated(content)?;
        let nonce = random::bytes::<NONCE_LEN>();
        let encrypted = key.key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(seal.associated()),
            &mut body,
        );
        encrypted.ok()?;
        let mut sealed = Vec::with_capacity(HEAD + body.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&key.id);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut body);
        Some(sealed)
    }

    /// The content; `None`, without a reason, for what was not sealed so, or not here.
    pub fn open(&self, seal: Seal<'_>, sealed: &[u8]) -> Option<Vec<u8>> {
        let (head, body) = sealed.split_at_checked(HEAD)?;
        let (&version, head) = head.split_first()?;
        let (id, nonce) = head.split_at(ID_BYTES);
        if version != VERSION {
            return None;
        }
        let key = self.keys.iter().find(|key| key.id == *id)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        let opened = key.key.open_in_place(nonce, Aad::from(seal.associated()), &mut body);
        inflated(opened.ok()?)
    }

    /// The same as text that fits into JSON as it is.
    pub fn seal_text(&self, seal: Seal<'_>, content: &str, now: Timestamp) -> Option<String> {
        let sealed = self.seal(seal, content.as_bytes(), now)?;
        Some(BASE64.encode(sealed))
    }

    pub fn open_text(&self, seal: Seal<'_>, text: &str) -> Option<String> {
        let sealed = BASE64.decode(text).ok()?;
        String::from_utf8(self.open(seal, &sealed)?).ok()
    }
}

impl Seal<'_> {
    /// A user's id holds no line break.
    fn associated(self) -> Vec<u8> {
        [self.kind, "\n", self.owner.as_str()].concat().into_bytes()
    }
}

fn deflated(content: &[u8]) -> Option<Vec<u8>> {
    let mut deflated = Vec::with_capacity(content.len() / 2 + ROOM);
    let mut deflate = Compress::new(Compression::default(), false);
    loop {
        let rest = content.get(usize::try_from(deflate.total_in()).ok()?..)?;
        let status = deflate.compress_vec(rest, &mut deflated, FlushCompress::Finish);
        if status.ok()? == Status::StreamEnd {
            return Some(deflated);
        }
        deflated.reserve(deflated.len() + ROOM);
    }
}

/// `None` for what ends early, and for what is larger than anything that was sealed.
fn inflated(deflated: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::with_capacity(deflated.len() * 3 + ROOM);
    let mut inflate = Decompress::new(false);
    while content.len() <= MAX_CONTENT {
        let rest = deflated.get(usize::try_from(inflate.total_in()).ok()?..)?;
        let status = inflate.decompress_vec(rest, &mut content, FlushDecompress::None);
        if status.ok()? == Status::StreamEnd {
            return Some(content).filter(|content| content.len() <= MAX_CONTENT);
        }
        if content.len() < content.capacity() {
            return None;
        }
        content.reserve(content.len() + ROOM);
    }
    None
}

fn id_of(kid: &str) -> [u8; ID_BYTES] {
    let mut id = [0; ID_BYTES];
    id.copy_from_slice(&digest(&SHA256, kid.as_bytes()).as_ref()[..ID_BYTES]);
    id
}

/// The secret is random and at least as long as the key; what is derived of it is of use for sealing alone.
#[expect(
    clippy::expect_used,
    reason = "the length that is asked for is the algorithm's own, which HKDF has"
)]
fn derived(secret: &[u8]) -> LessSafeKey {
    let secret = Salt::new(HKDF_SHA256, b"tidegate").extract(secret);
    let key = secret.expand(&[b"sealing"], &AES_256_GCM_SIV);
    LessSafeKey::new(UnboundKey::from(key.expect("HKDF gives 32 bytes")))
}

/// The names of the keys alone (promise 25).
impl fmt::Debug for SealingKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SealingKeys").field(&self.set).finish()
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-27T08:00:00Z".parse().unwrap()
    }

    fn keys() -> SealingKeys {
        SealingKeys::parse(&SealingKeys::generate(now())).unwrap()
    }

    fn user(id: &str) -> UserId {
        UserId::parse(id).unwrap()
    }

    fn stored(kid: &str, days_old: i64) -> serde_json::Value {
        let secret = BASE64.encode(random::bytes::<32>());
        json!({"kid": kid, "secret": secret, "created_at": now() - SignedDuration::from_hours(24 * days_old)})
    }

    fn set(keys: &[&serde_json::Value]) -> Result<SealingKeys, KeySetError> {
        SealingKeys::parse(&json!({"keys": keys}).to_string())
    }

    proptest! {
        #[test]
        fn k1_k2_what_is_sealed_opens_to_itself_for_its_owner_as_its_kind_and_unchanged(
            content in any::<String>(), bit in any::<prop::sample::Index>(),
        ) {
            let (keys, owner, other) = (keys(), user("u1"), user("u2"));
            let seal = Seal { owner: &owner, kind: "reasoning" };
            let text = keys.seal_text(seal, &content, now()).unwrap();
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            let opened = keys.open_text(seal, &text);
            prop_assert_eq!(opened.as_deref(), Some(content.as_str()));
            prop_assert_eq!(keys.open_text(Seal { owner: &other, ..seal }, &text), None);
            prop_assert_eq!(keys.open_text(Seal { kind: "compaction", ..seal }, &text), None);
            prop_assert_eq!(self::keys().open_text(seal, &text), None, "of another installation");
            let mut sealed = keys.seal(seal, content.as_bytes(), now()).unwrap();
            let bit = bit.index(sealed.len() * 8);
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(keys.open(seal, &sealed), None);
        }

        #[test]
        fn k2_what_anybody_else_has_written_is_nothing(text in "[A-Za-z0-9_.=-]{0,80}") {
            let owner = user("u1");
            prop_assert_eq!(keys().open_text(Seal { owner: &owner, kind: "reasoning" }, &text), None);
        }
    }

    #[test]
    fn k3_the_newest_key_that_everybody_knows_seals_and_the_others_open() {
        let (old, fresh) = (stored("old", 40), stored("new", 0));
        let owner = user("u1");
        let seal = Seal {
            owner: &owner,
            kind: "reasoning",
        };
        let [alone, both, rotated] = [set(&[&old]), set(&[&old, &fresh]), set(&[&fresh])].map(Result::unwrap);
        let early = both.seal_text(seal, "x", now()).unwrap();
        assert_eq!(
            alone.open_text(seal, &early).as_deref(),
            Some("x"),
            "the new key is not known everywhere yet"
        );
        let later = both.seal_text(seal, "x", now() + SignedDuration::from_mins(5)).unwrap();
        assert_eq!(alone.open_text(seal, &later), None);
        assert_eq!(rotated.open_text(seal, &later).as_deref(), Some("x"));
        assert_eq!(
            both.open_text(seal, &early).as_deref(),
            Some("x"),
            "what the old key has sealed stays"
        );
    }

    #[test]
    fn k3_there_are_at_most_five_keys() {
        let keys: Vec<_> = (0..6).map(|n| stored(&format!("k{n}"), n)).collect();
        let keys: Vec<_> = keys.iter().collect();
        assert!(set(&keys[..5]).is_ok());
        assert!(matches!(set(&keys), Err(KeySetError::Number { most: 5, found: 6 })));
        assert!(matches!(set(&[keys[0], keys[0]]), Err(KeySetError::Number { .. })));
    }

    #[test]
    fn p25_sealing_keys_print_nothing() {
        assert_eq!(
            format!("{:?}", set(&[&stored("a", 1)]).unwrap()),
            "SealingKeys([\"a\"])"
        );
    }
}

//! The ids of tool calls: the backend's, made to fit the client's pattern (ID1), and back again (ID2, ID3).
//!
//! Nothing is stored between requests (P4): an id that the client could not hold carries its original in itself, and
//! with it what the vendor wants back with the call (ID4). The source of random characters is an argument, so that
//! tests can fix it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::value::RawValue;

use crate::json::Raw;
use crate::settings::Limit;
use crate::sha256::sha256_hex;

/// Marks a client id that is the lower-case hex of the backend's id (ID1, ID2).
const ENCODED_ID_PREFIX: &str = "toolu_x";

/// Marks a client id that carries the backend's id and what belongs to the call: base64 of a JSON list (ID4).
pub const LOADED_ID_PREFIX: &str = "toolu_s";

/// The longest id that carries something.
const MAX_LOADED_LENGTH: usize = 8 * 1024;

/// Anthropic's limit for the ids of tool calls.
const MAX_LENGTH: usize = 64;

/// The second call with an id gets `_2`.
const FIRST_SUFFIX: u32 = 2;

/// What a backend wants back with a call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Load<'a> {
    /// `extra_content` of the call: Google's thought signature.
    pub extra_content: Raw<'a>,
    /// Encrypted `reasoning_details` of the message, where no thinking block can carry them.
    pub reasoning_details: Raw<'a>,
}

/// A call's id as the backend knows it, and what it wants back.
#[derive(Debug, Default)]
pub struct BackendId<'a> {
    pub id: Cow<'a, str>,
    pub extra_content: Option<Box<RawValue>>,
    pub reasoning_details: Option<Box<RawValue>>,
}

/// The ids that the calls of a conversation have already (B2.5), as hashes: a chance hit costs a suffix.
#[derive(Clone, Debug, Default)]
pub struct UsedIds(HashSet<u64, BuildHasherDefault<DefaultHasher>>);

/// Gives the tool calls of one message their ids.
#[derive(Debug, Default)]
pub struct ToolIds {
    used: UsedIds,
    /// Each id that was given, with the number that its next duplicate may try as a suffix.
    given: HashMap<String, u32>,
}

impl UsedIds {
    /// Adds a client's id, and the backend's that it stands for.
    pub fn add(&mut self, client_id: &str) {
        self.0.insert(hash(client_id));
        let id = backend_id(Cow::Borrowed(client_id), Limit::None).id;
        self.0.insert(hash(&id));
    }

    fn contains(&self, id: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&hash(id))
    }
}

fn hash(id: &str) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(id)
}

impl ToolIds {
    /// `used` are the ids of the conversation so far.
    pub fn new(used: UsedIds) -> Self {
        let given = HashMap::new();
        Self { used, given }
    }

    /// The client's id for a call. `backend_id` may be empty: then one is made up.
    pub fn give(&mut self, backend_id: &str, load: Load<'_>, random: &mut dyn FnMut() -> String) -> String {
        if let Some(id) = self.loaded(backend_id, load, random) {
            return id;
        }
        let id = if backend_id.is_empty() {
            format!("toolu_{}", random())
        } else {
            fitting(backend_id).into_owned()
        };
        self.unused(id)
    }

    /// The id of a call for a client whose dialect takes ids of any form. `backend_id` may be empty.
    pub fn give_as_is(&mut self, backend_id: &str, random: &mut dyn FnMut() -> String) -> String {
        let id = if backend_id.is_empty() {
            format!("call_{}", random())
        } else {
            backend_id.to_owned()
        };
        self.unused(id)
    }

    /// The same, but one that carries `load` (RA2).
    pub fn give_loaded(&mut self, backend_id: &str, load: Load<'_>, random: &mut dyn FnMut() -> String) -> String {
        self.loaded(backend_id, load, random)
            .unwrap_or_else(|| self.give_as_is(backend_id, random))
    }

    /// The id that carries `load`; `None` if there is none, or too much.
    fn loaded(&mut self, backend_id: &str, load: Load<'_>, random: &mut dyn FnMut() -> String) -> Option<String> {
        let weight = |json: Raw<'_>| json.map_or(0, |json| json.get().len());
        let length = weight(load.extra_content) + weight(load.reasoning_details);
        if length == 0 || length + 2 * backend_id.len() > MAX_LOADED_LENGTH / 4 * 3 - 64 {
            return None;
        }
        let id = if backend_id.is_empty() {
            format!("call_{}", random())
        } else {
            backend_id.to_owned()
        };
        let id = self.unused(id);
        let list = match load.reasoning_details {
            None => serde_json::to_vec(&(&id, load.extra_content)),
            Some(details) => serde_json::to_vec(&(&id, load.extra_content, details)),
        };
        let mut loaded = LOADED_ID_PREFIX.to_owned();
        URL_SAFE_NO_PAD.encode_string(list.ok()?, &mut loaded);
        Some(loaded)
    }

    /// The id itself if no call of the conversation has it, else with the first free suffix (B2.5).
    fn unused(&mut self, mut id: String) -> String {
        if self.used.contains(&id) {
            self.given.entry(id.clone()).or_insert(FIRST_SUFFIX);
        }
        while let Some(suffix) = self.given.get_mut(&id) {
            let candidate = format!("{id}_{suffix}");
            *suffix += 1;
            if !self.given.contains_key(&candidate) && !self.used.contains(&candidate) {
                id = candidate;
            }
        }
        self.given.insert(id.clone(), FIRST_SUFFIX);
        id
    }
}

/// The id itself if it fits Anthropic's pattern, else its bytes in hexadecimal digits, which ID2 undoes.
pub(crate) fn fitting(id: &str) -> Cow<'_, str> {
    if is_plain(id) {
        return Cow::Borrowed(id);
    }
    let mut hex = String::with_capacity(ENCODED_ID_PREFIX.len() + 2 * id.len());
    hex.push_str(ENCODED_ID_PREFIX);
    for byte in id.bytes() {
        let _ = write!(hex, "{byte:02x}");
    }
    Cow::Owned(hex)
}

/// The id for the backend: what had to be encoded is decoded (ID2, ID4), and what is too long for this backend
/// becomes a hash (ID3). The same for a call and its result, since both pass through here.
pub fn backend_id(client_id: Cow<'_, str>, max: Limit) -> BackendId<'_> {
    let mut known = unload(&client_id).unwrap_or_else(|| BackendId {
        id: decode_id(&client_id).map_or(client_id, Cow::Owned),
        ..BackendId::default()
    });
    if max.exceeded_by(known.id.chars().count()).is_some() {
        known.id = Cow::Owned(format!("call_{}", &sha256_hex(&known.id)[..32]));
    }
    known
}

/// An id that carries something, as an Anthropic backend gets it, which wants nothing back (ID4).
pub fn anthropic_id(loaded_id: &str) -> String {
    format!("toolu_{}", &sha256_hex(loaded_id)[..32])
}

/// True if the id carries something.
pub fn is_loaded(client_id: &str) -> bool {
    unload(client_id).is_some()
}

fn unload<'a>(client_id: &str) -> Option<BackendId<'a>> {
    let encoded = client_id.strip_prefix(LOADED_ID_PREFIX)?;
    let list = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    let mut list: Vec<Box<RawValue>> = serde_json::from_slice(&list).ok()?;
    let is_something = |json: &RawValue| json.get() != "null";
    let reasoning_details = (list.len() == 3)
        .then(|| list.pop())
        .flatten()
        .filter(|json| is_something(json));
    let [id, extra_content] = <[_; 2]>::try_from(list).ok()?;
    Some(BackendId {
        id: Cow::Owned(serde_json::from_str(id.get()).ok()?),
        extra_content: Some(extra_content).filter(|json| is_something(json)),
        reasoning_details,
    })
}

/// `None` unless the id is one that had to be encoded: an id of the plain form was never touched. The suffix of a
/// duplicate stays (B2.5).
fn decode_id(client_id: &str) -> Option<String> {
    let encoded = client_id.strip_prefix(ENCODED_ID_PREFIX)?;
    let (hex, suffix) = encoded.find('_').map_or((encoded, ""), |at| encoded.split_at(at));
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let bytes = pairs
        .iter()
        .map(|&[high, low]| Some(hex_digit(high)? << 4 | hex_digit(low)?));
    let id = String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()?;
    let is_ours = !id.is_empty() && !is_plain(&id) && suffix.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    is_ours.then(|| id + suffix)
}

/// Lower case only, since that is what we write; anything else is somebody else's id.
fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// True if the id fits the client's pattern, and cannot be taken for one that carries something.
fn is_plain(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=MAX_LENGTH).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give(ids: &mut ToolIds, backend_id: &str) -> String {
        ids.give(backend_id, Load::default(), &mut || "r".repeat(24))
    }

    #[test]
    fn id1_a_fitting_id_stays() {
        assert_eq!(give(&mut ToolIds::default(), "call_A-1"), "call_A-1");
        assert_eq!(give(&mut ToolIds::default(), &"a".repeat(64)), "a".repeat(64));
    }

    #[test]
    fn id1_other_ids_become_hex() {
        assert_eq!(give(&mut ToolIds::default(), "f.a:0"), "toolu_x662e613a30");
        assert_eq!(
            give(&mut ToolIds::default(), &"a".repeat(65)),
            format!("toolu_x{}", "61".repeat(65))
        );
    }

    #[test]
    fn id1_duplicates_get_a_suffix_that_is_new() {
        let mut ids = ToolIds::default();
        let given: Vec<String> = ["a", "a_2", "a", "a"].map(|id| give(&mut ids, id)).to_vec();
        assert_eq!(given, ["a", "a_2", "a_3", "a_4"]);
    }

    #[test]
    fn id1_a_missing_id_is_made_up() {
        assert_eq!(give(&mut ToolIds::default(), ""), format!("toolu_{}", "r".repeat(24)));
    }

    fn backend(id: &str) -> Cow<'_, str> {
        backend_id(Cow::Borrowed(id), Limit::None).id
    }

    #[test]
    fn id2_an_encoded_id_is_decoded_and_others_pass() {
        assert_eq!(backend("toolu_x66756e6374696f6e732e663a30"), "functions.f:0");
        for id in [
            "call_1",
            "toolu_01AbC",
            "toolu_x66756e_2",
            "toolu_xzz",
            "toolu_x",
            "toolu_x2E",
            "toolu_xff",
        ] {
            assert_eq!(backend(id), id);
        }
    }

    #[test]
    fn id2_a_plain_id_that_looks_encoded_is_the_backends_own() {
        assert_eq!(backend("toolu_x6162"), "toolu_x6162");
    }

    #[test]
    fn id3_a_long_id_becomes_a_hash_where_the_backend_has_a_limit() {
        let id = "i".repeat(65);
        assert_eq!(
            backend_id(Cow::Borrowed(&id), Limit::AtMost(64)).id,
            format!("call_{}", &sha256_hex(&id)[..32])
        );
        assert_eq!(backend(&id), id);
        assert_eq!(backend_id(Cow::Borrowed(&id[1..]), Limit::AtMost(64)).id, &id[1..]);
    }

    #[test]
    fn b2_5_an_id_of_the_conversation_is_not_given_again() {
        let mut used = UsedIds::default();
        for id in ["call_0", "call_0_2", "toolu_x662e613a30"] {
            used.add(id);
        }
        let mut ids = ToolIds::new(used);
        assert_eq!(give(&mut ids, "call_0"), "call_0_3");
        assert_eq!(give(&mut ids, "call_0"), "call_0_4");
        assert_eq!(give(&mut ids, "f.a:0"), "toolu_x662e613a30_2");
        assert_eq!(
            backend("toolu_x662e613a30_2"),
            "f.a:0_2",
            "a made-up id is decoded on its way back"
        );
    }

    #[test]
    fn id4_what_belongs_to_a_call_travels_in_its_id_and_comes_back() {
        let extra = RawValue::from_string(r#"{"google":{"thought_signature":"c2ln+/=="}}"#.to_owned()).unwrap();
        let load = Load {
            extra_content: Some(&extra),
            ..Load::default()
        };
        let mut ids = ToolIds::default();
        let given = [0, 1].map(|_| ids.give("f.a:0", load, &mut || "r".repeat(24)));
        for (id, expected) in given.iter().zip(["f.a:0", "f.a:0_2"]) {
            assert!(id.starts_with("toolu_s"));
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            assert!(id.bytes().all(plain));
            let known = backend_id(Cow::Borrowed(id), Limit::None);
            assert_eq!(known.id, expected);
            assert_eq!(known.extra_content.unwrap().get(), extra.get());
            assert!(is_loaded(id));
        }
        assert_eq!(anthropic_id(&given[0]).len(), "toolu_".len() + 32);
        assert!(!is_loaded("toolu_s123") && !is_loaded("toolu_01"));
    }

    #[test]
    fn id4_too_much_for_an_id_is_left_out() {
        let extra = RawValue::from_string(format!("\"{}\"", "x".repeat(MAX_LOADED_LENGTH))).unwrap();
        let load = Load {
            extra_content: Some(&extra),
            ..Load::default()
        };
        assert_eq!(ToolIds::default().give("a", load, &mut || "r".repeat(24)), "a");
    }

    #[test]
    fn b10_5_encrypted_reasoning_travels_in_an_id_where_no_block_can_carry_it() {
        let details = RawValue::from_string(r#"[{"type":"reasoning.encrypted","data":"E"}]"#.to_owned()).unwrap();
        let load = Load {
            reasoning_details: Some(&details),
            ..Load::default()
        };
        let id = ToolIds::default().give("a", load, &mut || "r".repeat(24));
        let known = backend_id(Cow::Borrowed(&id), Limit::None);
        assert_eq!(known.reasoning_details.unwrap().get(), details.get());
        assert!(known.extra_content.is_none());
        assert_eq!(known.id, "a");
    }
}

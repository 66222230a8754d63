//! The ids of tool calls: the backend's, made to fit the client's pattern (ID1), and back again (ID2, ID3).
//!
//! Nothing is stored between requests (P4): an id that the client could not hold carries its original in itself. The
//! source of random characters is an argument, so that tests can fix it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use crate::settings::Limit;
use crate::sha256::sha256_hex;

/// Marks a client id that is the lower-case hex of the backend's id (ID1, ID2).
const ENCODED_ID_PREFIX: &str = "toolu_x";

/// Anthropic's limit for the ids of tool calls.
const MAX_LENGTH: usize = 64;

/// The second call with an id gets `_2`.
const FIRST_SUFFIX: u32 = 2;

/// Gives the tool calls of one message their ids.
#[derive(Debug, Default)]
pub struct ToolIds {
    /// Each id that was given, with the number that its next duplicate may try as a suffix.
    given: HashMap<String, u32>,
}

impl ToolIds {
    /// The client's id for a call. `backend_id` may be empty: then one is made up.
    pub fn give(&mut self, backend_id: &str, random: &mut dyn FnMut() -> String) -> String {
        let mut id = if backend_id.is_empty() {
            format!("toolu_{}", random())
        } else {
            fitting(backend_id).into_owned()
        };
        while let Some(suffix) = self.given.get_mut(&id) {
            let candidate = format!("{id}_{suffix}");
            *suffix += 1;
            if !self.given.contains_key(&candidate) {
                id = candidate;
            }
        }
        self.given.insert(id.clone(), FIRST_SUFFIX);
        id
    }
}

/// The id itself if it fits the client's pattern, else its bytes in hexadecimal digits, which ID2 undoes.
fn fitting(id: &str) -> Cow<'_, str> {
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

/// The id for the backend: what had to be encoded is decoded (ID2), and what is too long for this backend
/// becomes a hash (ID3). The same for a call and its result, since both pass through here.
pub fn backend_tool_id(client_id: Cow<'_, str>, max: Limit) -> Cow<'_, str> {
    let id = decode_id(&client_id).map_or(client_id, Cow::Owned);
    if max.exceeded_by(id.chars().count()).is_some() {
        return Cow::Owned(format!("call_{}", &sha256_hex(&id)[..32]));
    }
    id
}

/// `None` unless the id is one that had to be encoded: an id of the plain form was never touched.
fn decode_id(client_id: &str) -> Option<String> {
    let hex = client_id.strip_prefix(ENCODED_ID_PREFIX)?;
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let bytes = pairs
        .iter()
        .map(|&[high, low]| Some(hex_digit(high)? << 4 | hex_digit(low)?));
    let id = String::from_utf8(bytes.collect::<Option<Vec<u8>>>()?).ok()?;
    (!id.is_empty() && !is_plain(&id)).then_some(id)
}

/// Lower case only, since that is what we write; anything else is somebody else's id.
fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// True if the id fits the client's pattern.
fn is_plain(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=MAX_LENGTH).contains(&id.len()) && id.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn give(ids: &mut ToolIds, backend_id: &str) -> String {
        ids.give(backend_id, &mut || "r".repeat(24))
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
        backend_tool_id(Cow::Borrowed(id), Limit::None)
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
            backend_tool_id(Cow::Borrowed(&id), Limit::AtMost(64)),
            format!("call_{}", &sha256_hex(&id)[..32])
        );
        assert_eq!(backend(&id), id);
        assert_eq!(backend_tool_id(Cow::Borrowed(&id[1..]), Limit::AtMost(64)), &id[1..]);
    }
}

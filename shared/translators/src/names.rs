//! Tool names and call ids that travel through both dialects unharmed (§3.7).
//!
//! Nothing is stored between requests (P4): a name is shortened by its own hash, and an id that the client
//! could not hold carries its original in itself. The way back of ids is in `ids.rs`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use aws_lc_rs::digest;

use crate::settings::Limit;

/// Marks a client id that is the lower-case hex of the backend's id (ID1, ID2).
pub const ENCODED_ID_PREFIX: &str = "toolu_x";

const FIRST_HASH_DIGITS: usize = 8;
const ALL_HASH_DIGITS: usize = 64;

/// The tool names of one request that the backend cannot take, and what it gets in their place.
#[derive(Clone, Debug, Default)]
pub struct ToolNames {
    to_backend: HashMap<String, String>,
    to_client: HashMap<String, String>,
}

impl ToolNames {
    /// Maps the names that do not fit `[A-Za-z0-9_-]{1,max}` (NA1). `names` are all names of the request, in
    /// any number and order (NA2).
    pub fn new<'n>(names: impl IntoIterator<Item = Cow<'n, str>>, max: u32) -> Self {
        let max = max as usize;
        let (fitting, others): (HashSet<_>, Vec<_>) = partition(names, |name| fits(name, max));
        let mut map = Self::default();
        for name in others {
            if map.to_backend.contains_key(name.as_ref()) {
                continue;
            }
            let short = map.free_name(&name, max, &fitting);
            map.to_client.insert(short.clone(), name.clone().into_owned());
            map.to_backend.insert(name.into_owned(), short);
        }
        map
    }

    /// The name for the backend.
    pub fn to_backend<'n>(&'n self, name: &'n str) -> Cow<'n, str> {
        Cow::Borrowed(self.to_backend.get(name).map_or(name, String::as_str))
    }

    /// The client's own name; one that the request did not have passes unchanged (NA3).
    pub fn to_client<'n>(&'n self, name: &'n str) -> Cow<'n, str> {
        Cow::Borrowed(self.to_client.get(name).map_or(name, String::as_str))
    }

    /// The shortest form of the hash that no other name of the request has (NA2).
    fn free_name(&self, name: &str, max: usize, fitting: &HashSet<Cow<'_, str>>) -> String {
        let hash = sha256_hex(name);
        let mut digits = FIRST_HASH_DIGITS;
        loop {
            let short = shorten(name, max, &hash[..digits]);
            let taken = fitting.contains(short.as_str()) || self.to_client.contains_key(&short);
            if !taken || digits == ALL_HASH_DIGITS {
                return short;
            }
            digits += 1;
        }
    }
}

fn partition<'n>(
    names: impl IntoIterator<Item = Cow<'n, str>>,
    fits: impl Fn(&str) -> bool,
) -> (HashSet<Cow<'n, str>>, Vec<Cow<'n, str>>) {
    let mut fitting = HashSet::new();
    let mut others = Vec::new();
    for name in names {
        if fits(&name) {
            fitting.insert(name);
        } else {
            others.push(name);
        }
    }
    (fitting, others)
}

fn fits(name: &str, max: usize) -> bool {
    (1..=max).contains(&name.len()) && name.bytes().all(is_plain)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// The name with other characters replaced, cut so that `_` and the hash find room.
fn shorten(name: &str, max: usize, hash: &str) -> String {
    let kept = max.saturating_sub(hash.len() + 1);
    let plain = name
        .chars()
        .map(|c| if u8::try_from(c).is_ok_and(is_plain) { c } else { '_' });
    let mut short: String = plain.take(kept).collect();
    short.push('_');
    short.push_str(hash);
    short
}

/// The id for the backend: what `ids.rs` had to encode is decoded (ID2), and what is too long for this backend
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
    (!id.is_empty() && !fits(&id, 64)).then_some(id)
}

/// Lower case only, since that is what we write; anything else is somebody else's id.
fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

pub(super) fn sha256_hex(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest
        .as_ref()
        .iter()
        .fold(String::with_capacity(ALL_HASH_DIGITS), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
            hex
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str], max: u32) -> ToolNames {
        ToolNames::new(names.iter().map(|&name| Cow::Borrowed(name)), max)
    }

    #[test]
    fn na1_a_fitting_name_is_unchanged() {
        let longest = "n".repeat(64);
        let map = names(&["get-weather_2", &longest], 64);
        assert_eq!(map.to_backend("get-weather_2"), "get-weather_2");
        assert_eq!(map.to_backend(&longest), longest);
    }

    #[test]
    fn na1_other_characters_are_replaced_and_the_hash_appended() {
        let map = names(&["files.räd"], 64);
        let hash = &sha256_hex("files.räd")[..8];
        assert_eq!(map.to_backend("files.räd"), format!("files_r_d_{hash}"));
    }

    #[test]
    fn na1_a_long_name_is_cut_to_the_limit() {
        let long = "m".repeat(70);
        let map = names(&[&long], 64);
        let short = map.to_backend(&long);
        assert_eq!(short.len(), 64);
        assert_eq!(short, format!("{}_{}", "m".repeat(55), &sha256_hex(&long)[..8]));
    }

    #[test]
    fn na2_a_collision_extends_the_hash() {
        let hash = sha256_hex("a.b");
        let squatter = format!("a_b_{}", &hash[..8]);
        let map = names(&["a.b", &squatter], 64);
        assert_eq!(map.to_backend(&squatter), squatter);
        assert_eq!(map.to_backend("a.b"), format!("a_b_{}", &hash[..9]));
    }

    #[test]
    fn na3_the_original_name_comes_back_and_an_unknown_one_passes() {
        let map = names(&["a.b"], 64);
        assert_eq!(map.to_client(&map.to_backend("a.b")), "a.b");
        assert_eq!(map.to_client("made_up"), "made_up");
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

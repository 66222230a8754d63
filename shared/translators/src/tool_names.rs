//! Tool names that the backend cannot take, shortened for it and restored for the client (§3.7).
//!
//! Nothing is stored between requests (P4): a name is shortened by its own hash.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::sha256::{self, sha256_hex};

const FIRST_HASH_DIGITS: usize = 8;

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
            if !taken || digits == sha256::DIGITS {
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
}

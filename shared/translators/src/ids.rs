//! The ids a client sees: those we make up, and the backend's tool call ids made to fit (ID1).
//!
//! Knows nothing about randomness: the caller brings the source, so that tests can fix it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write as _;

use crate::names::ENCODED_ID_PREFIX;

/// Makes 24 fresh characters of `[A-Za-z0-9]`: the random part of an id.
pub type RandomText = Box<dyn FnMut() -> String + Send>;

/// Anthropic's limit for the ids of tool calls.
const MAX_LENGTH: usize = 64;

pub fn message_id(random: &mut dyn FnMut() -> String) -> String {
    format!("msg_{}", random())
}

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
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if id.len() <= MAX_LENGTH && id.bytes().all(plain) {
        return Cow::Borrowed(id);
    }
    let mut hex = String::with_capacity(ENCODED_ID_PREFIX.len() + 2 * id.len());
    hex.push_str(ENCODED_ID_PREFIX);
    for byte in id.bytes() {
        let _ = write!(hex, "{byte:02x}");
    }
    Cow::Owned(hex)
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
}

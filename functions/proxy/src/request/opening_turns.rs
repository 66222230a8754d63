//! The texts at the beginning of a conversation, which its later requests repeat.
//!
//! Only texts count: a client that moves its `cache_control` from turn to turn, or writes a text as a string first and
//! as a block later, goes on with the same conversation. The JSON is known to be well-formed.

use domain::access::digest::PartsDigest;
use memchr::memchr2;

/// Bytes of one text that count: the rest of an image or a document tells nothing more.
const MAX_TEXT: usize = 4096;
/// Nesting of the members of a turn.
const TURN: usize = 2;

/// Adds all texts of `json`.
pub(super) fn add_texts(json: &str, digest: &mut PartsDigest) {
    Reader::new(json, digest).run(false);
}

/// Adds the texts of the list `turns` until the first turn of the user is over; of a string, the whole.
pub(super) fn add_opening(turns: &str, digest: &mut PartsDigest) {
    Reader::new(turns, digest).run(true);
}

struct Reader<'a> {
    json: &'a [u8],
    at: usize,
    depth: usize,
    digest: &'a mut PartsDigest,
    /// The last key.
    key: &'a [u8],
    /// The nesting of a `cache_control` that is being passed over.
    hidden: Option<usize>,
}

impl<'a> Reader<'a> {
    fn new(json: &'a str, digest: &'a mut PartsDigest) -> Self {
        Self {
            json: json.as_bytes(),
            at: 0,
            depth: 0,
            digest,
            key: b"",
            hidden: None,
        }
    }

    fn run(&mut self, ends_with_user: bool) {
        let mut is_users = false;
        while let Some(&byte) = self.json.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => is_users |= self.string(),
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.unhide();
                    if ends_with_user && is_users && self.depth + 1 == TURN {
                        return;
                    }
                }
                b',' => self.unhide(),
                _ => {}
            }
        }
    }

    /// Reads the string that has begun. True if it says that the turn is the user's.
    fn string(&mut self) -> bool {
        let text = self.text();
        if self.is_key() {
            self.key = text;
            if text == b"cache_control" && self.hidden.is_none() {
                self.hidden = Some(self.depth);
            }
            return false;
        }
        if self.hidden.is_some() || self.key == b"type" {
            return false;
        }
        self.digest.add(&text[..text.len().min(MAX_TEXT)]);
        self.depth == TURN && self.key == b"role" && text == b"user"
    }

    /// The string, without its quotes and as it was written.
    fn text(&mut self) -> &'a [u8] {
        let start = self.at;
        while let Some(found) = self.json.get(self.at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            self.at += found;
            if self.json[self.at] == b'"' {
                break;
            }
            self.at += 2;
        }
        let end = self.at.min(self.json.len());
        self.at = end + 1;
        &self.json[start..end]
    }

    /// True if the string that is behind is a key: a colon follows.
    fn is_key(&self) -> bool {
        let rest = self.json.get(self.at..).unwrap_or_default();
        rest.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
    }

    fn unhide(&mut self) {
        self.hidden = self.hidden.filter(|hidden| *hidden < self.depth);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(turns: &str) -> u64 {
        let mut digest = PartsDigest::new();
        add_opening(turns, &mut digest);
        digest.number()
    }

    const FIRST: &str = r#"[{"role":"system","content":"S"},{"role":"user","content":"Hi \"there\""}]"#;

    #[test]
    fn p92_what_follows_the_users_first_turn_does_not_count() {
        for same in [
            r#"[{"role":"system","content":"S"},{"role":"user","content":"Hi \"there\""},{"role":"assistant","content":"x"}]"#,
            r#"[ {"role" : "system", "content":"S"} , {"role" : "user" ,"content": "Hi \"there\""} , {"role":"user"}]"#,
        ] {
            assert_eq!(opening(same), opening(FIRST), "{same}");
        }
        for other in [
            r#"[{"role":"system","content":"T"},{"role":"user","content":"Hi \"there\""}]"#,
            r#"[{"role":"system","content":"S"},{"role":"user","content":"Hi"}]"#,
            r#"[{"role":"assistant","content":"S"},{"role":"user","content":"Hi \"there\""}]"#,
        ] {
            assert_ne!(opening(other), opening(FIRST), "{other}");
        }
    }

    #[test]
    fn p92_a_moved_cache_mark_and_the_form_of_a_text_do_not_count() {
        let plain = opening(r#"[{"role":"user","content":"Hi"}]"#);
        for same in [
            r#"[{"role":"user","content":[{"type":"text","text":"Hi"}]},{"role":"assistant","content":"x"}]"#,
            r#"[{"role":"user","content":[{"type":"text","text":"Hi","cache_control":{"type":"ephemeral","ttl":"1h"}}]}]"#,
            r#"[{"role":"user","content":[{"cache_control":{"ttl":"5m","a":{"b":"c"}},"text":"Hi"}]}]"#,
            r#"[{"role":"user","content":[{"cache_control":null,"text":"Hi"}]}]"#,
        ] {
            assert_eq!(opening(same), plain, "{same}");
        }
        let value = r#"[{"role":"user","content":[{"text":"cache_control"},{"text":"Hi"}]}]"#;
        assert_ne!(opening(value), plain);
    }

    #[test]
    fn p92_a_role_counts_in_its_place_alone() {
        let call = r#"[{"role":"assistant","tool_calls":[{"role":"user"}]},{"role":"user","content":""#;
        assert_ne!(opening(&format!("{call}a\"}}]")), opening(&format!("{call}b\"}}]")));
        assert_ne!(opening("\"a\""), opening("\"b\""), "an input that is a string");
    }

    #[test]
    fn p92_the_end_of_a_long_text_does_not_count() {
        let turn = |end: &str| {
            opening(&format!(
                r#"[{{"role":"user","content":"{}{end}"}}]"#,
                "x".repeat(MAX_TEXT)
            ))
        };
        assert_eq!(turn("a"), turn("b"));
    }
}

//! Cursors: places in lists that callers carry but cannot read meaning into or make up (promise 57).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use super::digest::keyed;
use super::session::SigningKeys;

/// Half of an HMAC-SHA-256: a wrong cursor is only a wrong page, never a right.
const TAG: usize = 16;
/// Keeps these authentications apart from those of tokens.
const PURPOSE: &[u8] = b"tidegate cursor 1";

impl SigningKeys {
    /// The cursor for `position` in the list called `scope`, which names the caller too.
    pub fn seal_cursor(&self, scope: &str, position: &str) -> String {
        let key = self.secrets().next().unwrap_or_default();
        BASE64.encode([&tag(key, scope, position), position.as_bytes()].concat())
    }

    /// The position that a cursor holds, if it was made for this `scope`.
    pub fn open_cursor(&self, scope: &str, cursor: &str) -> Option<String> {
        let bytes = BASE64.decode(cursor).ok()?;
        let (given, position) = bytes.split_at_checked(TAG)?;
        let position = str::from_utf8(position).ok()?;
        let known = |key| aws_lc_rs::constant_time::verify_slices_are_equal(&tag(key, scope, position), given).is_ok();
        self.secrets().any(known).then(|| position.to_owned())
    }
}

fn tag(key: &[u8], scope: &str, position: &str) -> [u8; TAG] {
    let mut tag = [0; TAG];
    tag.copy_from_slice(&keyed(key, PURPOSE, scope, position).as_ref()[..TAG]);
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p57_a_cursor_is_authenticated_and_bound_to_its_caller() {
        let keys = SigningKeys::parse(&SigningKeys::generate(jiff::Timestamp::UNIX_EPOCH)).unwrap();
        let cursor = keys.seal_cursor("users u1", "user#7");
        assert_eq!(keys.open_cursor("users u1", &cursor).as_deref(), Some("user#7"));
        assert_eq!(keys.open_cursor("users u2", &cursor), None);
        assert_eq!(keys.open_cursor("audit u1", &cursor), None);
        let other = SigningKeys::parse(&SigningKeys::generate(jiff::Timestamp::UNIX_EPOCH)).unwrap();
        assert_eq!(other.open_cursor("users u1", &cursor), None);
        for forged in [
            "",
            "AAAA",
            &cursor[1..],
            &format!("{cursor}AAAA"),
            &BASE64.encode("0123456789abcdefuser#7"),
        ] {
            assert_eq!(keys.open_cursor("users u1", forged), None, "{forged}");
        }
    }
}

//! Randomness: for secrets from the operating system by way of aws-lc; for ids, which are no secrets, from a generator
//! in the process.

use aws_lc_rs::rand;
use jiff::Timestamp;
use uuid::{NoContext, Uuid};

pub(crate) const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `N` random bytes.
///
/// # Panics
/// When the operating system has no randomness to give: nothing that needs a secret may go on then.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    #[expect(
        clippy::expect_used,
        reason = "without randomness no secret can be made; there is no way on"
    )]
    rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// `length` characters of base 62, each uniformly distributed (5.95 bits).
pub fn base62(length: usize) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        // 248 = 4 × 62: larger bytes would favour the first characters of the alphabet.
        let fair = bytes::<32>().into_iter().filter(|byte| *byte < 248);
        text.extend(
            fair.take(length - text.len())
                .map(|byte| char::from(BASE62[usize::from(byte % 62)])),
        );
    }
    text
}

/// A new identifier that sorts by its time of creation (`UUIDv7`, RFC 9562, 32 hexadecimal digits).
pub fn sortable_id() -> String {
    text(Uuid::now_v7())
}

/// A new identifier of the same form, for what began at `at`; times before 1970 count as 1970.
pub fn sortable_id_at(at: Timestamp) -> String {
    let seconds = u64::try_from(at.as_second()).unwrap_or(0);
    let nanoseconds = u32::try_from(at.subsec_nanosecond()).unwrap_or(0);
    text(Uuid::new_v7(uuid::Timestamp::from_unix(
        NoContext,
        seconds,
        nanoseconds,
    )))
}

fn text(id: Uuid) -> String {
    id.simple().encode_lower(&mut Uuid::encode_buffer()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base62_has_the_length_asked_for_and_only_letters_and_digits() {
        for length in [0, 1, 6, 27, 200] {
            let text = base62(length);
            assert_eq!(text.len(), length);
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
        assert_ne!(base62(27), base62(27));
    }

    #[test]
    fn ids_sort_in_the_order_they_were_made() {
        let ids: Vec<_> = (0..100).map(|_| sortable_id()).collect();
        assert!(ids.is_sorted());
        let later =
            [0, 1, 255, 256, 1 << 40].map(|millis| sortable_id_at(Timestamp::from_millisecond(millis).unwrap()));
        assert!(later.is_sorted());
    }
}

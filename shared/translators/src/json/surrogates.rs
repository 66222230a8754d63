//! Halves of surrogate pairs in JSON. They pass (P5), but no parser that builds strings takes them.

use std::ops::RangeInclusive;

const HIGH: RangeInclusive<u16> = 0xD800..=0xDBFF;
const LOW: RangeInclusive<u16> = 0xDC00..=0xDFFF;
/// Bytes of `\uXXXX`.
const ESCAPE: usize = 6;

/// `json` with `\uFFFD` for each half of a pair, so that every place in it stays; `None` if there is none.
pub fn without_halves(json: &str) -> Option<String> {
    let bytes = json.as_bytes();
    let mut halves = Vec::new();
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
        at += found;
        let next = code(bytes, at + ESCAPE);
        at += match code(bytes, at) {
            Some(high) if HIGH.contains(&high) && next.is_some_and(|low| LOW.contains(&low)) => 2 * ESCAPE,
            Some(half) if HIGH.contains(&half) || LOW.contains(&half) => {
                halves.push(at);
                ESCAPE
            }
            Some(_) => ESCAPE,
            None => 2,
        };
    }
    if halves.is_empty() {
        return None;
    }
    let mut whole = json.to_owned();
    for half in halves {
        whole.replace_range(half..half + ESCAPE, "\\uFFFD");
    }
    Some(whole)
}

/// The code of the `\uXXXX` at `at`.
fn code(json: &[u8], at: usize) -> Option<u16> {
    let digits = json.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p5_halves_are_replaced_in_their_place_and_pairs_stay() {
        for (json, expected) in [
            (r#""\ud83d""#, Some(r#""\uFFFD""#)),
            (r#""\uDE00\ud83dx""#, Some(r#""\uFFFD\uFFFDx""#)),
            (r#""\ud83d\ude00""#, None),
            (r#""\\ud83d \n \u00e4""#, None),
            (r#""\ud8"#, None),
        ] {
            assert_eq!(without_halves(json).as_deref(), expected, "{json}");
        }
    }
}

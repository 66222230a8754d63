//! A glob fits what the plainest matcher says that it fits. An input is a glob and, behind a line break, a text.

#![no_main]

use domain::models::catalog::glob_matches;
use libfuzzer_sys::fuzz_target;

/// As slow as it is plain.
fn fits(glob: &[u8], text: &[u8]) -> bool {
    match (glob.split_first(), text.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((b'*', glob)), _) => (0..=text.len()).any(|skipped| fits(glob, &text[skipped..])),
        (Some((character, glob)), Some((found, text))) => character == found && fits(glob, text),
        (Some(_), None) => false,
    }
}

fuzz_target!(|input: &str| {
    let (glob, text) = input.split_once('\n').unwrap_or((input, ""));
    // Each star multiplies the time of the plain one.
    if glob.matches('*').count() <= 3 && text.len() <= 64 {
        assert_eq!(glob_matches(glob, text), fits(glob.as_bytes(), text.as_bytes()));
    } else {
        let _ = glob_matches(glob, text);
    }
});

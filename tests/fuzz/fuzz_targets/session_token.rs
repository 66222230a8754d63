//! No text but an issued token is a session, and none but a sealed cursor is a place in a list.

#![no_main]

use std::sync::LazyLock;

use domain::access::session::SigningKeys;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

static KEYS: LazyLock<SigningKeys> =
    LazyLock::new(|| SigningKeys::parse(&SigningKeys::generate(Timestamp::UNIX_EPOCH)).unwrap());

fuzz_target!(|input: &[u8]| {
    // A document of keys from the secret store may hold anything, and is refused or read.
    let Ok(text) = str::from_utf8(input) else { return };
    let _ = SigningKeys::parse(text);
    assert!(KEYS.verify(text, Timestamp::UNIX_EPOCH).is_err());
    assert_eq!(KEYS.open_cursor("list", text), None);
    let sealed = KEYS.seal_cursor("list", text);
    assert_eq!(KEYS.open_cursor("list", &sealed).as_deref(), Some(text));
    assert_eq!(KEYS.open_cursor("another list", &sealed), None);
});

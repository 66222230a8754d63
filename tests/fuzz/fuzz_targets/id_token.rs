//! No keys that a provider may publish make a token good that they have not signed. An input is a document of keys and,
//! behind a line break, a token.

#![no_main]

use domain::access::id_token::{Expected, signing_keys, verify};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (document, token) = input.split_at(end);
    let (Some(keys), Ok(token)) = (signing_keys(document), str::from_utf8(token)) else {
        return;
    };
    let expected = Expected {
        issuer: "https://idp.example.com",
        client_id: "tidegate",
        nonce: "n",
        now: Timestamp::UNIX_EPOCH,
    };
    // Nobody grows a signature by chance.
    assert!(verify(token.trim(), &keys, &expected).is_err());
});

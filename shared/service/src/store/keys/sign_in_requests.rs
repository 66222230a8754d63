//! Keys of what programs ask for, and of what they hold besides access tokens: under digests.

use domain::access::digest::sha256_hex;
use domain::access::sign_in_request::UserCode;

use super::key::Key;
use crate::store::table::Table;

/// A device's request, by the digest of its code.
pub(in crate::store) fn device(digest: &str) -> Key {
    Key::new(Table::SignIns, format!("device#{digest}"), "device")
}

/// The device's request that a person names by this code.
pub(in crate::store) fn user_code(code: &UserCode) -> Key {
    Key::new(Table::SignIns, format!("usercode#{code}"), "usercode")
}

/// A question that a person is shown.
pub(in crate::store) fn question(secret: &str) -> Key {
    Key::new(Table::SignIns, format!("ask#{}", sha256_hex(secret)), "ask")
}

/// The key of a code that a browser brings back to its program.
pub(in crate::store) fn authorization_code(code: &str) -> Key {
    Key::new(Table::SignIns, format!("code#{}", sha256_hex(code)), "code")
}

pub(in crate::store) fn refresh_token(token: &str) -> Key {
    Key::new(Table::SignIns, format!("refresh#{}", sha256_hex(token)), "refresh")
}

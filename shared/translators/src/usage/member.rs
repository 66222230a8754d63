//! The `usage` member of a JSON object, and the numbers in it.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::json::{Raw, lenient_object};

/// Finds the member's name; made once, since events are short.
pub(super) static MEMBER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"usage\""));

lenient_object! {
    pub(super) UsageHolder {
        pub(super) usage: Raw<'a> = b"usage",
    }
}

/// A number of tokens as backends write it: also as a string or a float, or below zero for "unknown". `None` for any
/// other kind of value.
pub(super) fn count(json: Raw<'_>) -> Option<u64> {
    let text = json?.get().trim_matches('"');
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, which is meant"
    )]
    let float = || {
        text.parse::<f64>()
            .ok()
            .filter(|count| !count.is_nan())
            .map(|count| count as u64)
    };
    text.parse().ok().or_else(float)
}

/// Replaces a total by a later one. Zeros behind the real numbers are no news (B7.1).
pub(super) fn replace(total: &mut u64, new: Option<u64>) {
    if let Some(new) = new.filter(|new| *new > 0) {
        *total = new;
    }
}

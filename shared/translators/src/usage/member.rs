//! The `usage` member of a JSON object, and the numbers in it.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};
use serde_json::value::RawValue;

/// Finds the member's name; made once, since events are short.
pub(super) static MEMBER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"usage\""));

#[derive(Deserialize)]
pub(super) struct UsageHolder<'a> {
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
}

/// A number of tokens as backends write it: also as a float, or below zero for "unknown".
#[derive(Debug, Clone, Copy)]
pub(super) struct Count(pub(super) u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor).map(Self)
    }
}

struct CountVisitor;

impl Visitor<'_> for CountVisitor {
    type Value = u64;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a number of tokens")
    }

    fn visit_u64<E>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<u64, E> {
        Ok(u64::try_from(value).unwrap_or(0))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, which is meant"
    )]
    fn visit_f64<E>(self, value: f64) -> Result<u64, E> {
        Ok(value as u64)
    }
}

pub(super) fn object<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    json.starts_with('{').then(|| serde_json::from_str(json).ok()).flatten()
}

pub(super) fn count(tokens: Option<Count>) -> u64 {
    tokens.map_or(0, |tokens| tokens.0)
}

pub(super) fn replace(total: &mut u64, new: Option<Count>) {
    if let Some(new) = new {
        *total = new.0;
    }
}

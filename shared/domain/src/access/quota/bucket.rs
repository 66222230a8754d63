//! The parts that a window is counted in, and their names in the table.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Parts of a window.
const PARTS: i64 = 60;

/// A window's length and that of its parts, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    pub window_ms: i64,
    pub part_ms: i64,
}

/// A part's number since 1970. Stored as text in base 36: it is the name of an attribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket(pub i64);

/// A part of a window, and the length of its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowBucket {
    #[serde(rename = "l")]
    pub part_ms: i64,
    #[serde(rename = "p")]
    pub part: Bucket,
}

impl Frame {
    pub fn of_seconds(window_seconds: u32) -> Self {
        let window_ms = i64::from(window_seconds) * 1000;
        Self {
            window_ms,
            part_ms: (window_ms + PARTS - 1) / PARTS,
        }
    }

    /// The longest window that has parts of this length.
    pub(super) fn of_parts(part_ms: i64) -> Self {
        Self {
            window_ms: part_ms * PARTS,
            part_ms,
        }
    }

    /// The part that a moment lies in.
    pub(super) fn part(self, now_ms: i64) -> Bucket {
        Bucket(now_ms.div_euclid(self.part_ms))
    }

    /// The moment at which all of the part has left the window, in milliseconds since 1970.
    pub(super) fn leaves_at(self, part: Bucket) -> i64 {
        (part.0 + 1) * self.part_ms + self.window_ms
    }
}

impl Bucket {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

    /// The part's name in the table.
    pub fn name(self) -> String {
        let mut rest = self.0.unsigned_abs();
        let mut digits = Vec::with_capacity(8);
        loop {
            digits.push(char::from(Self::DIGITS[usize::try_from(rest % 36).unwrap_or_default()]));
            rest /= 36;
            if rest == 0 {
                return digits.iter().rev().collect();
            }
        }
    }

    fn parse(name: &str) -> Option<Self> {
        i64::from_str_radix(name, 36).ok().map(Self)
    }
}

impl Serialize for Bucket {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

impl<'de> Deserialize<'de> for Bucket {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| de::Error::custom("not a part's number in base 36"))
    }
}

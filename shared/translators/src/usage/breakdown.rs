//! The parts of a report besides the kinds of tokens: prices depend on them.

use std::borrow::Cow;

use crate::json::Raw;

/// The tier in which a vendor served a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServedTier {
    Standard,
    Priority,
    Flex,
    Batch,
}

/// Parts of the counts in [`Usage`](super::Usage), as far as they are told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breakdown {
    /// The part of the cache writes that the cache keeps for five minutes.
    pub cache_write_5m: u64,
    /// The part of the input that was sound.
    pub audio_input: u64,
    /// The part of the output that is sound.
    pub audio_output: u64,
    pub tier: Option<ServedTier>,
}

impl ServedTier {
    /// The tier that a `service_tier` names; `None` for `auto`, which leaves it to the vendor, and for unknown ones.
    pub fn named(json: Raw<'_>) -> Option<Self> {
        // Not by its bytes: a client may escape its letters.
        match serde_json::from_str::<Cow<'_, str>>(json?.get()).ok()?.as_ref() {
            "default" | "standard" | "standard_only" => Some(Self::Standard),
            "priority" | "fast" => Some(Self::Priority),
            "flex" => Some(Self::Flex),
            "batch" => Some(Self::Batch),
            _ => None,
        }
    }

    /// The tier in `OpenAI`'s words. Nothing that was asked for at once is served in a batch.
    pub fn openai(self) -> Option<&'static str> {
        match self {
            Self::Standard => Some("default"),
            Self::Priority => Some("priority"),
            Self::Flex => Some("flex"),
            Self::Batch => None,
        }
    }

    /// The tier in Anthropic's words, which has no cheaper one for what is asked for at once.
    pub fn anthropic(self) -> Option<&'static str> {
        match self {
            Self::Standard => Some("standard"),
            Self::Priority => Some("priority"),
            Self::Batch => Some("batch"),
            Self::Flex => None,
        }
    }
}

impl Breakdown {
    /// Takes over a later report: what it does not tell stays.
    pub(super) fn update(&mut self, new: Self) {
        let last = |known: u64, new: u64| if new == 0 { known } else { new };
        *self = Self {
            cache_write_5m: last(self.cache_write_5m, new.cache_write_5m),
            audio_input: last(self.audio_input, new.audio_input),
            audio_output: last(self.audio_output, new.audio_output),
            tier: new.tier.or(self.tier),
        };
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    #[test]
    fn s4_3_service_tiers_have_other_names_elsewhere() {
        for (name, openai, anthropic) in [
            ("fast", Some("priority"), Some("priority")),
            ("default", Some("default"), Some("standard")),
            ("standard", Some("default"), Some("standard")),
            ("flex", Some("flex"), None),
            ("batch", None, Some("batch")),
        ] {
            let json = RawValue::from_string(format!("\"{name}\"")).unwrap();
            let tier = ServedTier::named(Some(&json)).unwrap();
            assert_eq!((tier.openai(), tier.anthropic()), (openai, anthropic), "{name}");
        }
        let escaped = RawValue::from_string(r#""prior\u0069ty""#.to_owned()).unwrap();
        assert_eq!(ServedTier::named(Some(&escaped)), Some(ServedTier::Priority));
    }
}

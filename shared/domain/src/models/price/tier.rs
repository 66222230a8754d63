//! Tiers of service: the same model at another price, as OpenAI and Anthropic have them.

/// A tier in which a request is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    Standard,
    Priority,
    Flex,
    Batch,
}

impl Tier {
    /// The tier of a `service_tier` in a request or a response; `None` for one that leaves it to the vendor, such as
    /// `auto`, and for unknown ones.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "default" | "standard" | "standard_only" => Some(Self::Standard),
            "priority" | "fast" => Some(Self::Priority),
            "flex" => Some(Self::Flex),
            "batch" => Some(Self::Batch),
            _ => None,
        }
    }
}

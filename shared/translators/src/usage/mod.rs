//! Token usage: read from the `usage` objects of both dialects, written as either writes it (§4.3).
//!
//! The only place with the vendors' spellings, and with the rule that Anthropic's `input_tokens` excludes what was read
//! from or written to a cache while chat's `prompt_tokens` includes it. Prices and quotas are not known here.

mod anthropic;
mod breakdown;
mod chat;
mod counts;
mod input;
mod member;
mod responses;

pub use anthropic::{AnthropicUsage, update_from_event};
pub use breakdown::{Breakdown, ServedTier};
pub use chat::{ChatUsageOut, usage_of_members};
pub use counts::Usage;
pub use responses::update_from_response_event;

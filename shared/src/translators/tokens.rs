//! How many tokens a prompt has, roughly (§7).

use super::anthropic::request::Request;

pub fn estimate(_request: &Request<'_>) -> u64 {
    1
}

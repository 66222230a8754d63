//! The most that a request may use, for a policy that limits tokens or cost (promise 43). Pure.

use shared::access::quota::Demand;
use shared::models::catalog::Model;
use shared::models::usage::Tokens;

use crate::ask::Ask;

/// How long an answer may get where neither the client nor the model's entry says.
const DEFAULT_OUTPUT_TOKENS: u64 = 4096;
/// Members of a chat request that limit its answer; an administrator may set them for a model.
const CAPS: [&str; 2] = ["max_completion_tokens", "max_tokens"];

/// What is reserved for `ask`, and what its answer is to be limited to where it says nothing itself.
pub(crate) fn of(ask: &Ask<'_>, model: &Model) -> (Demand, Option<u64>) {
    let own = ask.max_output_tokens();
    let configured = || CAPS.iter().filter_map(|name| model.model_params.get(*name)?.as_u64()).max();
    let cap = match own.or_else(configured) {
        Some(_) => None,
        None => Some(model.max_output_tokens.unwrap_or(DEFAULT_OUTPUT_TOKENS)),
    };
    let each = own.or_else(configured).or(cap).unwrap_or(DEFAULT_OUTPUT_TOKENS);
    let output = each.saturating_mul(ask.choices());
    let tokens = Tokens { input: ask.input_estimate(), output, ..Tokens::default() }.bounded();
    (Demand { input_tokens: tokens.input, output_tokens: tokens.output, cost: model.prices().cost(tokens).0 }, cap)
}

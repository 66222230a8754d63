//! The most that a request may use, for a policy that limits tokens or cost (promise 43). Pure.

use domain::access::quota::Demand;
use domain::models::catalog::{Entry, Model, Protocol};
use domain::models::usage::Tokens;

use crate::request::Ask;

/// How long an answer may get where neither the client nor the model's entry says.
const DEFAULT_OUTPUT_TOKENS: u64 = 4096;
/// Members of a chat request that limit its answer; an administrator may set them for a model.
pub(crate) const CAPS: [&str; 2] = ["max_completion_tokens", "max_tokens"];

/// What is reserved for `ask`, and what its answer is to be limited to where it says nothing itself. So what is
/// reserved is what the backend is told, also where the client has set a member to nothing that the model's entry sets.
pub(crate) fn of(ask: &Ask<'_>, entry: &Entry) -> (Demand, Option<u64>) {
    let model = &entry.model;
    let own = ask.max_output_tokens().map(|tokens| told(tokens, ask, entry));
    let each = own.unwrap_or_else(|| {
        configured_cap(model)
            .or(model.max_output_tokens)
            .unwrap_or(DEFAULT_OUTPUT_TOKENS)
    });
    let output = each.saturating_mul(ask.choices().max(param(model, "n").unwrap_or(1)));
    let tokens = Tokens {
        input: ask.prompt_tokens(),
        output,
        ..Tokens::default()
    }
    .bounded();
    let demand = Demand {
        input_tokens: tokens.input,
        output_tokens: tokens.output,
        cost: model.prices().cost(tokens).0,
    };
    (demand, own.is_none().then_some(each))
}

/// What a backend is told of `tokens`: translation lowers it to what the model can.
fn told(tokens: u64, ask: &Ask<'_>, entry: &Entry) -> u64 {
    let is_translated = matches!(ask, Ask::Messages(_))
        && entry
            .backends
            .iter()
            .all(|backend| backend.protocol == Protocol::Openai);
    let most = entry.model.max_output_tokens.filter(|_| is_translated);
    most.map_or(tokens, |most| tokens.min(most))
}

fn configured_cap(model: &Model) -> Option<u64> {
    CAPS.iter().filter_map(|name| param(model, name)).max()
}

fn param(model: &Model, name: &str) -> Option<u64> {
    model.model_params.get(name)?.as_u64().filter(|value| *value > 0)
}

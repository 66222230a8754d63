//! The most that a request may use, for a policy that limits tokens or cost (promise 43). Pure.

use domain::access::quota::Demand;
use domain::models::catalog::{Entry, Model, Protocol};
use domain::models::price::Tier;
use domain::models::tokens::Tokens;
use domain::models::usage::Endpoint;
use jiff::Timestamp;
use translators::directions::ApiDialect;
use translators::usage::ServedTier;

use crate::request::{CompletionRequest, max_tokens};

/// The limit of a response, in tokens, where nothing is known of the model.
const DEFAULT_OUTPUT_TOKENS: u64 = 4096;
/// The highest limit of a response by default, in tokens, unless the model's entry says otherwise: one short question
/// must not hold a whole day (OP9).
const MOST_BY_DEFAULT: u64 = 8192;
/// The limit of a completion, in tokens, by the API's own definition (CP2).
const DEFAULT_COMPLETION_TOKENS: u64 = 16;

/// The demand of `request`, which asks for the tier `asked`, and the limit to write into it if it has none itself. So
/// the backend is told what is reserved, even if the client has voided a member that the model's entry sets.
pub(super) fn of(
    request: &CompletionRequest<'_>,
    entry: &Entry,
    asked: Option<Tier>,
    at: Timestamp,
) -> (Demand, Option<u64>) {
    let model = &entry.model;
    let own = request.max_tokens().map(|tokens| effective(tokens, request, entry));
    let each = own
        .or_else(|| configured_limit(model))
        .unwrap_or_else(|| default_limit(request.endpoint(), model));
    let output = each.saturating_mul(request.choices().max(param(model, "n").unwrap_or(1)));
    let tokens = Tokens {
        input: request.prompt_tokens(),
        output,
        ..Tokens::default()
    }
    .bounded();
    let demand = Demand {
        input_tokens: tokens.input,
        output_tokens: tokens.output,
        cost: model.price_at(at).highest_cost(tokens.input, tokens.output, asked).0,
    };
    (demand, own.is_none().then_some(each))
}

/// The tier of service that a request asks for, by its own word or by the model's entry.
pub(super) fn asked_tier(request: &CompletionRequest<'_>, model: &Model) -> Option<Tier> {
    let of_model = || Tier::named(model.model_params.get("service_tier")?.as_str()?);
    request.service_tier().map(price_tier).or_else(of_model)
}

/// A tier as it is priced.
pub(super) fn price_tier(tier: ServedTier) -> Tier {
    match tier {
        ServedTier::Standard => Tier::Standard,
        ServedTier::Priority => Tier::Priority,
        ServedTier::Flex => Tier::Flex,
        ServedTier::Batch => Tier::Batch,
    }
}

/// The limit that a backend gets for a client's limit of `tokens`: a translation lowers it to the model's.
fn effective(tokens: u64, request: &CompletionRequest<'_>, entry: &Entry) -> u64 {
    let own = match request.dialect() {
        ApiDialect::Chat => Protocol::Openai,
        ApiDialect::Messages => Protocol::Anthropic,
        ApiDialect::Responses => Protocol::Responses,
    };
    let is_translated = entry.backends.iter().all(|backend| backend.protocol != own);
    let most = entry.model.max_output_tokens.filter(|_| is_translated);
    most.map_or(tokens, |most| tokens.min(most))
}

/// The limit of a response where nobody has set one.
fn default_limit(endpoint: Endpoint, model: &Model) -> u64 {
    if endpoint == Endpoint::Completions {
        return DEFAULT_COMPLETION_TOKENS;
    }
    let most = model.max_output_tokens;
    let by_default = || most.map_or(DEFAULT_OUTPUT_TOKENS, |most| most.min(MOST_BY_DEFAULT));
    let tokens = model.default_output_tokens.unwrap_or_else(by_default);
    most.map_or(tokens, |most| tokens.min(most))
}

fn configured_limit(model: &Model) -> Option<u64> {
    max_tokens::FIELDS.iter().filter_map(|name| param(model, name)).max()
}

fn param(model: &Model, name: &str) -> Option<u64> {
    model.model_params.get(name)?.as_u64().filter(|value| *value > 0)
}

//! A model that clients may request.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::affinity::Affinity;
use super::capability::{Modality, ReasoningEffort};
use super::kind::ModelKind;
use super::price::{InForce, Price, PriceEntry, Prices, Tier};
use super::usage::Endpoint;
use super::{DisplayName, ModelId, ModelName};

/// A model as administrators see it (api.md §5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    pub id: ModelId,
    pub name: DisplayName,
    #[serde(default)]
    pub description: Option<String>,
    pub enabled: bool,
    /// What it is for; empty if it is not known, so that all is tried.
    #[serde(default)]
    pub kinds: Vec<ModelKind>,
    /// Further names and globs; exact names come before globs, the longest glob first.
    #[serde(default)]
    pub aliases: Vec<ModelName>,
    /// Members added to each request, and `__header__` members sent as headers (api.md §6).
    #[serde(default)]
    pub model_params: BTreeMap<String, Value>,
    /// Prices by the moment from which they hold, in that order. Empty for a model with the single prices below.
    #[serde(default)]
    pub prices: Vec<PriceEntry>,
    /// USD per million tokens, like the four below.
    #[serde(default)]
    pub input_price: Option<Price>,
    #[serde(default)]
    pub cached_input_price: Option<Price>,
    #[serde(default)]
    pub cache_write_price: Option<Price>,
    #[serde(default)]
    pub cache_write_1h_price: Option<Price>,
    #[serde(default)]
    pub output_price: Option<Price>,
    /// Tokens that fit, input and output together.
    #[serde(default)]
    pub context_window: Option<u64>,
    #[serde(default)]
    pub max_output_tokens: Option<u64>,
    /// The limit of a response under a limit of tokens or cost, where the client sets none.
    #[serde(default)]
    pub default_output_tokens: Option<u64>,
    /// What it reads; empty if nobody has said it.
    #[serde(default)]
    pub input_modalities: Vec<Modality>,
    /// The efforts that clients are offered; empty for what all of its backends know.
    #[serde(default)]
    pub reasoning_efforts: Vec<ReasoningEffort>,
    /// What a coding agent that takes its instructions from the list of models is told (ML4).
    #[serde(default)]
    pub agent_instructions: Option<String>,
    #[serde(default)]
    pub affinity: Affinity,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

impl Model {
    /// False if it is known to be of no use at `endpoint`.
    pub fn may_answer(&self, endpoint: Endpoint) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&ModelKind::at(endpoint))
    }

    /// True if it is sure to be of use at `endpoint`. A model of which nothing is said is one for chat.
    pub fn surely_answers(&self, endpoint: Endpoint) -> bool {
        let kind = ModelKind::at(endpoint);
        self.kinds.contains(&kind) || (self.kinds.is_empty() && kind == ModelKind::Chat)
    }

    /// True if what a request to `endpoint` uses has a price at that moment, which may be 0.
    pub fn is_priced_at(&self, endpoint: Endpoint, at: Timestamp) -> bool {
        let generates = !matches!(endpoint, Endpoint::Embeddings | Endpoint::Rerank);
        if !self.prices.is_empty() {
            return InForce::entry(&self.prices, at).is_some_and(|entry| entry.prices_all(generates));
        }
        self.input_price.is_some() && (self.output_price.is_some() || !generates)
    }

    /// True if its prices say what it costs in that tier at that moment. In a cheaper tier than the standard one it costs
    /// no more than in that.
    pub fn is_priced_in(&self, tier: Tier, at: Timestamp) -> bool {
        let entry = || InForce::entry(&self.prices, at);
        tier != Tier::Priority || entry().is_some_and(|entry| entry.tiers.priority.is_some())
    }

    /// What it costs at that moment. A list of prices of which none has begun costs nothing.
    pub fn price_at(&self, at: Timestamp) -> InForce<'_> {
        InForce::entry(&self.prices, at).map_or_else(|| InForce::Flat(self.single_prices()), InForce::Entry)
    }

    /// True if it has one of the single prices.
    pub fn has_single_prices(&self) -> bool {
        let prices = [
            self.input_price,
            self.cached_input_price,
            self.cache_write_price,
            self.cache_write_1h_price,
            self.output_price,
        ];
        prices.iter().any(Option::is_some)
    }

    /// Its aliases that are names and no globs.
    pub fn exact_aliases(&self) -> impl Iterator<Item = &ModelName> {
        self.aliases.iter().filter(|alias| !alias.as_str().contains('*'))
    }

    pub(super) fn globs(&self) -> impl Iterator<Item = &str> {
        let aliases = self.aliases.iter().map(ModelName::as_str);
        aliases.filter(|alias| alias.contains('*'))
    }

    /// What its tokens cost. Without a price of their own, input and output cost nothing, input read from or written to
    /// a cache costs what other input does, and an hour's cache write what other cache writes do.
    fn single_prices(&self) -> Prices {
        let input = self.input_price.unwrap_or_default();
        let cache_write = self.cache_write_price.unwrap_or(input);
        Prices {
            input,
            cached_input: self.cached_input_price.unwrap_or(input),
            cache_write,
            cache_write_1h: self.cache_write_1h_price.unwrap_or(cache_write),
            output: self.output_price.unwrap_or_default(),
        }
    }
}

/// The header that a model parameter `__name__` stands for (api.md §6): `__user_agent__` is `user-agent`,
/// `__header_x_source__` is `x-source`. `None` for a member of the body.
pub fn param_header(name: &str) -> Option<String> {
    let inner = name.strip_prefix("__")?.strip_suffix("__")?;
    Some(
        inner
            .strip_prefix("header_")
            .unwrap_or(inner)
            .replace('_', "-")
            .to_ascii_lowercase(),
    )
}

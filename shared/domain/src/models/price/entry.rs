//! Prices of a model as an administrator writes them: a list of entries, each in force from a moment on.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::amount::Price;
use super::tier::Tier;

/// Entries of one model at most.
pub const MAX_PRICES: usize = 50;
/// Steps of one set of prices at most.
pub const MAX_STEPS: usize = 10;

/// An object with a member for each kind of price, none of which has to be there, and the members that are given.
macro_rules! priced {
    ($(#[$doc:meta])* $name:ident { $($(#[$attribute:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$attribute])* pub $field: $type,)*
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub input: Option<Price>,
            /// The price of input that the backend had in its cache; if absent, that of other input.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub cached_input: Option<Price>,
            /// The price of input that is written to a cache for five minutes; if absent, that of other input.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub cache_write_5m: Option<Price>,
            /// The price of input that is written to a cache for an hour; if absent, that of five minutes.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub cache_write_1h: Option<Price>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub output: Option<Price>,
            /// The price of reasoning; if absent, that of other output.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub reasoning: Option<Price>,
            /// The price of sound in the input; if absent, that of other input.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub audio_input: Option<Price>,
            /// The price of sound in the output; if absent, that of other output.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub audio_output: Option<Price>,
            /// USD for each request; if absent, 0.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub request: Option<Price>,
        }

        impl $name {
            /// Puts its prices over `others`.
            pub(super) fn lay_over(&self, others: &mut PriceSet) {
                for (new, old) in [
                    (self.input, &mut others.input),
                    (self.cached_input, &mut others.cached_input),
                    (self.cache_write_5m, &mut others.cache_write_5m),
                    (self.cache_write_1h, &mut others.cache_write_1h),
                    (self.output, &mut others.output),
                    (self.reasoning, &mut others.reasoning),
                    (self.audio_input, &mut others.audio_input),
                    (self.audio_output, &mut others.audio_output),
                    (self.request, &mut others.request),
                ] {
                    *old = new.or(*old);
                }
            }
        }
    };
}

priced! {
    /// Prices of a model from a moment on, in USD per million tokens.
    PriceEntry {
        /// The entry's name too: no two of a model begin at the same moment.
        from: Timestamp,
        #[serde(default, skip_serializing_if = "Tiers::is_empty")]
        tiers: Tiers,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        above_input_tokens: Steps,
    }
}

priced! {
    /// Prices that replace others.
    PriceSet {}
}

priced! {
    /// Prices that replace others in a tier of service, with steps of its own.
    TierPrices {
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        above_input_tokens: Steps,
    }
}

/// Prices of requests with more input than so many tokens.
pub type Steps = BTreeMap<Step, PriceSet>;

/// A number of tokens as the name of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Step(pub u64);

/// Prices that replace others for requests that are served in a tier.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tiers {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<TierPrices>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flex: Option<TierPrices>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<TierPrices>,
}

impl Tiers {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn of(&self, tier: Tier) -> Option<&TierPrices> {
        match tier {
            Tier::Standard => None,
            Tier::Priority => self.priority.as_ref(),
            Tier::Flex => self.flex.as_ref(),
            Tier::Batch => self.batch.as_ref(),
        }
    }

    fn all(&self) -> impl Iterator<Item = &TierPrices> {
        [&self.priority, &self.flex, &self.batch].into_iter().flatten()
    }
}

impl PriceEntry {
    /// The prices at `tier` of a request with so much input: those of the entry, over them the tier's, over them those
    /// of the entry's step, over them those of the tier's own step.
    pub(super) fn set(&self, tier: Tier, input: u64) -> PriceSet {
        let step = |steps: &Steps| steps.range(..Step(input)).next_back().map(|(_, set)| set.clone());
        let of_tier = self.tiers.of(tier);
        let mut set = PriceSet::default();
        self.lay_over(&mut set);
        if let Some(prices) = of_tier {
            prices.lay_over(&mut set);
        }
        let of_tiers_step = of_tier.and_then(|tier| step(&tier.above_input_tokens));
        for prices in [step(&self.above_input_tokens), of_tiers_step].into_iter().flatten() {
            prices.lay_over(&mut set);
        }
        set
    }

    /// The numbers of input tokens at which a price may change at `tier`.
    pub(super) fn steps(&self, tier: Tier) -> impl Iterator<Item = u64> {
        let of_tier = self.tiers.of(tier).map(|tier| &tier.above_input_tokens);
        let steps = [Some(&self.above_input_tokens), of_tier].into_iter().flatten();
        steps.flat_map(|steps| steps.keys().map(|step| step.0))
    }
}

/// Checks a list of prices. An error is the message for whoever sends it.
pub fn check_prices(prices: &[PriceEntry]) -> Result<(), String> {
    if prices.len() > MAX_PRICES {
        return Err(format!("may hold at most {MAX_PRICES} entries"));
    }
    if let Some(pair) = prices.windows(2).find(|pair| pair[0].from >= pair[1].from) {
        return Err(format!(
            "must be in the order of `from`: {} comes before its predecessor",
            pair[1].from
        ));
    }
    let of_entry = |entry: &PriceEntry| {
        let of_tiers = entry.tiers.all().map(|tier| tier.above_input_tokens.len());
        of_tiers.max().unwrap_or_default().max(entry.above_input_tokens.len())
    };
    if prices.iter().any(|entry| of_entry(entry) > MAX_STEPS) {
        return Err(format!("may have at most {MAX_STEPS} steps in `above_input_tokens`"));
    }
    Ok(())
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Step {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.parse().ok().filter(|_| !text.starts_with(['+', '0']));
        number.map(Self).ok_or("must be a number of tokens, 1 or more")
    }
}

impl TryFrom<String> for Step {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Step> for String {
    fn from(step: Step) -> Self {
        step.to_string()
    }
}

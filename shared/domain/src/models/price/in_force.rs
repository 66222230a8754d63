//! The prices of a model at the moment at which a request is admitted: they price its reservation and its settlement.

use jiff::Timestamp;

use super::amount::{MILLION, MicroUsd};
use super::entry::{PriceEntry, PriceSet};
use super::flat::Prices;
use super::rates::{Rates, total};
use super::split::{Details, Split};
use super::tier::Tier;
use crate::models::tokens::Tokens;

/// The prices that count for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InForce<'a> {
    /// An entry of the model's list.
    Entry(&'a PriceEntry),
    /// The model's single prices.
    Flat(Prices),
}

impl<'a> InForce<'a> {
    /// The last entry of `prices`, which are in the order of their beginnings, that had begun `at` that moment.
    pub fn entry(prices: &'a [PriceEntry], at: Timestamp) -> Option<&'a PriceEntry> {
        let begun = prices.partition_point(|entry| entry.from <= at);
        prices.get(begun.checked_sub(1)?)
    }

    /// The entry's name, for reservations and records.
    pub fn name(&self) -> Option<Timestamp> {
        match self {
            Self::Entry(entry) => Some(entry.from),
            Self::Flat(_) => None,
        }
    }

    /// The most that a request can cost that has so many tokens at most, and asks for this tier.
    pub fn highest_cost(&self, input: u64, output: u64, asked: Option<Tier>) -> MicroUsd {
        let rates = match self {
            Self::Entry(entry) => tiers(asked, None).fold(Rates::default(), |dearest, tier| {
                let steps = entry.steps(tier).filter(|step| *step < input);
                let amounts = steps.map(|step| step + 1).chain([0]);
                amounts.fold(dearest, |dearest, input| {
                    dearest.max(Rates::of(&entry.set(tier, input)))
                })
            }),
            Self::Flat(prices) => prices.rates(),
        };
        total([
            (input, rates.dearest_input()),
            (output, rates.dearest_output()),
            (MILLION, rates.request),
        ])
    }

    /// The cost of a request.
    pub fn cost(&self, tokens: Tokens, details: &Details) -> MicroUsd {
        self.rates(tokens, details).cost(&Split::new(tokens, details))
    }

    /// The rates of the tier that is told, else of the dearer one of what was asked for and what everybody gets.
    pub(super) fn rates(&self, tokens: Tokens, details: &Details) -> Rates {
        match self {
            Self::Entry(entry) => {
                let of = |tier| Rates::of(&entry.set(tier, tokens.bounded().input));
                tiers(details.asked_tier, details.told_tier)
                    .map(of)
                    .fold(Rates::default(), Rates::max)
            }
            Self::Flat(prices) => prices.rates(),
        }
    }
}

/// The tiers that a request may have been served in.
fn tiers(asked: Option<Tier>, told: Option<Tier>) -> impl Iterator<Item = Tier> {
    let untold = told.is_none().then_some(Tier::Standard);
    [told, untold, asked.filter(|_| told.is_none())].into_iter().flatten()
}

impl PriceEntry {
    /// True if it has a price for input, and for output where there is some.
    pub fn prices_all(&self, generates: bool) -> bool {
        let PriceSet { input, output, .. } = self.set(Tier::Standard, 0);
        input.is_some() && (output.is_some() || !generates)
    }
}

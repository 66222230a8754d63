//! Prices of models, and costs of requests.

mod amount;
mod entry;
mod flat;
mod in_force;
mod rates;
mod split;
mod tier;

pub use amount::{MicroUsd, Price};
pub use entry::{MAX_PRICES, MAX_STEPS, PriceEntry, PriceSet, Step, Steps, TierPrices, Tiers, check_prices};
pub use flat::Prices;
pub use in_force::InForce;
pub use split::Details;
pub use tier::Tier;

#[cfg(test)]
mod tests;

//! Prices of well-known models as their vendors publish them, for administrators to look at and to take over. None of
//! them is ever applied by itself: contracts differ, and prices change.

use domain::models::price::PriceSet;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use service::http::ApiError;
use service::http::page::List;

/// Each row with its source and the day on which it was read there.
const CATALOGUE: &str = include_str!("price_catalogue.json");

/// The prices of one model as its vendor publishes them, in USD per million tokens.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishedPrice {
    vendor: String,
    /// The vendor's name of the model.
    model: String,
    source: String,
    read_on: Date,
    prices: PriceSet,
}

fn catalogue() -> Result<Vec<PublishedPrice>, serde_json::Error> {
    serde_json::from_str(CATALOGUE)
}

/// `GET /api/v1/admin/price-catalogue`
pub(crate) async fn show() -> Result<List<PublishedPrice>, ApiError> {
    catalogue().map(List::whole).map_err(ApiError::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b8_each_published_price_has_its_source_and_is_a_whole_set() {
        let catalogue = catalogue().unwrap();
        assert!(!catalogue.is_empty());
        for (place, row) in catalogue.iter().enumerate() {
            assert!(row.source.starts_with("https://"), "{}", row.model);
            assert!(
                row.prices.input.is_some() && row.prices.output.is_some(),
                "{}",
                row.model
            );
            let is_same = |other: &PublishedPrice| (&other.vendor, &other.model) == (&row.vendor, &row.model);
            assert!(!catalogue[..place].iter().any(is_same), "{} stands twice", row.model);
        }
    }
}

//! Lists in pages: none is lost or doubled at their borders (promise 57).

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;

use super::item::{Item, Range, from_item};
use super::keys::Key;
use super::table::{PK, SK};
use super::{Store, StoreError};

/// Some of the requested items, and where the next ones begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// What to give as [`Span::after`] for the next page; `None` at the end.
    pub next: Option<String>,
}

/// A part of a list: at most `limit` entries behind the position `after`.
#[derive(Clone, Debug)]
pub struct Span {
    pub after: Option<String>,
    pub limit: usize,
}

impl Store {
    /// The part of `range` that `span` names; `keep` leaves items out without shortening the page.
    pub(super) async fn page<T: DeserializeOwned>(
        &self,
        range: &Range<'_>,
        span: &Span,
        keep: impl Fn(&T) -> bool,
    ) -> Result<Page<T>, StoreError> {
        let mut kept: Vec<(String, T)> = Vec::new();
        let mut start = span.after.as_deref().and_then(start_at);
        loop {
            let page = self.query(range, start, span.limit + 1).await?;
            for item in page
                .items
                .unwrap_or_default()
                .into_iter()
                .filter(|item| self.is_live(item))
            {
                let position = position(&item, range);
                let entity = from_item(range.table, item)?;
                if keep(&entity) {
                    kept.push((position, entity));
                }
                // One more than requested shows that there is a next page.
                if kept.len() > span.limit {
                    kept.pop();
                    let next = kept.last().map(|(position, _)| position.clone());
                    return Ok(Page {
                        items: kept.into_iter().map(|(_, entity)| entity).collect(),
                        next,
                    });
                }
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(Page {
                    items: kept.into_iter().map(|(_, entity)| entity).collect(),
                    next: None,
                });
            }
        }
    }
}

/// An item's place in a range: its key attributes as JSON.
fn position(item: &Item, range: &Range<'_>) -> String {
    let names = [PK, SK]
        .into_iter()
        .chain(range.index.into_iter().flat_map(|index| [index.partition, index.sort]));
    let text = |name| Some((name, item.get(name)?.as_s().ok()?));
    serde_json::json!(names.filter_map(text).collect::<BTreeMap<_, _>>()).to_string()
}

/// The key behind which a page begins. Positions come back authenticated, so that a wrong one is only a very old one.
fn start_at(position: &str) -> Option<Item> {
    let attributes: BTreeMap<String, String> = serde_json::from_str(position).ok()?;
    Some(
        attributes
            .into_iter()
            .map(|(name, value)| (name, AttributeValue::S(value)))
            .collect(),
    )
}

/// The place of the item at `key` in its table.
pub(super) fn position_of(key: &Key) -> String {
    serde_json::json!({PK: key.pk, SK: key.sk}).to_string()
}

/// The partition that a position lies in.
pub(super) fn partition(position: &str) -> Option<String> {
    let mut attributes: BTreeMap<String, String> = serde_json::from_str(position).ok()?;
    attributes.remove(PK)
}

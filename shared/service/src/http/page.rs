//! Lists in pages: `?limit=` and `?cursor=` in, `{"data": […], "next_cursor": …}` out (api.md §1).

use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::error::{ApiError, Code};
use super::names::Names;
use crate::store::{Page, Span};
use domain::access::session::SigningKeys;
use domain::models::UserId;

const MAX_LIMIT: usize = 200;
const DEFAULT_LIMIT: usize = 50;

/// How many entries a page has. A query's field of this type wants `#[serde(default)]`.
#[derive(Clone, Copy, Debug)]
pub struct Limit(usize);

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let limit = usize::deserialize(deserializer)?;
        let allowed = (1..=MAX_LIMIT).contains(&limit);
        allowed
            .then_some(Self(limit))
            .ok_or_else(|| de::Error::custom(format_args!("must be 1 to {MAX_LIMIT}")))
    }
}

/// One list as one caller walks it: cursors are good for it alone.
pub struct Walk<'a> {
    keys: &'a SigningKeys,
    scope: String,
}

impl<'a> Walk<'a> {
    pub fn new(keys: &'a SigningKeys, list: &str, caller: &UserId) -> Self {
        Self {
            keys,
            scope: format!("{list} {caller}"),
        }
    }

    /// The part of the list that a caller requests.
    pub fn span(&self, limit: Limit, cursor: Option<&str>) -> Result<Span, ApiError> {
        let position = |cursor| self.keys.open_cursor(&self.scope, cursor).ok_or_else(bad_cursor);
        Ok(Span {
            after: cursor.map(position).transpose()?,
            limit: limit.0,
        })
    }

    /// The response for a part of a list that is read as a whole, in the order of its entries' positions.
    pub fn part<T>(&self, whole: Vec<T>, span: &Span, position: impl Fn(&T) -> &str) -> List<T> {
        let is_behind = |entry: &T| span.after.as_deref().is_none_or(|after| after < position(entry));
        let mut rest = whole.into_iter().filter(is_behind);
        let data: Vec<T> = rest.by_ref().take(span.limit).collect();
        let last = data.last().filter(|_| rest.next().is_some());
        let next_cursor = last.map(|last| self.keys.seal_cursor(&self.scope, position(last)));
        List {
            data,
            next_cursor,
            names: None,
        }
    }

    /// The response for a page of it, each entry as `show` makes it.
    pub fn list<T, U>(&self, page: Page<T>, show: impl Fn(&T) -> U) -> List<U> {
        let next_cursor = page.next.map(|position| self.keys.seal_cursor(&self.scope, &position));
        List {
            data: page.items.iter().map(show).collect(),
            next_cursor,
            names: None,
        }
    }
}

fn bad_cursor() -> ApiError {
    ApiError::new(Code::InvalidValue, "must be a next_cursor of this list").field("cursor")
}

/// A response with one page of a list.
#[derive(Clone, Debug, Serialize)]
pub struct List<T> {
    pub(super) data: Vec<T>,
    pub(super) next_cursor: Option<String>,
    /// What the ids of this page are called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) names: Option<Names>,
}

impl<T> List<T> {
    /// A list that always fits one page.
    pub fn whole(data: Vec<T>) -> Self {
        Self {
            data,
            next_cursor: None,
            names: None,
        }
    }

    pub fn entries(&self) -> &[T] {
        &self.data
    }

    /// The same page with what its ids are called.
    #[must_use]
    pub fn with_names(self, names: Names) -> Self {
        Self {
            names: Some(names),
            ..self
        }
    }
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        axum::Json(self).into_response()
    }
}

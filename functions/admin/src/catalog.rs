//! Changes that are judged by the whole catalog: names that mean one model, room for one more, all that a model takes
//! with it when it goes.

use domain::models::catalog::Catalog;
use service::http::ApiError;
use service::store::{CatalogChange, Change, Store, StoreError};

/// The most times that a change is judged anew since another one came between.
const TRIES: usize = 64;

/// Makes a change that `attempt` judges by the catalog, and writes under its revision (promise 74).
pub(crate) async fn judged<F>(store: &Store, attempt: impl Fn(Catalog) -> F) -> Result<Change, ApiError>
where
    F: Future<Output = Result<CatalogChange, ApiError>>,
{
    for _ in 0..TRIES {
        match attempt(store.read_catalog().await?).await? {
            CatalogChange::Done => return Ok(Change::Done),
            CatalogChange::Conflict => return Ok(Change::Conflict),
            CatalogChange::Overtaken => {}
        }
    }
    Err(StoreError::Conflict.into())
}

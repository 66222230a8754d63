//! Rules for the models, the limits and the expiry of a key, made by its owner or by an administrator.

use jiff::{SignedDuration, Timestamp};

use super::{ApiError, Code};
use crate::store::{MAX_KEYS, Store};
use domain::models::limit::{self, Limit};
use domain::models::user::User;

/// The most models that a key may name.
pub const MAX_MODELS: usize = 100;
/// Limits of one key.
const MAX_LIMITS: usize = 4;
/// The longest time that an expiry may lie ahead: five years.
const MAX_LIFETIME: SignedDuration = SignedDuration::from_hours(5 * 366 * 24);

/// The refusal of one more key.
pub fn too_many_keys() -> ApiError {
    ApiError::new(
        Code::TooManyKeys,
        format!("there are {MAX_KEYS} keys already; delete one first"),
    )
}

/// Each model must exist and be allowed by the owner's policy, which is one error (promise 19); `*` stands for all
/// that are.
pub async fn check_models(store: &Store, owner: &User, models: &[String]) -> Result<(), ApiError> {
    let (catalog, policy) = tokio::try_join!(store.catalog(), store.policy(&owner.quota_policy))?;
    let allowed = |name: &str| policy.as_ref().is_some_and(|policy| policy.allows_model(name));
    let known = |name: &str| catalog.entries().any(|entry| entry.model.id.as_str() == name);
    match models
        .iter()
        .find(|name| *name != "*" && !(known(name) && allowed(name)))
    {
        Some(unusable) => Err(ApiError::invalid(
            "models",
            format!("the model {unusable:?} does not exist or is not allowed"),
        )),
        None => Ok(()),
    }
}

/// A few limits, each another one.
pub fn check_limits(limits: &[Limit]) -> Result<(), String> {
    limit::check_list(limits, MAX_LIMITS)
}

/// An expiry lies ahead, but not too far.
pub fn check_expiry(expires_at: Option<Timestamp>, now: Timestamp) -> Result<(), ApiError> {
    match expires_at {
        Some(at) if at <= now => Err(ApiError::invalid("expires_at", "must be in the future")),
        Some(at) if at > now + MAX_LIFETIME => Err(ApiError::invalid("expires_at", "must be within five years")),
        Some(_) | None => Ok(()),
    }
}

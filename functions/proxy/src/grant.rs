//! The rights of a caller: the models that both the key's list and the policy's list allow, in the policy's hours
//! (promise 19).

use std::sync::Arc;

use domain::access::hours;
use domain::access::quota::Limits;
use domain::models::budget::Budgets;
use domain::models::catalog::{Backend, Catalog, Entry, Model};
use domain::models::policy::{Mode, Policy};
use domain::models::usage::Endpoint;
use jiff::Timestamp;
use service::http::caller::ApiCaller;
use service::http::error::shown;
use service::http::{ApiError, Code, refusal};
use service::store::Store;

/// Characters of a requested model's name that errors and records repeat.
const MAX_NAME: usize = 128;

/// The right of a caller to use a model at an endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) caller: ApiCaller,
    pub(crate) policy: Arc<Policy>,
    pub(crate) entry: Arc<Entry>,
    budgets: Arc<Budgets>,
    endpoint: Endpoint,
    /// True if `entry` is a default model, since the requested one has no usable backend.
    pub(crate) is_fallback: bool,
    /// The requested name, where it is another than the model's.
    pub(crate) asked_model: Option<Box<str>>,
    /// True if a policy in shadow mode would have refused the request for its hours.
    pub(crate) is_outside_hours: bool,
}

/// A caller with its policy and the catalog, all of one moment.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    caller: ApiCaller,
    policy: Arc<Policy>,
    catalog: Arc<Catalog>,
    budgets: Arc<Budgets>,
}

impl Grant {
    /// Checks that `caller` may use the model `name` at `endpoint` now. `is_usable` is false for backends that are
    /// ejected.
    pub(crate) async fn new(
        store: &Store,
        caller: ApiCaller,
        (endpoint, name): (Endpoint, &str),
        is_usable: impl Fn(&Backend) -> bool,
    ) -> Result<Self, ApiError> {
        let rights = Rights::of(store, caller).await?;
        let (entry, is_fallback) = rights.resolve(store, (endpoint, name), is_usable).await?;
        let is_outside_hours = rights.are_outside_hours(store.clock().now())?;
        Ok(Self {
            asked_model: (name != entry.model.id.as_str()).then(|| beginning(name).into()),
            is_outside_hours,
            caller: rights.caller,
            policy: rights.policy,
            budgets: rights.budgets,
            entry,
            endpoint,
            is_fallback,
        })
    }

    /// The limits that hold for the request: the policy's, the key's, and those of department and organisation, for this
    /// model.
    pub(crate) fn limits(&self) -> Limits {
        let model = self.entry.model.id.as_str();
        let department = self.caller.user.department.as_ref();
        Limits::of(&self.policy, &self.caller.key, model).under(&self.budgets, department, model)
    }

    /// The backends that may serve the request.
    pub(crate) fn backends(&self) -> impl Iterator<Item = &Backend> {
        serving(&self.entry, self.endpoint)
    }

    /// The model's name in the response to a request for `name`: a fallback has its own.
    pub(crate) fn response_model<'a>(&'a self, name: &'a str) -> &'a str {
        if self.is_fallback {
            self.entry.model.id.as_str()
        } else {
            name
        }
    }
}

impl Rights {
    /// A caller whose policy is missing may use nothing (promise 47).
    pub(crate) async fn of(store: &Store, caller: ApiCaller) -> Result<Self, ApiError> {
        let (catalog, policy, budgets) =
            tokio::try_join!(store.catalog(), store.policy_of(&caller.user), store.budgets())?;
        Ok(Self {
            policy: policy.ok_or_else(refusal::no_policy)?,
            caller,
            catalog,
            budgets,
        })
    }

    /// The models that the caller may use, in the order of their ids.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.catalog
            .entries()
            .filter(|entry| entry.model.enabled && self.allow(&entry.model))
    }

    /// The model that the caller knows as `name`. Unknown and forbidden models are the same error.
    pub(crate) fn entry(&self, name: &str) -> Result<&Arc<Entry>, ApiError> {
        let entry = self.catalog.resolve(name).filter(|entry| self.allow(&entry.model));
        entry.ok_or_else(|| unknown_model(name))
    }

    /// The model to call for `name`, and whether it is a fallback. While none of the requested model's backends is
    /// usable, the fallback is the policy's default model, else the settings', if the caller may use it (api.md §4).
    async fn resolve(
        &self,
        store: &Store,
        (endpoint, name): (Endpoint, &str),
        is_usable: impl Fn(&Backend) -> bool,
    ) -> Result<(Arc<Entry>, bool), ApiError> {
        let has_usable = |entry: &Entry| serving(entry, endpoint).any(&is_usable);
        let requested = self.entry(name)?;
        check_endpoint(requested, endpoint, name)?;
        if has_usable(requested) {
            return Ok((Arc::clone(requested), false));
        }
        let settings = store.settings().await?;
        let defaults = [&self.policy.default_model, &settings.default_model]
            .into_iter()
            .flatten();
        let mut entries = defaults.filter_map(|id| self.entries().find(|entry| entry.model.id == *id));
        let default = entries.find(|entry| entry.model.surely_answers(endpoint) && has_usable(entry));
        Ok((Arc::clone(default.unwrap_or(requested)), default.is_some()))
    }

    /// Refuses outside the policy's hours; a policy in shadow mode only tells.
    fn are_outside_hours(&self, now: Timestamp) -> Result<bool, ApiError> {
        let Some(opens_at) = hours::closed_until(&self.policy, now) else {
            return Ok(false);
        };
        if self.policy.mode == Mode::Shadow {
            return Ok(true);
        }
        Err(refusal::outside_hours(&self.policy, opens_at, now))
    }

    fn allow(&self, model: &Model) -> bool {
        let id = model.id.as_str();
        self.caller.key.allows_model(id) && self.policy.allows_model(id)
    }
}

/// The backends of `entry` that are in use and can serve requests to `endpoint`.
fn serving(entry: &Entry, endpoint: Endpoint) -> impl Iterator<Item = &Backend> {
    let backends = entry.backends.iter();
    backends.filter(move |backend| backend.enabled && backend.protocol.serves(endpoint))
}

/// Refuses a model that can never answer at `endpoint`. A model without any backend may get one.
fn check_endpoint(entry: &Entry, endpoint: Endpoint, name: &str) -> Result<(), ApiError> {
    let refused = |message| Err(ApiError::new(Code::ModelNotSupported, message).field("model"));
    let name = shown(name);
    if let (false, Some(kind)) = (entry.model.may_answer(endpoint), entry.model.kinds.first()) {
        let (described, right) = (kind.described(), kind.endpoint().path());
        return refused(format!("`{name}` is {described}: use {right}."));
    }
    let has_backends = entry.backends.iter().any(|backend| backend.enabled);
    if has_backends && serving(entry, endpoint).next().is_none() {
        return refused(format!("`{name}` has no backend for {}", endpoint.path()));
    }
    Ok(())
}

/// The error for models that do not exist, and for those that the caller must not learn of.
pub(crate) fn unknown_model(name: &str) -> ApiError {
    ApiError::new(
        Code::ModelNotFound,
        format!(
            "the model `{}` does not exist or is not allowed",
            shown(beginning(name))
        ),
    )
    .field("model")
}

/// The beginning of a name that errors and records repeat.
fn beginning(name: &str) -> &str {
    let end = name.char_indices().nth(MAX_NAME);
    end.map_or(name, |(end, _)| &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ha18_an_unknown_models_name_is_cut_in_its_error() {
        let message = unknown_model(&"ä".repeat(100_000)).message().to_owned();
        assert_eq!(message.matches('ä').count(), MAX_NAME);
        assert!(unknown_model("gpt").message().contains("`gpt`"));
    }
}

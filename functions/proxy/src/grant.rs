//! What a caller may use: the models that both the key's list and the policy's list name, in the policy's hours
//! (promise 19).

use std::sync::Arc;

use domain::access::hours;
use domain::models::catalog::{Catalog, Entry, Model};
use domain::models::policy::{Mode, Policy};
use service::http::caller::ApiCaller;
use service::http::{ApiError, Code, refusal};

use crate::App;

/// A caller with its policy and the catalog, all of one moment.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    pub(crate) caller: ApiCaller,
    pub(crate) policy: Arc<Policy>,
    catalog: Arc<Catalog>,
}

/// The model that answers.
#[derive(Clone, Debug)]
pub(crate) struct ResolvedModel {
    pub(crate) entry: Arc<Entry>,
    /// Whether it is another one than was asked for.
    pub(crate) is_fallback: bool,
}

impl Rights {
    /// A caller whose policy is missing may use nothing (promise 47).
    pub(crate) async fn of(app: &App, caller: ApiCaller) -> Result<Self, ApiError> {
        let (catalog, policy) = tokio::try_join!(app.store.catalog(), app.store.policy(&caller.user.quota_policy))?;
        Ok(Self {
            policy: policy.ok_or_else(refusal::no_policy)?,
            caller,
            catalog,
        })
    }

    /// The models that the caller may use, in the order of their ids.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.catalog
            .entries()
            .filter(|entry| entry.model.enabled && self.allow(&entry.model))
    }

    /// The model that the caller means by `name`. Unknown and forbidden ones give the same answer.
    pub(crate) fn entry(&self, name: &str) -> Result<&Arc<Entry>, ApiError> {
        let entry = self.catalog.resolve(name).filter(|entry| self.allow(&entry.model));
        entry.ok_or_else(|| unknown_model(name))
    }

    /// The model that answers for `name`: the one that is meant; while none of its backends is usable, the policy's
    /// default model, else the settings', if it has one and the caller the same right to it (api.md §4).
    pub(crate) async fn resolve(&self, app: &App, name: &str) -> Result<ResolvedModel, ApiError> {
        let asked = self.entry(name)?;
        if is_usable(app, asked) {
            return Ok(ResolvedModel {
                entry: Arc::clone(asked),
                is_fallback: false,
            });
        }
        let settings = app.store.settings().await?;
        let defaults = [&self.policy.default_model, &settings.default_model]
            .into_iter()
            .flatten();
        let mut entries = defaults.filter_map(|id| self.entries().find(|entry| entry.model.id == *id));
        let default = entries.find(|entry| is_usable(app, entry));
        Ok(ResolvedModel {
            entry: Arc::clone(default.unwrap_or(asked)),
            is_fallback: default.is_some(),
        })
    }

    /// Refuses outside the policy's hours, unless it only watches.
    pub(crate) fn check_hours(&self, app: &App) -> Result<(), ApiError> {
        let now = app.store.clock().now();
        let Some(opens_at) = hours::closed_until(&self.policy, now) else {
            return Ok(());
        };
        if self.policy.mode == Mode::Shadow {
            tracing::info!(policy = %self.policy.name, user.id = %self.caller.user.id, "outside the available hours; served in shadow mode");
            return Ok(());
        }
        Err(refusal::outside_hours(&self.policy, opens_at, now))
    }

    fn allow(&self, model: &Model) -> bool {
        let id = model.id.as_str();
        self.caller.key.allows_model(id) && self.policy.allows_model(id)
    }
}

/// Whether a backend is there that is believed to answer.
fn is_usable(app: &App, entry: &Entry) -> bool {
    let now = app.store.clock().now();
    entry
        .backends
        .iter()
        .any(|backend| backend.enabled && app.fleet.look(backend, now).1)
}

/// For models that do not exist, and for those that the caller may not know of.
pub(crate) fn unknown_model(name: &str) -> ApiError {
    ApiError::new(
        Code::ModelNotFound,
        format!("the model `{name}` does not exist or is not allowed"),
    )
    .field("model")
}

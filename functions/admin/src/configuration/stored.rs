//! The configuration as it is stored.

use domain::models::budget::Budgets;
use domain::models::catalog::Catalog;
use domain::models::policy::Policy;
use domain::models::settings::Settings;
use domain::models::sso::SsoConfig;
use service::http::ApiError;

use crate::app::App;

/// The objects that a document is compared with.
pub(super) struct Stored {
    pub(super) settings: Settings,
    pub(super) budgets: Budgets,
    pub(super) policies: Vec<Policy>,
    pub(super) catalog: Catalog,
    pub(super) sso: Option<SsoConfig>,
}

impl Stored {
    pub(super) async fn read(app: &App) -> Result<Self, ApiError> {
        let store = &app.store;
        let (settings, budgets, policies, catalog, sso) = tokio::try_join!(
            store.read_settings(),
            store.read_budgets(),
            store.policies(),
            store.read_catalog(),
            store.sso_config()
        )?;
        Ok(Self {
            settings,
            budgets,
            policies,
            catalog,
            sso,
        })
    }
}

//! The change of the settings that a document asks for.

use domain::models::catalog::Catalog;
use domain::models::settings::Settings;
use service::http::ApiError;

use super::super::report::Object;
use super::changes::{Plan, Subject, difference, form};
use super::models::check_default_model;
use crate::app::App;
use crate::fields::Fields;
use crate::settings::{SettingsPatch, check_secret, check_webhook, is_new_secret};

const SECRET: &str = "alerts_secret";

impl Plan {
    pub(super) async fn settings(
        &mut self,
        app: &App,
        part: &Fields,
        old: &Settings,
        future: &Catalog,
    ) -> Result<(), ApiError> {
        let mut settings = Settings::default();
        let patch: SettingsPatch = form(part)?;
        patch.apply(&mut settings)?;
        check_default_model(settings.default_model.as_ref(), future)?;
        check_webhook(app, "alerts.webhook", settings.alerts.as_ref())?;
        check_secret(&patch)?;
        let mut body = difference(old, &settings)?;
        if is_new_secret(app, &patch, old).await? {
            body.extend(part.get(SECRET).map(|secret| (SECRET.to_owned(), secret.clone())));
        }
        let of = Subject::new(Object::Settings, "settings");
        self.update::<SettingsPatch>(of, body, old.version)
    }
}

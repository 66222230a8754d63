//! The change of the settings that a document asks for.

use domain::models::catalog::Catalog;
use domain::models::settings::Settings;
use service::http::ApiError;

use super::super::report::Object;
use super::changes::{Plan, Subject, difference, form};
use super::models::check_default_model;
use crate::fields::Fields;
use crate::settings::SettingsPatch;

impl Plan {
    pub(super) fn settings(&mut self, part: &Fields, old: &Settings, future: &Catalog) -> Result<(), ApiError> {
        let mut settings = Settings::default();
        form::<SettingsPatch>(part)?.apply(&mut settings)?;
        check_default_model(settings.default_model.as_ref(), future)?;
        let of = Subject::new(Object::Settings, "settings");
        self.update::<SettingsPatch>(of, difference(old, &settings)?, old.version)
    }
}

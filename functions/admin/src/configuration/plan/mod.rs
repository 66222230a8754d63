//! The changes that a document asks for. All that can be judged before the first change is judged here, and refused
//! with its place in the document, so that a document with a mistake changes nothing.

mod backends;
mod models;
mod order;
mod policies;
mod sso;

use std::collections::BTreeSet;

use domain::models::ModelId;
use domain::models::catalog::Catalog;
use domain::models::settings::Settings;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::http::ApiError;

use super::document::{Document, fields};
use super::report::{Action, Body, Change, Object, Outcome};
use super::stored::Stored;
use crate::app::App;
use crate::fields::{Fields, as_form};
use crate::models::no_default_model;
use crate::settings::SettingsPatch;

/// The changes, and how many objects need none.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) unchanged: usize,
    pub(super) changes: Vec<Change>,
}

/// Compares the document with what is stored. With `prune`, what a list does not have is deleted.
pub(super) async fn plan(app: &App, document: Document, stored: &Stored, prune: bool) -> Result<Plan, ApiError> {
    let Document {
        settings,
        policies,
        models,
        sso,
    } = document;
    let mut plan = Plan::default();
    let wanted = models::wanted(app, models.as_deref().unwrap_or_default())?;
    let future = models::future(stored, &wanted, prune && models.is_some());
    models::check(&wanted, &future)?;
    if let Some(parts) = &models {
        plan.models(app, parts, &wanted, stored, prune).await?;
    }
    if let Some(parts) = &policies {
        plan.policies(app, parts, stored, (&wanted, &future), prune).await?;
    }
    if let Some(part) = &settings {
        plan.settings(part, &stored.settings, &future).map_err(at("settings"))?;
    }
    if let Some(part) = &sso {
        plan.sso(app, part, stored).await.map_err(at("sso"))?;
    }
    order::sort(&mut plan.changes, stored, &wanted);
    Ok(plan)
}

fn check_default_model(id: Option<&ModelId>, future: &Catalog) -> Result<(), ApiError> {
    match id.filter(|id| future.find(id).is_none()) {
        Some(id) => Err(no_default_model(id)),
        None => Ok(()),
    }
}

impl Plan {
    fn settings(&mut self, part: &Fields, old: &Settings, future: &Catalog) -> Result<(), ApiError> {
        let mut settings = Settings::default();
        form::<SettingsPatch>(part)?.apply(&mut settings)?;
        check_default_model(settings.default_model.as_ref(), future)?;
        let of = Subject::new(Object::Settings, "settings");
        self.update::<SettingsPatch>(of, difference(old, &settings)?, old.version)
    }

    /// The changes of one kind of objects.
    fn of(&self, object: Object, action: Action) -> impl Iterator<Item = &Change> {
        let is_one = move |change: &&Change| change.object == object && change.action == action;
        self.changes.iter().filter(is_one)
    }

    /// Changes the fields of `body`, if there are any, of an object that was read at `version`.
    fn update<Patch: DeserializeOwned>(&mut self, of: Subject, body: Fields, version: u64) -> Result<(), ApiError> {
        if body.is_empty() {
            self.unchanged += 1;
            return Ok(());
        }
        let _: Patch = form(&body)?;
        self.add(Action::Update, of, body, Some(version));
        Ok(())
    }

    fn delete(&mut self, of: Subject, version: u64) {
        self.add(Action::Delete, of, Fields::new(), Some(version));
    }

    fn add(&mut self, action: Action, of: Subject, body: Fields, version: Option<u64>) {
        self.changes.push(Change {
            action,
            object: of.object,
            model: of.model,
            name: of.name,
            fields: body.keys().cloned().collect(),
            outcome: Outcome::Planned,
            id: of.id,
            version,
            body: Body(body),
        });
    }
}

/// The object of a change.
struct Subject {
    object: Object,
    model: Option<ModelId>,
    name: String,
    id: String,
}

impl Subject {
    /// An object whose name is its id.
    fn new(object: Object, id: &str) -> Self {
        Self {
            object,
            model: None,
            name: id.to_owned(),
            id: id.to_owned(),
        }
    }
}

/// The members of `new` that are other than in `old`.
fn difference<T: Serialize>(old: &T, new: &T) -> Result<Fields, ApiError> {
    let (old, mut new) = (
        fields(old).map_err(ApiError::internal)?,
        fields(new).map_err(ApiError::internal)?,
    );
    new.retain(|name, value| old.get(name) != Some(value));
    Ok(new)
}

/// The members as the form that a route takes. The document has one version of an object, its newest.
fn form<T: DeserializeOwned>(part: &Fields) -> Result<T, ApiError> {
    if part.contains_key("version") {
        return Err(ApiError::invalid("version", "is counted by the gateway"));
    }
    as_form(part)
}

/// Says where in the document an error is.
fn at(place: &str) -> impl Fn(ApiError) -> ApiError {
    move |error| {
        let field = match error.field_name() {
            Some(field) => format!("{place}.{field}"),
            None => place.to_owned(),
        };
        error.field(field)
    }
}

fn once<T: Ord + Clone>(seen: &mut BTreeSet<T>, value: &T, field: &str) -> Result<(), ApiError> {
    if seen.insert(value.clone()) {
        Ok(())
    } else {
        Err(twice(field))
    }
}

fn twice(field: &str) -> ApiError {
    ApiError::invalid(field, "stands twice in the document")
}

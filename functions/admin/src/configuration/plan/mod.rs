//! The changes that a document asks for. All that can be judged before the first change is judged here, and refused
//! with its place in the document, so that a document with a mistake changes nothing.

mod backends;
mod order;

use std::collections::BTreeSet;

use domain::models::catalog::{Catalog, Model};
use domain::models::policy::Policy;
use domain::models::settings::Settings;
use domain::models::{ModelId, PolicyName};
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::http::ApiError;

use super::document::{Document, ModelFields, fields};
use super::report::{Action, Body, Change, Object, Outcome};
use super::stored::Stored;
use crate::app::App;
use crate::fields::{Fields, as_form};
use crate::models::form::{ModelPatch, NewModel, check_names, check_one_way_of_prices};
use crate::models::no_default_model;
use crate::policies::form::{PolicyPatch, check_default_is_allowed, check_prices_of};
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
    } = document;
    let mut plan = Plan::default();
    let wanted = match &models {
        Some(models) => wanted_models(app, models)?,
        None => Vec::new(),
    };
    let future = future(stored, &wanted, prune && models.is_some());
    check_all_names(&wanted, &future)?;
    for (index, (model, part)) in wanted.iter().zip(models.iter().flatten()).enumerate() {
        plan.model(model, &part.model, &stored.catalog)?;
        if let Some(parts) = &part.backends {
            let place = format!("models[{index}].backends");
            plan.backends(app, &place, &model.id, parts, &stored.catalog, prune)
                .await?;
        }
    }
    for (index, part) in policies.iter().flatten().enumerate() {
        let place = format!("policies[{index}]");
        plan.policy(app, part, stored, &future).map_err(at(&place))?;
    }
    if let Some(part) = &settings {
        plan.settings(part, &stored.settings, &future).map_err(at("settings"))?;
    }
    if prune {
        plan.prune(stored, models.is_some().then_some(&wanted), policies.as_deref());
    }
    order::sort(&mut plan.changes, stored, &wanted);
    Ok(plan)
}

/// The models that the document has, as they will be.
fn wanted_models(app: &App, parts: &[ModelFields]) -> Result<Vec<Model>, ApiError> {
    let mut seen = BTreeSet::new();
    let model = |(index, part): (usize, &ModelFields)| {
        let place = format!("models[{index}]");
        let new: NewModel = form(&part.model).map_err(at(&place))?;
        let model = new.create(app.store.clock().now()).map_err(at(&place))?;
        once(&mut seen, &model.id, "id").map_err(at(&place))?;
        Ok(model)
    };
    parts.iter().enumerate().map(model).collect()
}

/// The models that there will be.
fn future(stored: &Stored, wanted: &[Model], prune: bool) -> Catalog {
    let is_wanted = |model: &Model| wanted.iter().any(|other| other.id == model.id);
    let others = stored.catalog.entries().map(|entry| entry.model.clone());
    let others = others.filter(|model| !prune && !is_wanted(model));
    Catalog::new(others.chain(wanted.iter().cloned()).collect(), Vec::new())
}

fn check_all_names(wanted: &[Model], future: &Catalog) -> Result<(), ApiError> {
    let check = |(index, model)| {
        let checked = check_names(model, future).and_then(|()| check_one_way_of_prices(model));
        checked.map_err(at(&format!("models[{index}]")))
    };
    wanted.iter().enumerate().try_for_each(check)
}

fn check_default_model(id: Option<&ModelId>, future: &Catalog) -> Result<(), ApiError> {
    match id.filter(|id| future.find(id).is_none()) {
        Some(id) => Err(no_default_model(id)),
        None => Ok(()),
    }
}

impl Plan {
    fn model(&mut self, model: &Model, part: &Fields, catalog: &Catalog) -> Result<(), ApiError> {
        let of = Subject::new(Object::Model, model.id.as_str());
        match catalog.find(&model.id) {
            None => self.add(Action::Create, of, part.clone(), None),
            Some(old) => self.update::<ModelPatch>(of, difference(&old.model, model)?, old.model.version)?,
        }
        Ok(())
    }

    fn policy(&mut self, app: &App, part: &Fields, stored: &Stored, future: &Catalog) -> Result<(), ApiError> {
        let patch: PolicyPatch = form(part)?;
        let name = patch.name.clone();
        let name = name.ok_or_else(|| ApiError::invalid("name", "must be given"))?;
        let of = Subject::new(Object::Policy, name.as_str());
        let is_known = |change: &Change| change.object == Object::Policy && change.id == of.id;
        if self.changes.iter().any(is_known) {
            return Err(twice("name"));
        }
        let now = app.store.clock().now();
        let policy = patch.applied(Policy::unlimited(name), now)?;
        check_default_model(policy.default_model.as_ref(), future)?;
        check_default_is_allowed(&policy)?;
        let old = stored.policies.iter().find(|old| old.name == policy.name);
        let body = match old {
            None => part.clone(),
            Some(old) => difference(old, &policy)?,
        };
        // The settings are changed afterwards.
        if form::<PolicyPatch>(&body)?.concerns_cost(&policy) {
            check_prices_of(&policy, &stored.settings, future, now)?;
        }
        match old {
            None => self.add(Action::Create, of, body, None),
            Some(old) => self.update::<PolicyPatch>(of, body, old.version)?,
        }
        Ok(())
    }

    fn settings(&mut self, part: &Fields, old: &Settings, future: &Catalog) -> Result<(), ApiError> {
        let mut settings = Settings::default();
        form::<SettingsPatch>(part)?.apply(&mut settings)?;
        check_default_model(settings.default_model.as_ref(), future)?;
        let of = Subject::new(Object::Settings, "settings");
        self.update::<SettingsPatch>(of, difference(old, &settings)?, old.version)
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

    /// Deletes the models and policies that the lists do not have. The policy `default` always exists.
    fn prune(&mut self, stored: &Stored, models: Option<&Vec<Model>>, policies: Option<&[Fields]>) {
        if let Some(wanted) = models {
            for entry in stored.catalog.entries() {
                if !wanted.iter().any(|model| model.id == entry.model.id) {
                    let of = Subject::new(Object::Model, entry.model.id.as_str());
                    self.delete(of, entry.model.version);
                }
            }
        }
        let Some(wanted) = policies else { return };
        for policy in &stored.policies {
            let name = policy.name.as_str();
            let is_wanted = wanted
                .iter()
                .any(|part| part.get("name").is_some_and(|own| own == name));
            if !is_wanted && policy.name != PolicyName::default() {
                self.delete(Subject::new(Object::Policy, name), policy.version);
            }
        }
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

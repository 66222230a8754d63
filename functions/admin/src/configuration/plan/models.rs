//! The changes of the models that a document asks for.

use std::collections::BTreeSet;

use domain::models::ModelId;
use domain::models::catalog::{Catalog, Model};
use service::http::ApiError;

use super::super::document::ModelFields;
use super::super::report::{Action, Object};
use super::super::stored::Stored;
use super::changes::{Plan, Subject, at, difference, form, once};
use crate::app::App;
use crate::fields::Fields;
use crate::models::form::{ModelPatch, NewModel, check_names, check_one_way_of_prices};
use crate::models::{check_room, no_default_model};

/// The models that the document has, as they will be.
pub(super) fn wanted(app: &App, parts: &[ModelFields]) -> Result<Vec<Model>, ApiError> {
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
pub(super) fn future(stored: &Stored, wanted: &[Model], prune: bool) -> Catalog {
    let is_wanted = |model: &Model| wanted.iter().any(|other| other.id == model.id);
    let others = stored.catalog.entries().map(|entry| entry.model.clone());
    let others = others.filter(|model| !prune && !is_wanted(model));
    Catalog::new(others.chain(wanted.iter().cloned()).collect(), Vec::new())
}

/// Refuses models that could not be beside one another.
pub(super) fn check(wanted: &[Model], future: &Catalog) -> Result<(), ApiError> {
    let check = |(index, model)| {
        let checked = check_names(model, future).and_then(|()| check_one_way_of_prices(model));
        checked.map_err(at(&format!("models[{index}]")))
    };
    wanted.iter().enumerate().try_for_each(check)
}

/// Refuses a default model that there will not be.
pub(super) fn check_default_model(id: Option<&ModelId>, future: &Catalog) -> Result<(), ApiError> {
    match id.filter(|id| future.find(id).is_none()) {
        Some(id) => Err(no_default_model(id)),
        None => Ok(()),
    }
}

impl Plan {
    /// Plans the models, each with its backends.
    pub(super) async fn models(
        &mut self,
        app: &App,
        parts: &[ModelFields],
        wanted: &[Model],
        stored: &Stored,
        prune: bool,
    ) -> Result<(), ApiError> {
        let backends = stored.catalog.entries().flat_map(|entry| &entry.backends);
        let mut ids = backends.map(|backend| backend.id.to_string()).collect();
        for (index, (model, part)) in wanted.iter().zip(parts).enumerate() {
            self.model(model, &part.model, &stored.catalog)?;
            let Some(parts) = &part.backends else { continue };
            let place = format!("models[{index}].backends");
            let known = stored.catalog.find(&model.id).map_or(&[][..], |entry| &entry.backends);
            self.backends(app, &place, (&model.id, parts.as_slice()), known, &mut ids, prune)
                .await?;
        }
        // What goes does so last.
        match self.of(Object::Model, Action::Create).count() {
            0 => {}
            new => check_room(stored.catalog.entries().count() + new).map_err(at("models"))?,
        }
        let stored = stored.catalog.entries().map(|entry| &entry.model);
        let gone = stored.filter(|model| prune && !wanted.iter().any(|other| other.id == model.id));
        for model in gone {
            self.delete(Subject::new(Object::Model, model.id.as_str()), model.version);
        }
        Ok(())
    }

    fn model(&mut self, model: &Model, part: &Fields, catalog: &Catalog) -> Result<(), ApiError> {
        let of = Subject::new(Object::Model, model.id.as_str());
        match catalog.find(&model.id) {
            None => self.add(Action::Create, of, part.clone(), None),
            Some(old) => self.update::<ModelPatch>(of, difference(&old.model, model)?, old.model.version)?,
        }
        Ok(())
    }
}

//! The plan, and what its parts have in common.

use std::collections::BTreeSet;

use domain::models::ModelId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::http::ApiError;

use super::super::document::fields;
use super::super::report::{Action, Body, Change, Object, Outcome};
use crate::fields::{Fields, as_form};

/// The changes, and how many objects need none.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) unchanged: usize,
    pub(crate) changes: Vec<Change>,
}

impl Plan {
    /// The changes of one kind of objects.
    pub(super) fn of(&self, object: Object, action: Action) -> impl Iterator<Item = &Change> {
        let is_one = move |change: &&Change| change.object == object && change.action == action;
        self.changes.iter().filter(is_one)
    }

    /// Changes the fields of `body`, if there are any, of an object that was read at `version`.
    pub(super) fn update<Patch: DeserializeOwned>(
        &mut self,
        of: Subject,
        body: Fields,
        version: u64,
    ) -> Result<(), ApiError> {
        if body.is_empty() {
            self.unchanged += 1;
            return Ok(());
        }
        let _: Patch = form(&body)?;
        self.add(Action::Update, of, body, Some(version));
        Ok(())
    }

    pub(super) fn delete(&mut self, of: Subject, version: u64) {
        self.add(Action::Delete, of, Fields::new(), Some(version));
    }

    pub(super) fn add(&mut self, action: Action, of: Subject, body: Fields, version: Option<u64>) {
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
pub(super) struct Subject {
    pub(super) object: Object,
    pub(super) model: Option<ModelId>,
    pub(super) name: String,
    pub(super) id: String,
}

impl Subject {
    /// An object whose name is its id.
    pub(super) fn new(object: Object, id: &str) -> Self {
        Self {
            object,
            model: None,
            name: id.to_owned(),
            id: id.to_owned(),
        }
    }
}

/// The members of `new` that are other than in `old`.
pub(super) fn difference<T: Serialize>(old: &T, new: &T) -> Result<Fields, ApiError> {
    let (old, mut new) = (
        fields(old).map_err(ApiError::internal)?,
        fields(new).map_err(ApiError::internal)?,
    );
    new.retain(|name, value| old.get(name) != Some(value));
    Ok(new)
}

/// The members as the form that a route takes. The document has one version of an object, its newest.
pub(super) fn form<T: DeserializeOwned>(part: &Fields) -> Result<T, ApiError> {
    if part.contains_key("version") {
        return Err(ApiError::invalid("version", "is counted by the gateway"));
    }
    as_form(part)
}

/// Says where in the document an error is.
pub(super) fn at(place: &str) -> impl Fn(ApiError) -> ApiError {
    move |error| {
        let field = match error.field_name() {
            Some(field) => format!("{place}.{field}"),
            None => place.to_owned(),
        };
        error.field(field)
    }
}

pub(super) fn once<T: Ord + Clone>(seen: &mut BTreeSet<T>, value: &T, field: &str) -> Result<(), ApiError> {
    if seen.insert(value.clone()) {
        Ok(())
    } else {
        Err(twice(field))
    }
}

fn twice(field: &str) -> ApiError {
    ApiError::invalid(field, "stands twice in the document")
}

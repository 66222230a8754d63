//! The order of changes: what others need comes first.

use std::collections::BTreeMap;

use domain::models::ModelId;
use domain::models::catalog::Model;

use super::super::report::{Action, Change, Object};
use super::super::stored::Stored;
use crate::models::form::names;

/// Models that give a name to another one, then what is made and changed in the order of the document, then what goes.
pub(super) fn sort(changes: &mut [Change], stored: &Stored, wanted: &[Model]) {
    let claims = claims(wanted);
    changes.sort_by_key(|change| {
        if change.object == Object::Model && gives_name(change, stored, &claims) {
            0
        } else if change.action == Action::Delete {
            2
        } else {
            1
        }
    });
}

/// The model that each name of the document means.
fn claims(wanted: &[Model]) -> BTreeMap<&str, &ModelId> {
    let of = |model| names(model).map(|name| (name, &model.id));
    wanted.iter().flat_map(of).collect()
}

fn gives_name(change: &Change, stored: &Stored, claims: &BTreeMap<&str, &ModelId>) -> bool {
    let old = stored
        .catalog
        .entries()
        .find(|entry| entry.model.id.as_str() == change.id);
    let is_another = |name| claims.get(name).is_some_and(|model| model.as_str() != change.id);
    old.is_some_and(|entry| names(&entry.model).any(is_another))
}

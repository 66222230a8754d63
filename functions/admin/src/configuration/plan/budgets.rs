//! The changes of the budgets that a document asks for.

use std::collections::BTreeSet;

use domain::models::DisplayName;
use domain::models::budget::{Budget, Budgets};
use service::http::ApiError;

use super::super::report::{Action, Object};
use super::changes::{Plan, Subject, at, difference, form, once};
use crate::budgets::{DepartmentPatch, OrganisationPatch, check_room};
use crate::fields::Fields;

impl Plan {
    pub(super) fn organisation(&mut self, part: &Fields, old: &Budget) -> Result<(), ApiError> {
        let patch: OrganisationPatch = form(part)?;
        let budget = patch.applied(&Budget::default())?;
        let of = Subject::new(Object::Organisation, "organisation");
        self.update::<OrganisationPatch>(of, difference(old, &budget)?, old.version)
    }

    /// Plans the budgets of departments; with `prune`, those that the list does not have go.
    pub(super) fn departments(&mut self, parts: &[Fields], stored: &Budgets, prune: bool) -> Result<(), ApiError> {
        let mut seen = BTreeSet::new();
        for (index, part) in parts.iter().enumerate() {
            let place = format!("departments[{index}]");
            let name = self.department(part, stored).map_err(at(&place))?;
            once(&mut seen, &name, "name").map_err(at(&place))?;
        }
        match self.of(Object::Department, Action::Create).count() {
            0 => {}
            new => check_room(stored.departments.len() + new).map_err(at("departments"))?,
        }
        for budget in stored.departments.iter().filter(|_| prune) {
            if let Some(name) = budget.name.as_ref().filter(|name| !seen.contains(*name)) {
                self.delete(Subject::new(Object::Department, name.as_str()), budget.version);
            }
        }
        Ok(())
    }

    fn department(&mut self, part: &Fields, stored: &Budgets) -> Result<DisplayName, ApiError> {
        let patch: DepartmentPatch = form(part)?;
        let name = patch.name.clone();
        let name = name.ok_or_else(|| ApiError::invalid("name", "must be given"))?;
        let of = Subject::new(Object::Department, name.as_str());
        let budget = patch.applied(&Budget::unlimited(name.clone()))?;
        match stored.department(&name) {
            None => self.add(Action::Create, of, part.clone(), None),
            Some(old) => self.update::<DepartmentPatch>(of, difference(old, &budget)?, old.version)?,
        }
        Ok(name)
    }
}

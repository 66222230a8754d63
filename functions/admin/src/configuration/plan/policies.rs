//! The changes of the policies that a document asks for.

use std::collections::BTreeSet;

use domain::models::PolicyName;
use domain::models::catalog::{Catalog, Model};
use domain::models::policy::Policy;
use service::http::{ApiError, Code};

use super::super::report::{Action, Object};
use super::super::stored::Stored;
use super::changes::{Plan, Subject, at, difference, form, once};
use super::models::{self, check_default_model};
use crate::app::App;
use crate::fields::Fields;
use crate::policies::check_room;
use crate::policies::form::{PolicyPatch, check_default_is_allowed, check_prices_of};
use crate::settings::check_webhook;

impl Plan {
    /// Plans the policies, by the models that the document has and those that there will be.
    pub(super) async fn policies(
        &mut self,
        app: &App,
        parts: &[Fields],
        stored: &Stored,
        (wanted, future): (&[Model], &Catalog),
        prune: bool,
    ) -> Result<(), ApiError> {
        // Models that go are still there when policies are changed.
        let meanwhile = models::future(stored, wanted, false);
        let mut seen = BTreeSet::new();
        for (index, part) in parts.iter().enumerate() {
            let planned = self.policy(app, part, stored, (&meanwhile, future));
            let name = planned.map_err(at(&format!("policies[{index}]")))?;
            once(&mut seen, &name, "name").map_err(at(&format!("policies[{index}]")))?;
        }
        match self.of(Object::Policy, Action::Create).count() {
            0 => {}
            new => check_room(stored.policies.len() + new).map_err(at("policies"))?,
        }
        if prune {
            self.prune_policies(app, stored, &seen).await.map_err(at("policies"))?;
        }
        Ok(())
    }

    fn policy(
        &mut self,
        app: &App,
        part: &Fields,
        stored: &Stored,
        (meanwhile, future): (&Catalog, &Catalog),
    ) -> Result<PolicyName, ApiError> {
        let patch: PolicyPatch = form(part)?;
        let name = patch.name.clone();
        let name = name.ok_or_else(|| ApiError::invalid("name", "must be given"))?;
        let of = Subject::new(Object::Policy, name.as_str());
        let now = app.store.clock().now();
        let policy = patch.applied(Policy::unlimited(name.clone()), now)?;
        check_default_model(policy.default_model.as_ref(), future)?;
        check_default_is_allowed(&policy)?;
        check_webhook(app, "notify.webhook", policy.notify.as_ref())?;
        let old = stored.policies.iter().find(|old| old.name == name);
        let body = match old {
            None => part.clone(),
            Some(old) => difference(old, &policy)?,
        };
        // The settings are changed afterwards.
        if form::<PolicyPatch>(&body)?.concerns_cost(&policy) {
            check_prices_of(&policy, &stored.settings, meanwhile, now)?;
        }
        match old {
            None => self.add(Action::Create, of, body, None),
            Some(old) => self.update::<PolicyPatch>(of, body, old.version)?,
        }
        Ok(name)
    }

    /// Deletes the policies that the list does not have, unless users are under them. The policy `default` always
    /// exists.
    async fn prune_policies(
        &mut self,
        app: &App,
        stored: &Stored,
        wanted: &BTreeSet<PolicyName>,
    ) -> Result<(), ApiError> {
        let users = app.store.policy_users().await?;
        for policy in &stored.policies {
            if wanted.contains(&policy.name) || policy.name == PolicyName::default() {
                continue;
            }
            if users.get(&policy.name).is_some_and(|users| *users > 0) {
                return Err(in_use(&policy.name));
            }
            self.delete(Subject::new(Object::Policy, policy.name.as_str()), policy.version);
        }
        Ok(())
    }
}

fn in_use(name: &PolicyName) -> ApiError {
    ApiError::new(
        Code::PolicyInUse,
        format!("users are under the policy `{name}`, which the document does not have; give them another one first"),
    )
}

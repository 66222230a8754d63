//! The change of single sign-on that a document asks for.

use domain::models::PolicyName;
use domain::models::sso::SsoConfig;
use service::http::ApiError;

use super::super::report::{Action, Object};
use super::super::stored::Stored;
use super::changes::{Plan, Subject, difference, form};
use crate::app::App;
use crate::fields::Fields;
use crate::sso::form::{SsoPatch, check_addresses, is_secret_of, no_default_policy};
use crate::sso::{no_way_in, refuse_other_issuer};

const CLIENT_SECRET: &str = "client_secret";

impl Plan {
    /// Plans single sign-on, after the policies.
    pub(super) async fn sso(&mut self, app: &App, part: &Fields, stored: &Stored) -> Result<(), ApiError> {
        let patch: SsoPatch = form(part)?;
        let config = patch.applied(app, None)?;
        check_addresses(app, &config)?;
        if !self.will_have_policy(&config.default_policy, stored) {
            return Err(no_default_policy(&config.default_policy));
        }
        let of = Subject::new(Object::Sso, "sso");
        let Some(old) = &stored.sso else {
            check_way_in(app, &config).await?;
            self.add(Action::Create, of, part.clone(), Some(0));
            return Ok(());
        };
        let mut body = difference(old, &config)?;
        if is_new(app, patch.client_secret.value(), old).await? {
            body.extend(
                part.get(CLIENT_SECRET)
                    .map(|secret| (CLIENT_SECRET.to_owned(), secret.clone())),
            );
        }
        if body.is_empty() {
            self.unchanged += 1;
            return Ok(());
        }
        refuse_other_issuer(Some(old), &config, body.contains_key(CLIENT_SECRET))?;
        check_way_in(app, &config).await?;
        self.update::<SsoPatch>(of, body, old.version)
    }

    fn will_have_policy(&self, name: &PolicyName, stored: &Stored) -> bool {
        let name = name.as_str();
        let has = |action| self.of(Object::Policy, action).any(|change| change.id == name);
        has(Action::Create)
            || (!has(Action::Delete) && stored.policies.iter().any(|policy| policy.name.as_str() == name))
    }
}

async fn is_new(app: &App, secret: Option<&String>, old: &SsoConfig) -> Result<bool, ApiError> {
    let Some(secret) = secret else { return Ok(false) };
    let signing_keys = app.signing_keys.keys().await?;
    Ok(!is_secret_of(&signing_keys, secret, old))
}

/// Refuses to leave single sign-on off while no administrator has a password. A file is judged before the first one is
/// made.
async fn check_way_in(app: &App, config: &SsoConfig) -> Result<(), ApiError> {
    let store = &app.store;
    if config.enabled || !store.has_admin().await? || store.has_admin_with_password().await? {
        return Ok(());
    }
    Err(no_way_in())
}

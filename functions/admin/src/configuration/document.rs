//! The document: settings, budgets, policies, single sign-on, and models with their backends, each as its route takes
//! it.

use domain::models::budget::Budgets;
use domain::models::catalog::{Backend, Entry};
use domain::models::sso::SsoConfig;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::stored::Stored;
use crate::app::App;
use crate::fields::Fields;
use crate::sso::form::{console_beside, default_redirect_url};

/// Members that the gateway sets itself, and no document has.
const OF_THE_GATEWAY: [&str; 11] = [
    "alerts_secret",
    "created_at",
    "key_fingerprint",
    "model_id",
    "retired_secret",
    "secret",
    "secret_fingerprint",
    "slots",
    "updated_at",
    "users",
    "version",
];

/// A part that is absent is left as it is.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) settings: Option<Fields>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) organisation: Option<Fields>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) departments: Option<Vec<Fields>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) policies: Option<Vec<Fields>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) models: Option<Vec<ModelFields>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sso: Option<Fields>,
}

/// A model with its backends.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct ModelFields {
    #[serde(flatten)]
    pub(super) model: Fields,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) backends: Option<Vec<Fields>>,
}

impl Document {
    /// The whole configuration, without secrets.
    pub(super) fn of(app: &App, stored: &Stored) -> serde_json::Result<Self> {
        let policies = stored.policies.iter().map(short).collect::<Result<_, _>>()?;
        let models = stored.catalog.entries().map(|entry| with_backends(entry));
        let Budgets {
            organisation,
            departments,
        } = &stored.budgets;
        let departments: Vec<Fields> = departments.iter().map(short).collect::<Result<_, _>>()?;
        let organisation = (organisation.version > 0).then(|| short(organisation));
        Ok(Self {
            settings: Some(short(&stored.settings)?),
            organisation: organisation.transpose()?,
            departments: Some(departments).filter(|departments| !departments.is_empty()),
            policies: Some(policies),
            models: Some(models.collect::<Result<_, _>>()?),
            sso: stored.sso.as_ref().map(|config| sso(app, config)).transpose()?,
        })
    }
}

fn with_backends(entry: &Entry) -> serde_json::Result<ModelFields> {
    let backends = entry.backends.iter().map(|backend| {
        let mut fields = short(backend)?;
        if has_own_name(backend, &entry.backends) {
            fields.remove("id");
        }
        Ok(fields)
    });
    Ok(ModelFields {
        model: short(&entry.model)?,
        backends: Some(backends.collect::<serde_json::Result<_>>()?),
    })
}

/// Single sign-on, without the addresses that it has by default: another installation has its own.
fn sso(app: &App, config: &SsoConfig) -> serde_json::Result<Fields> {
    let mut fields = short(config)?;
    if default_redirect_url(app).as_ref() == Some(&config.redirect_url) {
        fields.remove("redirect_url");
    }
    if config.console_url == console_beside(&config.redirect_url) {
        fields.remove("console_url");
    } else if config.console_url.is_none() {
        fields.insert("console_url".to_owned(), Value::Null);
    }
    Ok(fields)
}

/// True if the name tells the backend from the others of its model. Ids differ between installations.
pub(super) fn has_own_name(backend: &Backend, backends: &[Backend]) -> bool {
    backends.iter().filter(|other| other.name == backend.name).count() == 1
}

/// The members of `object` that administrators write.
pub(super) fn fields(object: &impl Serialize) -> serde_json::Result<Fields> {
    let Value::Object(mut fields) = serde_json::to_value(object)? else {
        return Ok(Fields::new());
    };
    for name in OF_THE_GATEWAY {
        fields.remove(name);
    }
    Ok(fields)
}

/// The same without those that say nothing: an absent one means the same.
fn short(object: &impl Serialize) -> serde_json::Result<Fields> {
    let mut fields = fields(object)?;
    fields.retain(|_, value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    });
    Ok(fields)
}

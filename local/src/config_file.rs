//! The file of `--config`: the configuration of the gateway as YAML or JSON (docs/config.md).
//!
//! YAML is read here alone: over HTTP the same document is JSON, so that no function carries a reader of YAML (decision
//! 61).

use std::path::Path;

use admin::{Change, Outcome, Refusal, Report};
use domain::models::user::User;
use domain::models::{Email, RequestId};
use serde_json::Value;
use service::config::{Environment, Process};
use service::http::extract::Actor;
use service::http::origin::Origin;
use service::resources::Resources;
use service::store::Store;

use crate::config_error::{ConfigError, Mistake};
use crate::options::{ConfigFile, Options};

/// The outcome of a file that was applied.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Changes that were made.
    pub changed: usize,
    /// Objects of the file that were as it says.
    pub unchanged: usize,
    /// The reason why it was not applied wholly. The next start goes on from there.
    pub problem: Option<String>,
}

/// A file that has been read, and can be applied as far as can be told before.
#[derive(Debug)]
pub(crate) struct Checked {
    document: Vec<u8>,
    prune: bool,
}

/// Reads the file of `options`, if there is one, and judges it by what is stored. Changes nothing.
pub(crate) async fn check(
    app: &admin::App,
    resources: &Resources,
    options: &Options,
) -> Result<Option<Checked>, ConfigError> {
    let Some(file) = &options.config else {
        return Ok(None);
    };
    let checked = judge(file, app, &resources.store, &options.admin_email).await;
    checked.map(Some).map_err(|why| ConfigError {
        path: file.path.clone(),
        why,
    })
}

async fn judge(file: &ConfigFile, app: &admin::App, store: &Store, email: &Email) -> Result<Checked, Mistake> {
    let document = read(&file.path, &Process)?.to_string().into_bytes();
    if store.has_admin().await? {
        actor(store, email).await?;
    }
    let planned = admin::plan_import(app, &document, file.prune).await;
    planned.map_err(|error| Mistake::Refused(told(error.field_name(), error.message())))?;
    Ok(Checked {
        document,
        prune: file.prune,
    })
}

/// Makes the gateway what the file says. A start does not fail for it: the first administrator is made by now, whose
/// password is shown once.
pub(crate) async fn apply(
    checked: Option<Checked>,
    app: &admin::App,
    store: &Store,
    options: &Options,
) -> Option<Applied> {
    let Checked { document, prune } = checked?;
    let report = match actor(store, &options.admin_email).await {
        Ok(actor) => admin::import(app, &actor, &document, prune)
            .await
            .map_err(|error| told(error.field_name(), error.message())),
        Err(mistake) => Err(mistake.to_string()),
    };
    Some(match report {
        Ok(report) => Applied::of(&report),
        Err(problem) => Applied {
            changed: 0,
            unchanged: 0,
            problem: Some(problem),
        },
    })
}

impl Applied {
    fn of(report: &Report) -> Self {
        let is_done = |change: &&Change| change.outcome == Outcome::Done;
        Self {
            changed: report.changes.iter().filter(is_done).count(),
            unchanged: report.unchanged,
            problem: problem(report),
        }
    }
}

/// The reason why a document was not applied wholly.
pub(crate) fn problem(report: &Report) -> Option<String> {
    report.changes.iter().find_map(failure)
}

fn failure(change: &Change) -> Option<String> {
    let Outcome::Failed(Refusal { field, message, .. }) = &change.outcome else {
        return None;
    };
    let object = format!("{:?}", change.object).to_lowercase();
    Some(format!("{object} {}: {}", change.name, told(field.as_deref(), message)))
}

fn told(field: Option<&str>, message: &str) -> String {
    match field {
        Some(field) => format!("{field}: {message}"),
        None => message.to_owned(),
    }
}

/// Changes are made by a person, also those of a file: by the one for whom the gateway is started.
async fn actor(store: &Store, email: &Email) -> Result<Actor, Mistake> {
    let admin = store.user_by_email(email).await?;
    let admin = admin.filter(User::is_active_admin);
    let admin = admin.ok_or_else(|| Mistake::NoAdministrator(email.clone()))?;
    Ok(Actor {
        user: admin.into(),
        origin: Origin {
            request_id: RequestId::generate(),
            address: None,
        },
    })
}

/// The document in the file, with the variables of its strings filled in.
fn read(path: &Path, environment: &impl Environment) -> Result<Value, Mistake> {
    parse(&std::fs::read_to_string(path)?, environment)
}

/// The document that is written as YAML or JSON, with the variables of its strings filled in.
pub(crate) fn parse(text: &str, environment: &impl Environment) -> Result<Value, Mistake> {
    // `yes` and `off` are strings, as in YAML 1.2. Errors show no line of the file, which may hold a key.
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let mut document =
        serde_saphyr::from_str_with_options(text, options).map_err(|error| Mistake::Yaml(error.to_string()))?;
    fill(&mut document, environment)?;
    Ok(document)
}

fn fill(value: &mut Value, environment: &impl Environment) -> Result<(), Mistake> {
    match value {
        Value::String(text) => *text = filled(text, environment)?,
        Value::Array(items) => items.iter_mut().try_for_each(|item| fill(item, environment))?,
        Value::Object(members) => members.values_mut().try_for_each(|member| fill(member, environment))?,
        _ => {}
    }
    Ok(())
}

/// `text` with the value of each `${NAME}`; `$${` is `${`.
fn filled(text: &str, environment: &impl Environment) -> Result<String, Mistake> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(before) = before.strip_suffix('$') {
            filled.extend([before, "${"]);
            rest = after;
            continue;
        }
        let (name, after) = after.split_once('}').ok_or(Mistake::Form)?;
        if !is_name(name) {
            return Err(Mistake::Form);
        }
        let value = environment
            .get(name)
            .ok_or_else(|| Mistake::Variable(name.to_owned()))?;
        filled.extend([before, &value]);
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One;

    impl Environment for One {
        fn get(&self, name: &str) -> Option<String> {
            (name == "KEY").then(|| "sk-${X}".to_owned())
        }
    }

    #[test]
    fn variables_are_filled_in_once() {
        let good = [
            ("${KEY}", "sk-${X}"),
            ("Bearer ${KEY}!", "Bearer sk-${X}!"),
            ("$${KEY} costs $5", "${KEY} costs $5"),
            ("", ""),
        ];
        for (text, expected) in good {
            assert_eq!(filled(text, &One).unwrap(), expected, "{text}");
        }
        assert!(matches!(filled("${OTHER}", &One), Err(Mistake::Variable(name)) if name == "OTHER"));
        for bad in ["${KEY", "${}", "${KEY:-x}"] {
            assert!(matches!(filled(bad, &One), Err(Mistake::Form)), "{bad}");
        }
    }
}

//! The changes of a model's backends that a document asks for.

use std::collections::BTreeSet;

use domain::models::ModelId;
use domain::models::auth::{Auth, KeyUse};
use domain::models::catalog::Backend;
use serde_json::Value;
use service::http::ApiError;

use super::super::document::has_own_name;
use super::super::report::{Action, Object};
use super::changes::{Plan, Subject, at, difference, form, once};
use crate::app::App;
use crate::backends::form::{BackendKey, BackendPatch, NewBackend, check, check_key, refuse_other_use_of_key};
use crate::backends::{check_room, id_taken};
use crate::fields::Fields;

const API_KEY: &str = "api_key";

impl Plan {
    /// The backends of one model, whose list stands at `place`. `ids` are those of all models.
    pub(super) async fn backends(
        &mut self,
        app: &App,
        place: &str,
        (model, parts): (&ModelId, &[Fields]),
        known: &[Backend],
        ids: &mut BTreeSet<String>,
        prune: bool,
    ) -> Result<(), ApiError> {
        let mut seen = BTreeSet::new();
        let mut count = known.len();
        for (index, part) in parts.iter().enumerate() {
            let place = format!("{place}[{index}]");
            let old = old(part, known).map_err(at(&place))?;
            if old.is_none() {
                count += 1;
                check_id(part, ids).map_err(at(&place))?;
            }
            let changed = self.backend(app, model, part, old).await;
            let id = changed.map_err(at(&place))?;
            once(&mut seen, &id, "name").map_err(at(&place))?;
        }
        // What goes does so last.
        if count > known.len() {
            check_room(count).map_err(at(place))?;
        }
        let gone = known
            .iter()
            .filter(|backend| prune && !seen.contains(backend.id.as_str()));
        for backend in gone {
            self.delete(subject(backend, backend.id.as_str()), backend.version);
        }
        Ok(())
    }

    /// Plans one backend, and returns by what it is known: its id if it has one yet, else its name.
    async fn backend(
        &mut self,
        app: &App,
        model: &ModelId,
        part: &Fields,
        old: Option<&Backend>,
    ) -> Result<String, ApiError> {
        let mut new: NewBackend = form(part)?;
        let key = new.api_key.take();
        let mut backend = new.create(model.clone(), None, app.store.clock().now())?;
        check(app, &backend)?;
        // A document has no other way to say that a key goes.
        let drops_key = key.is_none() && Auth::key_use(backend.auth.as_ref()) == KeyUse::Refused;
        let keeps_key = !drops_key && old.is_some_and(|old| old.secret.is_some());
        check_key(&backend, key.as_ref(), key.is_some() || keeps_key)?;
        let Some(old) = old else {
            let known_by = part.get("id").and_then(Value::as_str).unwrap_or(backend.name.as_str());
            let known_by = known_by.to_owned();
            self.add(Action::Create, subject(&backend, &known_by), part.clone(), None);
            return Ok(known_by);
        };
        backend.id = old.id.clone();
        let mut body = difference(old, &backend)?;
        if is_new(app, key.as_ref(), old).await? {
            body.extend(part.get(API_KEY).map(|key| (API_KEY.to_owned(), key.clone())));
        }
        if drops_key && old.secret.is_some() {
            body.insert(API_KEY.to_owned(), Value::Null);
        }
        let patch: BackendPatch = form(&body)?;
        refuse_other_use_of_key(&patch, old, &backend)?;
        self.update::<BackendPatch>(subject(&backend, old.id.as_str()), body, old.version)?;
        Ok(old.id.to_string())
    }
}

/// The backend that a part of the document is about: by its id, else by its name, which differs less between
/// installations.
fn old<'a>(part: &Fields, known: &'a [Backend]) -> Result<Option<&'a Backend>, ApiError> {
    let text = |name| part.get(name).and_then(Value::as_str);
    if let Some(id) = text("id") {
        return Ok(known.iter().find(|backend| backend.id.as_str() == id));
    }
    let name = text("name").unwrap_or_default();
    match known.iter().find(|backend| backend.name.as_str() == name) {
        Some(backend) if !has_own_name(backend, known) => Err(ApiError::invalid(
            "id",
            "must be given: several backends of the model have this name",
        )),
        found => Ok(found),
    }
}

/// Refuses a new backend whose id another one has, of whichever model.
fn check_id(part: &Fields, ids: &mut BTreeSet<String>) -> Result<(), ApiError> {
    let id = part.get("id").and_then(Value::as_str);
    match id {
        Some(id) if !ids.insert(id.to_owned()) => Err(id_taken()),
        Some(_) | None => Ok(()),
    }
}

async fn is_new(app: &App, key: Option<&BackendKey>, old: &Backend) -> Result<bool, ApiError> {
    let Some(key) = key else { return Ok(false) };
    let signing_keys = app.signing_keys.keys().await?;
    Ok(!key.is_of(&signing_keys, old))
}

fn subject(backend: &Backend, id: &str) -> Subject {
    Subject {
        object: Object::Backend,
        model: Some(backend.model_id.clone()),
        name: backend.name.to_string(),
        id: id.to_owned(),
    }
}

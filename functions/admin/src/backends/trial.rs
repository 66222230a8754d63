//! A trial of a backend's entry as it is typed: nothing is saved, and the key stays with its address (promise 23).

use std::collections::BTreeMap;

use axum::extract::State;
use domain::models::catalog::{Backend, Protocol};
use domain::models::health::Health;
use domain::models::sso::StepResult;
use domain::models::{BackendId, DisplayName, ModelId};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::functions::{BackendTrial, TrialRequest, TrialStep};
use service::http::ApiError;
use service::http::extract::Actor;
use service::http::json::{self, Body, Data};
use service::http::language::{Language, RefusalLanguage};
use service::http::messages;

use super::advice::advice_code;
use super::form::{BackendPatch, check, check_key, refuse_other_use_of_key};
use crate::app::App;
use crate::fields::{Fields, as_form};

/// The findings of a trial.
#[derive(Serialize)]
pub(crate) struct TrialResponse {
    passed: bool,
    steps: Vec<Step>,
    /// The names that the server lists.
    models: Vec<String>,
}

#[derive(Serialize)]
struct Step {
    #[serde(flatten)]
    found: TrialStep,
    /// Advice about what to change, as a code for programs and as a text for people.
    advice_code: Option<&'static str>,
    advice: Option<&'static str>,
}

/// `POST /api/v1/admin/backends/test`: an entry with the fields of the body, over those of the backend `id` if one is
/// named.
pub(crate) async fn try_entry(
    State(app): State<App>,
    actor: Actor,
    RefusalLanguage(language): RefusalLanguage,
    Body(mut fields): Body<Fields>,
) -> Result<Data<TrialResponse>, ApiError> {
    let id: Option<BackendId> = taken(&mut fields, "id")?;
    let model: Option<ModelId> = taken(&mut fields, "model_id")?;
    let patch: BackendPatch = as_form(&fields)?;
    let now = app.store.clock().now();
    let old = match &id {
        Some(id) => app
            .store
            .backend(id)
            .await?
            .ok_or_else(|| ApiError::not_found("backend"))?,
        None => blank(&app, model, now).await?,
    };
    let backend = patch.applied(&old, now)?;
    if backend.base_url.is_empty() {
        return Err(ApiError::invalid("base_url", "must be given"));
    }
    check(&app, &backend)?;
    check_key(&backend, patch.api_key.value(), backend.secret.is_some())?;
    refuse_other_use_of_key(&patch, &old, &backend)?;
    // Before the trial, which may cost something: no question to a backend without an entry in the audit trail.
    let target = id.as_ref().map_or("new", BackendId::as_str);
    app.store
        .record(&actor.audit(now, "backend.test", target, vec![]))
        .await?;
    let api_key = patch.api_key.value().map(|key| key.secret().expose().to_owned());
    let trial = BackendTrial { backend, api_key };
    let result = app.delegates.try_backend.call(TrialRequest { trial }).await?;
    Ok(Data(TrialResponse {
        passed: result.passed,
        steps: result.steps.into_iter().map(|step| Step::new(step, language)).collect(),
        models: result.models,
    }))
}

/// The member `name`, which is none of the entry's fields.
fn taken<T: DeserializeOwned>(fields: &mut Fields, name: &str) -> Result<Option<T>, ApiError> {
    let given = fields.remove(name).filter(|value| !value.is_null());
    let value = given.map(|value| json::parse(value.to_string().as_bytes()));
    value.transpose().map_err(|error| error.field(name))
}

/// An entry that nobody has filled in.
async fn blank(app: &App, model: Option<ModelId>, now: Timestamp) -> Result<Backend, ApiError> {
    if let Some(id) = &model {
        app.store.model(id).await?.ok_or_else(|| ApiError::not_found("model"))?;
    }
    let unnamed = || ModelId::parse("new").map_err(ApiError::internal);
    Ok(Backend {
        id: BackendId::generate(),
        model_id: model.map_or_else(unnamed, Ok)?,
        name: DisplayName::parse("new").map_err(ApiError::internal)?,
        base_url: String::new(),
        model_name: String::new(),
        weight: 1,
        region: None,
        enabled: true,
        secret: None,
        retired_secret: None,
        key_fingerprint: None,
        protocol: Protocol::default(),
        auth: None,
        api_version: None,
        preset: None,
        settings: BTreeMap::new(),
        max_concurrency: 0,
        timeout_ms: None,
        idle_timeout_ms: None,
        headers: BTreeMap::new(),
        health_path: None,
        created_at: now,
        updated_at: now,
        version: 1,
        health: Health::default(),
    })
}

impl Step {
    fn new(found: TrialStep, language: Language) -> Self {
        let advice_code = (found.result == StepResult::Fail).then(|| advice_code(found.step, found.reason));
        Self {
            advice_code,
            advice: advice_code.and_then(|code| messages::text_of(code, language)),
            found,
        }
    }
}

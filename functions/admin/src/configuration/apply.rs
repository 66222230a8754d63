//! Makes planned changes, one after another, as the routes for one object make them.

use std::time::{Duration, Instant};

use axum::extract::State;
use domain::models::{BackendId, DisplayName, ModelId, PolicyName, TextError};
use serde::de::DeserializeOwned;
use service::http::ApiError;
use service::http::extract::{Actor, Id, IfMatch, Query};
use service::http::json::Body;
use service::http::language::Language;

use super::plan::Plan;
use super::report::{Action, Change, Object, Outcome, Report};
use crate::app::App;
use crate::budgets::{departments, organisation};
use crate::fields::{Fields, as_form};
use crate::refusal::Refusal;
use crate::{backends, models, policies, settings, sso};

/// The report of what was made. The first change that fails is the last that is tried: later ones may need it.
pub(super) async fn apply(
    app: &App,
    actor: &Actor,
    mut plan: Plan,
    time: Option<Duration>,
    language: Language,
) -> Report {
    let started = Instant::now();
    let mut has_failed = false;
    for change in &mut plan.changes {
        let is_late = time.is_some_and(|time| started.elapsed() > time);
        change.outcome = if has_failed || is_late {
            Outcome::Skipped
        } else {
            match make(app, actor, change).await {
                Ok(()) => Outcome::Done,
                Err(error) => {
                    has_failed = true;
                    Outcome::Failed(Refusal::new(&error, language))
                }
            }
        };
    }
    Report::of(plan.changes, plan.unchanged)
}

async fn make(app: &App, actor: &Actor, change: &Change) -> Result<(), ApiError> {
    let (app, actor) = (State(app.clone()), actor.clone());
    let body = &change.body.0;
    let seen = change.version.map_or(IfMatch::ANY, IfMatch::version);
    let id = change.id.as_str();
    match (change.object, change.action) {
        (Object::Sso, _) => done(sso::change(&app, &actor, seen, &as_form(body)?).await),
        (Object::Settings, _) => done(settings::update(app, actor, seen, form(body)?).await),
        (Object::Organisation | Object::Department, _) => make_budget(app, actor, change).await,
        (Object::Policy, Action::Create) => done(policies::create(app, actor, form(body)?).await),
        (Object::Policy, Action::Update) => {
            done(policies::update(app, actor, seen, named(PolicyName::parse(id))?, form(body)?).await)
        }
        (Object::Policy, Action::Delete) => {
            done(policies::delete(app, actor, seen, named(PolicyName::parse(id))?).await)
        }
        (Object::Model, Action::Create) => done(models::create(app, actor, form(body)?).await),
        (Object::Model, Action::Update) => {
            done(models::update(app, actor, seen, named(ModelId::parse(id))?, form(body)?).await)
        }
        (Object::Model, Action::Delete) => {
            let with_backends = Query(models::Deletion { cascade: true });
            done(models::delete(app, actor, seen, named(ModelId::parse(id))?, with_backends).await)
        }
        (Object::Backend, Action::Create) => {
            let model = change.model.clone().ok_or_else(|| ApiError::not_found("model"))?;
            done(backends::create(app, actor, Id(model), form(body)?).await)
        }
        (Object::Backend, Action::Update) => {
            done(backends::update(app, actor, seen, named(BackendId::parse(id))?, form(body)?).await)
        }
        (Object::Backend, Action::Delete) => {
            done(backends::delete(app, actor, seen, named(BackendId::parse(id))?).await)
        }
    }
}

async fn make_budget(app: State<App>, actor: Actor, change: &Change) -> Result<(), ApiError> {
    let body = &change.body.0;
    let seen = change.version.map_or(IfMatch::ANY, IfMatch::version);
    if change.object == Object::Organisation {
        return done(organisation::update(app, actor, seen, form(body)?).await);
    }
    let name = DisplayName::parse(change.id.as_str());
    match change.action {
        Action::Create => done(departments::create(app, actor, form(body)?).await),
        Action::Update => done(departments::update(app, actor, seen, named(name)?, form(body)?).await),
        Action::Delete => done(departments::delete(app, actor, seen, named(name)?).await),
    }
}

fn done<T>(response: Result<T, ApiError>) -> Result<(), ApiError> {
    response.map(drop)
}

fn named<T>(id: Result<T, TextError>) -> Result<Id<T>, ApiError> {
    id.map(Id).map_err(|_| ApiError::not_found("object"))
}

fn form<T: DeserializeOwned>(body: &Fields) -> Result<Body<T>, ApiError> {
    as_form(body).map(Body)
}

//! The models that clients may ask for.

pub(crate) mod catalogue;
pub(crate) mod form;

use axum::extract::State;
use domain::models::ModelId;
use domain::models::catalog::Model;
use serde::Deserialize;
use service::http::extract::{Actor, Id, IfMatch, Query, version_conflict};
use service::http::json::{Body, Created, Data, Message};
use service::http::page::List;
use service::http::{ApiError, Code};
use service::store::{CatalogChange, Change};

use crate::app::App;
use crate::backends;
use crate::catalog::judged;
use form::{ModelPatch, NewModel, check_names, check_one_way_of_prices};

/// The refusal of a default model that does not exist.
pub(crate) fn no_default_model(id: &ModelId) -> ApiError {
    ApiError::invalid("default_model", format!("there is no model {:?}", id.as_str()))
}

/// Models of one installation (docs/api.md §7).
const MAX_MODELS: usize = 500;

/// Refuses that there are so many models.
pub(crate) fn check_room(models: usize) -> Result<(), ApiError> {
    if models <= MAX_MODELS {
        return Ok(());
    }
    let message = format!("there can be at most {MAX_MODELS} models");
    Err(ApiError::new(Code::Conflict, message))
}

/// `?cascade=true` deletes a model's backends with it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deletion {
    #[serde(default)]
    pub(crate) cascade: bool,
}

/// `GET /api/v1/admin/models`
pub(crate) async fn list(State(app): State<App>) -> Result<List<Model>, ApiError> {
    let catalog = app.store.read_catalog().await?;
    Ok(List::whole(
        catalog.entries().map(|entry| entry.model.clone()).collect(),
    ))
}

/// `GET /api/v1/admin/models/{id}`
pub(crate) async fn show(State(app): State<App>, Id(id): Id<ModelId>) -> Result<Data<Model>, ApiError> {
    let model = app.store.model(&id).await?;
    model.map(Data).ok_or_else(|| ApiError::not_found("model"))
}

/// `POST /api/v1/admin/models`
pub(crate) async fn create(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewModel>,
) -> Result<Created<Model>, ApiError> {
    let now = app.store.clock().now();
    let model = new.create(now)?;
    check_one_way_of_prices(&model)?;
    let audit = actor
        .audit(now, "model.create", &model.id, vec![])
        .creating(ModelPatch::FIELDS, &model);
    let (store, new, audit) = (&app.store, &model, &audit);
    let created = judged(store, |catalog| async move {
        check_room(catalog.entries().count() + 1)?;
        check_names(new, &catalog)?;
        Ok(store.create_model(new, catalog.revision(), audit).await?)
    });
    match created.await? {
        Change::Done => Ok(Created(model)),
        Change::Conflict => Err(ApiError::new(Code::Conflict, "there is a model with this id already").field("id")),
    }
}

/// `PUT /api/v1/admin/models/{id}`
pub(crate) async fn update(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(id): Id<ModelId>,
    Body(patch): Body<ModelPatch>,
) -> Result<Data<Model>, ApiError> {
    let model = app.store.model(&id).await?;
    let old = model.ok_or_else(|| ApiError::not_found("model"))?;
    let mut model = old.clone();
    expected.check(patch.version, model.version)?;
    let now = app.store.clock().now();
    patch.apply(&mut model)?;
    check_one_way_of_prices(&model)?;
    model.updated_at = now;
    model.version += 1;
    let audit = actor
        .audit(now, "model.update", &id, patch.changed())
        .telling(&old, &model);
    let (store, new, audit) = (&app.store, &model, &audit);
    let updated = judged(store, |catalog| async move {
        check_names(new, &catalog)?;
        Ok(store.update_model(new, catalog.revision(), audit).await?)
    });
    match updated.await? {
        Change::Done => Ok(Data(model)),
        Change::Conflict => Err(version_conflict()),
    }
}

/// `DELETE /api/v1/admin/models/{id}`
pub(crate) async fn delete(
    State(app): State<App>,
    actor: Actor,
    expected: IfMatch,
    Id(id): Id<ModelId>,
    Query(deletion): Query<Deletion>,
) -> Result<Message, ApiError> {
    let audit = actor.audit(app.store.clock().now(), "model.delete", &id, vec![]);
    let (app, id, expected, audit) = (&app, &id, &expected, &audit);
    let deleted = judged(&app.store, |catalog| async move {
        let entry = catalog.find(id).ok_or_else(|| ApiError::not_found("model"))?;
        expected.check(None, entry.model.version)?;
        if !entry.backends.is_empty() && !deletion.cascade {
            let message = "the model has backends; delete them first, or say cascade=true";
            return Err(ApiError::new(Code::Conflict, message));
        }
        let audit = audit.clone().deleting(ModelPatch::FIELDS, &entry.model);
        let change = app.store.delete_model(entry, catalog.revision(), &audit).await?;
        if change == CatalogChange::Done {
            for backend in &entry.backends {
                backends::forget_keys(app, backend).await?;
            }
        }
        Ok(change)
    });
    if deleted.await? == Change::Conflict {
        return Err(version_conflict());
    }
    Ok(Message("the model is deleted"))
}

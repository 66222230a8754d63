//! The models that clients may ask for.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::models::catalog::{Catalog, Model, param_header};
use domain::models::price::Price;
use domain::models::{DisplayName, ModelId, ModelName};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use service::http::extract::{Actor, Id, IfMatch, Query, version_conflict};
use service::http::json::{Body, Created, Data, Message, nullable};
use service::http::page::List;
use service::http::{ApiError, Code};
use service::store::Change;

use crate::App;

/// Models of one installation (docs/api.md §7).
const MAX_MODELS: usize = 500;
/// More than any model reads or writes.
const MAX_TOKENS: u64 = 1_000_000_000;
const MAX_DESCRIPTION: usize = 1000;

/// Headers that carry credentials or frame the message, which no setting may replace (api.md §6, promise 38).
const RESERVED_HEADERS: [&str; 10] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewModel {
    id: ModelId,
    name: DisplayName,
    #[serde(default)]
    description: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default)]
    aliases: Vec<ModelName>,
    #[serde(default)]
    model_params: BTreeMap<String, Value>,
    #[serde(default)]
    input_price: Option<Price>,
    #[serde(default)]
    cached_input_price: Option<Price>,
    #[serde(default)]
    output_price: Option<Price>,
    #[serde(default)]
    context_window: Option<u64>,
    #[serde(default)]
    max_output_tokens: Option<u64>,
}

fn yes() -> bool {
    true
}

/// A change: absent fields stay, `null` clears.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelChange {
    name: Option<DisplayName>,
    #[serde(default, deserialize_with = "nullable")]
    description: Option<Option<String>>,
    enabled: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    aliases: Option<Option<Vec<ModelName>>>,
    #[serde(default, deserialize_with = "nullable")]
    model_params: Option<Option<BTreeMap<String, Value>>>,
    #[serde(default, deserialize_with = "nullable")]
    input_price: Option<Option<Price>>,
    #[serde(default, deserialize_with = "nullable")]
    cached_input_price: Option<Option<Price>>,
    #[serde(default, deserialize_with = "nullable")]
    output_price: Option<Option<Price>>,
    #[serde(default, deserialize_with = "nullable")]
    context_window: Option<Option<u64>>,
    #[serde(default, deserialize_with = "nullable")]
    max_output_tokens: Option<Option<u64>>,
    version: Option<u64>,
}

/// `?cascade=true` deletes a model's backends with it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deletion {
    #[serde(default)]
    cascade: bool,
}

/// `GET /api/v1/admin/models`
pub(crate) async fn list(State(app): State<App>) -> Result<List<Model>, ApiError> {
    let catalog = app.store.read_catalog().await?;
    Ok(List::whole(
        catalog.entries().map(|entry| entry.model.clone()).collect(),
    ))
}

/// `POST /api/v1/admin/models`
pub(crate) async fn create(
    State(app): State<App>,
    actor: Actor,
    Body(new): Body<NewModel>,
) -> Result<Created<Model>, ApiError> {
    let now = app.store.clock().now();
    let model = new.into_model(now);
    let catalog = app.store.read_catalog().await?;
    if catalog.entries().count() >= MAX_MODELS {
        return Err(ApiError::new(
            Code::Conflict,
            format!("there can be at most {MAX_MODELS} models"),
        ));
    }
    check(&model, &catalog)?;
    match app
        .store
        .create_model(&model, &actor.entry(now, "model.create", &model.id, vec![]))
        .await?
    {
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
    Body(change): Body<ModelChange>,
) -> Result<Data<Model>, ApiError> {
    let old = app
        .store
        .model(&id)
        .await?
        .ok_or_else(|| ApiError::not_found("model"))?;
    expected.check(change.version, old.version)?;
    let now = app.store.clock().now();
    let changed = change.fields();
    let model = change.apply(old, now);
    check(&model, &app.store.read_catalog().await?)?;
    match app
        .store
        .update_model(&model, &actor.entry(now, "model.update", &id, changed))
        .await?
    {
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
    let catalog = app.store.read_catalog().await?;
    let entry = catalog.find(&id).ok_or_else(|| ApiError::not_found("model"))?;
    expected.check(None, entry.model.version)?;
    if !entry.backends.is_empty() && !deletion.cascade {
        return Err(ApiError::new(
            Code::Conflict,
            "the model has backends; delete them first, or say cascade=true",
        ));
    }
    let audit = actor.entry(app.store.clock().now(), "model.delete", &id, vec![]);
    if app.store.delete_model(entry, &audit).await? == Change::Conflict {
        return Err(version_conflict());
    }
    for backend in &entry.backends {
        crate::backends::forget_keys(&app, backend).await?;
    }
    Ok(Message("the model is deleted"))
}

impl NewModel {
    fn into_model(self, now: Timestamp) -> Model {
        Model {
            id: self.id,
            name: self.name,
            description: self.description,
            enabled: self.enabled,
            aliases: self.aliases,
            model_params: self.model_params,
            input_price: self.input_price,
            cached_input_price: self.cached_input_price,
            output_price: self.output_price,
            context_window: self.context_window,
            max_output_tokens: self.max_output_tokens,
            created_at: now,
            updated_at: now,
            version: 1,
        }
    }
}

impl ModelChange {
    /// The names of the fields that are given, for the audit trail.
    fn fields(&self) -> Vec<String> {
        let given = [
            ("name", self.name.is_some()),
            ("description", self.description.is_some()),
            ("enabled", self.enabled.is_some()),
            ("aliases", self.aliases.is_some()),
            ("model_params", self.model_params.is_some()),
            ("input_price", self.input_price.is_some()),
            ("cached_input_price", self.cached_input_price.is_some()),
            ("output_price", self.output_price.is_some()),
            ("context_window", self.context_window.is_some()),
            ("max_output_tokens", self.max_output_tokens.is_some()),
        ];
        given
            .into_iter()
            .filter(|(_, given)| *given)
            .map(|(field, _)| field.to_owned())
            .collect()
    }

    fn apply(self, old: Model, now: Timestamp) -> Model {
        Model {
            name: self.name.unwrap_or(old.name),
            description: self.description.unwrap_or(old.description),
            enabled: self.enabled.unwrap_or(old.enabled),
            aliases: self.aliases.map_or(old.aliases, Option::unwrap_or_default),
            model_params: self.model_params.map_or(old.model_params, Option::unwrap_or_default),
            input_price: self.input_price.unwrap_or(old.input_price),
            cached_input_price: self.cached_input_price.unwrap_or(old.cached_input_price),
            output_price: self.output_price.unwrap_or(old.output_price),
            context_window: self.context_window.unwrap_or(old.context_window),
            max_output_tokens: self.max_output_tokens.unwrap_or(old.max_output_tokens),
            id: old.id,
            created_at: old.created_at,
            updated_at: now,
            version: old.version + 1,
        }
    }
}

/// What the types do not say: lengths, reserved headers, and names that mean another model already.
fn check(model: &Model, catalog: &Catalog) -> Result<(), ApiError> {
    if model
        .description
        .as_ref()
        .is_some_and(|text| text.chars().count() > MAX_DESCRIPTION)
    {
        return Err(ApiError::invalid(
            "description",
            format!("must have at most {MAX_DESCRIPTION} characters"),
        ));
    }
    for (field, tokens) in [
        ("context_window", model.context_window),
        ("max_output_tokens", model.max_output_tokens),
    ] {
        if tokens.is_some_and(|tokens| !(1..=MAX_TOKENS).contains(&tokens)) {
            return Err(ApiError::invalid(field, format!("must be 1 to {MAX_TOKENS}")));
        }
    }
    model
        .model_params
        .iter()
        .try_for_each(|(name, value)| check_param(name, value))?;
    check_names(model, catalog)
}

fn check_param(name: &str, value: &Value) -> Result<(), ApiError> {
    let Some(header) = param_header(name) else {
        return check_member(name);
    };
    if is_reserved_header(&header) {
        return Err(ApiError::invalid(
            "model_params",
            format!("`{name}` stands for a header that cannot be set"),
        ));
    }
    let is_name = http::HeaderName::try_from(&header).is_ok();
    let is_value = is_name
        && value
            .as_str()
            .is_some_and(|text| http::HeaderValue::from_str(text).is_ok());
    if is_value {
        Ok(())
    } else {
        Err(ApiError::invalid(
            "model_params",
            format!("`{name}` must be a text that can be a header"),
        ))
    }
}

/// What makes a request what it is, and decides how its answer is read, is the client's alone.
fn check_member(name: &str) -> Result<(), ApiError> {
    if matches!(name, "messages" | "model" | "stream") {
        return Err(ApiError::invalid(
            "model_params",
            format!("`{name}` is the client's to set"),
        ));
    }
    Ok(())
}

/// Whether an extra header is refused at configuration time.
pub(crate) fn is_reserved_header(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let prefixes = ["x-forwarded-", "x-amz-", "proxy-"];
    // Azure's, Google's and Anthropic's: a key has a home of its own, and is never shown.
    let is_key = name.ends_with("api-key");
    is_key || RESERVED_HEADERS.contains(&name.as_str()) || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// One exact name means one model, and so does one glob.
fn check_names(model: &Model, catalog: &Catalog) -> Result<(), ApiError> {
    let own: Vec<&str> = model
        .aliases
        .iter()
        .map(ModelName::as_str)
        .chain([model.id.as_str()])
        .collect();
    for other in catalog
        .entries()
        .map(|entry| &entry.model)
        .filter(|other| other.id != model.id)
    {
        let names = other.aliases.iter().map(ModelName::as_str).chain([other.id.as_str()]);
        if let Some(name) = names.into_iter().find(|name| own.contains(name)) {
            let message = format!("`{name}` means the model `{}` already", other.id);
            return Err(ApiError::new(Code::Conflict, message).field("aliases"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p38_parameters_cannot_replace_headers_that_frame_or_authorise() {
        for name in [
            "__authorization__",
            "__header_Host__",
            "__content_length__",
            "__header_x_amz_date__",
            "__transfer_encoding__",
            "__cookie__",
        ] {
            assert!(check_param(name, &Value::from("x")).is_err(), "{name}");
        }
        assert!(check_param("__user_agent__", &Value::from("me")).is_ok());
        assert!(check_param("__user_agent__", &Value::from("a\nb")).is_err());
        assert!(check_param("temperature", &Value::from(1)).is_ok());
        assert!(check_param("stream", &Value::from(true)).is_err());
        assert_eq!(param_header("__header_x_source__").as_deref(), Some("x-source"));
    }
}

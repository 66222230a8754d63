//! A model as administrators write it.

use std::collections::BTreeMap;

use domain::models::affinity::Affinity;
use domain::models::capability::{Modality, ReasoningEffort};
use domain::models::catalog::{Catalog, Model, param_header};
use domain::models::kind::ModelKind;
use domain::models::price::{Price, PriceEntry, check_prices};
use domain::models::{DisplayName, ModelId, ModelName};
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use serde_json::Value;
use service::http::managed::constraint::{list, max_chars, within};
use service::http::{ApiError, Code};
use service::managed_object;

use crate::{headers, storable};

/// More than any model reads or writes.
const MAX_TOKENS: u64 = 1_000_000_000;

managed_object! {
    Model: NewModel, ModelPatch {
        fixed    id:                    ModelId;
        required name:                  DisplayName;
        nullable description:           String, max_chars(1000);
        default  enabled:               bool = true;
        nullable kinds:                 Vec<ModelKind>, list(each_once);
        nullable aliases:               Vec<ModelName>;
        nullable model_params:          BTreeMap<String, Value>, check_params;
        nullable prices:                Vec<PriceEntry>, list(check_prices);
        nullable input_price:           Price;
        nullable cached_input_price:    Price;
        nullable cache_write_price:     Price;
        nullable cache_write_1h_price:  Price;
        nullable output_price:          Price;
        nullable context_window:        u64, within(1..=MAX_TOKENS);
        nullable max_output_tokens:     u64, within(1..=MAX_TOKENS);
        nullable default_output_tokens: u64, within(1..=MAX_TOKENS);
        nullable input_modalities:      Vec<Modality>, list(each_once);
        nullable reasoning_efforts:     Vec<ReasoningEffort>, list(each_once);
        nullable agent_instructions:    String, max_chars(20_000);
        nullable affinity:              Affinity;
    }
    new(now: Timestamp) { created_at: now, updated_at: now, version: 1 }
}

/// Refuses a model that is priced in both ways.
pub(crate) fn check_one_way_of_prices(model: &Model) -> Result<(), ApiError> {
    if model.prices.is_empty() || !model.has_single_prices() {
        return Ok(());
    }
    Err(ApiError::invalid(
        "prices",
        "stands beside single prices such as `input_price`; set one of both to null",
    ))
}

fn each_once<T: PartialEq>(values: &[T]) -> Result<(), String> {
    let is_repeated = |(place, value): (usize, &T)| values[..place].contains(value);
    if values.iter().enumerate().any(is_repeated) {
        Err("must name each value once".to_owned())
    } else {
        Ok(())
    }
}

fn check_params(params: &BTreeMap<String, Value>) -> Result<(), String> {
    params.iter().try_for_each(|(name, value)| check_param(name, value))
}

fn check_param(name: &str, value: &Value) -> Result<(), String> {
    storable::check_member(name, value)?;
    let Some(header) = param_header(name) else {
        return check_member(name);
    };
    if headers::is_reserved(&header) {
        return Err(format!("`{name}` stands for a header that cannot be set"));
    }
    let is_value = |text: &str| HeaderValue::from_str(text).is_ok();
    if HeaderName::try_from(&header).is_ok() && value.as_str().is_some_and(is_value) {
        Ok(())
    } else {
        Err(format!("`{name}` must be a string that can be a header"))
    }
}

/// Members that make a request what it is, and decide how its response is read, are the client's alone.
fn check_member(name: &str) -> Result<(), String> {
    if matches!(name, "messages" | "model" | "stream") {
        Err(format!("`{name}` is the client's to set"))
    } else {
        Ok(())
    }
}

/// Refuses a name that means another model already: one exact name means one model, and so does one glob.
pub(crate) fn check_names(model: &Model, catalog: &Catalog) -> Result<(), ApiError> {
    let own: Vec<&str> = names(model).collect();
    let others = catalog.entries().map(|entry| &entry.model);
    for other in others.filter(|other| other.id != model.id) {
        if let Some(name) = names(other).find(|name| own.contains(name)) {
            let message = format!("`{name}` means the model `{}` already", other.id);
            return Err(ApiError::new(Code::Conflict, message).field("aliases"));
        }
    }
    Ok(())
}

pub(crate) fn names(model: &Model) -> impl Iterator<Item = &str> {
    model.aliases.iter().map(ModelName::as_str).chain([model.id.as_str()])
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

//! One model of the list (ML1): what is not known is absent, never 0 or `null`.

use domain::models::capability::Modality;
use domain::models::catalog::Model;
use domain::models::kind::ModelKind;
use serde_json::{Map, Value, json};

/// `model` under one of its names.
pub(super) fn object(model: &Model, name: &str) -> Value {
    let mut object = json!({
        "id": name,
        "type": "model",
        "object": "model",
        "display_name": display_name(model, name),
        "name": display_name(model, name),
        "created_at": model.created_at,
        "created": model.created_at.as_second(),
        "owned_by": "gateway",
        "lifecycle": "active",
    });
    let [window, output] = [model.context_window, model.max_output_tokens].map(|count| count.map(Value::from));
    let id = (name != model.id.as_str()).then(|| Value::from(model.id.as_str()));
    let inputs = (!model.input_modalities.is_empty()).then(|| json!(model.input_modalities));
    let writes_text = writes_text(model).then(|| json!(["text"]));
    let kinds = (!model.kinds.is_empty()).then(|| json!(model.kinds));
    let known = [
        ("root", id.clone()),
        ("canonical_slug", id),
        ("description", model.description.clone().map(Value::from)),
        ("max_input_tokens", window.clone()),
        ("context_length", window.clone()),
        ("max_model_len", window),
        ("max_tokens", output.clone()),
        ("max_output_length", output),
        ("top_provider", top_provider(model)),
        ("pricing", pricing(model)),
        ("input_modalities", inputs),
        ("output_modalities", writes_text),
        ("architecture", architecture(model)),
        ("kinds", kinds),
    ];
    for (field, value) in known {
        if let Some(value) = value {
            object[field] = value;
        }
    }
    object
}

/// An alias is shown as what it is: pickers would else offer two models of one name.
fn display_name<'a>(model: &'a Model, name: &'a str) -> &'a str {
    if name == model.id.as_str() {
        model.name.as_str()
    } else {
        name
    }
}

fn top_provider(model: &Model) -> Option<Value> {
    let limits = [
        ("context_length", model.context_window.map(Value::from)),
        ("max_completion_tokens", model.max_output_tokens.map(Value::from)),
    ];
    let mut provider = members(limits)?;
    provider.insert("is_moderated".to_owned(), Value::Bool(false));
    Some(Value::Object(provider))
}

/// USD per token, as decimals in strings: so `OpenRouter`'s clients read them.
fn pricing(model: &Model) -> Option<Value> {
    let prices = [
        ("prompt", model.input_price),
        ("completion", model.output_price),
        ("input_cache_read", model.cached_input_price),
    ];
    let per_token = prices.map(|(name, price)| (name, price.map(|price| Value::from(price.usd_per_token()))));
    members(per_token).map(Value::Object)
}

/// A model of which nothing is said but what it reads is one for chat.
fn writes_text(model: &Model) -> bool {
    let is_unsaid = model.kinds.is_empty() && !model.input_modalities.is_empty();
    let writes = |kind| matches!(kind, &ModelKind::Chat | &ModelKind::Completion);
    is_unsaid || model.kinds.iter().any(writes)
}

fn architecture(model: &Model) -> Option<Value> {
    if model.input_modalities.is_empty() || !writes_text(model) {
        return None;
    }
    let names: Vec<&str> = model.input_modalities.iter().copied().map(Modality::as_str).collect();
    Some(json!({
        "modality": format!("{}->text", names.join("+")),
        "input_modalities": names,
        "output_modalities": ["text"],
    }))
}

/// The members that are known; `None` if none is.
fn members<const N: usize>(members: [(&str, Option<Value>); N]) -> Option<Map<String, Value>> {
    let known = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Some(known.collect::<Map<_, _>>()).filter(|members| !members.is_empty())
}

//! Fill in the middle: a prompt with a `suffix`, as a backend takes it that does not know that member (CP3).

use serde_json::value::RawValue;
use service::http::ApiError;
use translators::settings::{BackendSettings, Fim};

use super::body::{RequestBody, invalid};
use crate::patch::Patch;

/// The patch that writes prompt and suffix as one prompt; `None` if there is no suffix, or the backend takes it itself.
pub(super) fn prompt(body: &RequestBody<'_>, settings: &BackendSettings) -> Result<Option<Patch>, ApiError> {
    let (Fim::Template(template), Some(suffix)) = (&settings.fim, body.get("suffix")) else {
        return Ok(None);
    };
    let prompt = body.get("prompt").ok_or_else(|| invalid("prompt", "field required"))?;
    let rendered = template.render(inside("prompt", prompt)?, inside("suffix", suffix)?);
    Ok(Some(Patch::replace(body.span(prompt)?, rendered)))
}

/// What stands between the quotes of a string.
fn inside<'a>(name: &str, value: &'a RawValue) -> Result<&'a str, ApiError> {
    let text = value.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    text.ok_or_else(|| invalid(name, "must be a string where the middle is to be filled in"))
}

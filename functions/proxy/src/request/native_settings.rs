//! Changes that a backend's settings make to a Messages request which passes to it in its own dialect: its vendor
//! refuses parts of the API (translation.md §2.1).

use http::{HeaderMap, HeaderName, HeaderValue};
use service::http::ApiError;
use translators::messages::wire::request::Metadata;
use translators::settings::{AnthropicVersion, BackendSettings, UserId};

use super::body::RequestBody;
use crate::patch::Patch;

pub(super) const VERSION: HeaderName = HeaderName::from_static("anthropic-version");
pub(super) const BETA: HeaderName = HeaderName::from_static("anthropic-beta");

const GEO: &str = "inference_geo";

/// Hashes `metadata.user_id` where the vendor refuses what agents put there.
pub(super) fn user_id(members: &RequestBody<'_>, settings: &BackendSettings) -> Result<Option<Patch>, ApiError> {
    if settings.user_id == UserId::Pass {
        return Ok(None);
    }
    let metadata = members.get("metadata");
    let metadata = metadata.and_then(|metadata| serde_json::from_str::<Metadata<'_>>(metadata.get()).ok());
    let Some(user_id) = metadata.and_then(|metadata| metadata.user_id.raw()) else {
        return Ok(None);
    };
    let text: Option<String> = serde_json::from_str(user_id.get()).unwrap_or_default();
    let hash = text.map(|text| settings.user_id.applied(text.into()));
    hash.map(|hash| Ok(Patch::replace_string(members.span(user_id)?, &hash)))
        .transpose()
}

/// True if the request asks for a region in which the backend is known to compute: then it need not be told. A request
/// for another one is refused; without a list the vendor judges itself.
pub(super) fn is_in_its_region(members: &RequestBody<'_>, settings: &BackendSettings) -> Result<bool, ApiError> {
    let Some(geo) = members.get(GEO).filter(|_| !settings.inference_geos.is_empty()) else {
        return Ok(false);
    };
    let geo: String = serde_json::from_str(geo.get()).map_err(|_| ApiError::invalid(GEO, "must be a string"))?;
    if settings.inference_geos.contains(&geo) {
        Ok(true)
    } else {
        Err(ApiError::invalid(
            GEO,
            format!("this model is not known to run in `{geo}`"),
        ))
    }
}

/// The client's headers of the protocol as the backend takes them, and whether betas were taken out.
pub(super) fn headers(of_client: &HeaderMap, settings: &BackendSettings) -> (HeaderMap, bool) {
    let mut headers = of_client.clone();
    set_version(&mut headers, settings);
    if settings.deny_betas.is_empty() {
        return (headers, false);
    }
    let is_denied = |beta: &str| settings.deny_betas.iter().any(|denied| denied == beta);
    let (mut kept, mut denied) = (Vec::new(), false);
    for betas in of_client.get_all(&BETA).iter().filter_map(|betas| betas.to_str().ok()) {
        let named = betas.split(',').map(str::trim).filter(|beta| !beta.is_empty());
        let (out, rest): (Vec<&str>, Vec<&str>) = named.partition(|beta| is_denied(beta));
        denied |= !out.is_empty();
        kept.extend(rest);
    }
    if denied {
        headers.remove(&BETA);
        let kept = (!kept.is_empty())
            .then(|| HeaderValue::try_from(kept.join(",")).ok())
            .flatten();
        headers.extend(kept.map(|betas| (BETA, betas)));
    }
    (headers, denied)
}

/// The version of the API that the operator has chosen.
pub(super) fn set_version(headers: &mut HeaderMap, settings: &BackendSettings) {
    if let AnthropicVersion::Fixed(version) = &settings.anthropic_version
        && let Ok(version) = HeaderValue::try_from(version.as_str())
    {
        headers.insert(VERSION, version);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn betas(of_client: &[&'static str], denied: &[&str]) -> (Vec<String>, bool) {
        let of_client = of_client.iter().map(|betas| (BETA, HeaderValue::from_static(betas)));
        let of_client = of_client.fold(HeaderMap::new(), |mut headers, (name, value)| {
            headers.append(name, value);
            headers
        });
        let settings = BackendSettings {
            deny_betas: denied.iter().map(ToString::to_string).collect(),
            ..BackendSettings::default()
        };
        let (headers, denied) = headers(&of_client, &settings);
        let left = headers
            .get_all(&BETA)
            .iter()
            .map(|value| value.to_str().unwrap().to_owned());
        (left.collect(), denied)
    }

    #[test]
    fn denied_betas_go_and_an_empty_header_with_them() {
        let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(betas(&["a, b", "c"], &[]), (texts(&["a, b", "c"]), false));
        assert_eq!(betas(&["a, b", "c"], &["x"]), (texts(&["a, b", "c"]), false));
        assert_eq!(betas(&["a, b", "c"], &["b"]), (texts(&["a,c"]), true));
        assert_eq!(betas(&["b,b"], &["b"]), (texts(&[]), true));
    }
}

//! A ranking: its estimate, and the request of TEI's own API (RR2, RR3).

use serde::Serialize;
use serde_json::value::RawValue;
use service::http::ApiError;

use super::body::{RequestBody, invalid};
use super::estimate;

/// Members of a request that TEI's API has, or the gateway answers for.
const KNOWN: [&str; 5] = ["model", "query", "documents", "top_n", "return_documents"];

#[derive(Serialize)]
struct TeiRequest<'a> {
    query: &'a RawValue,
    texts: Vec<&'a RawValue>,
    return_text: bool,
    raw_scores: bool,
    truncate: bool,
}

/// Approximate tokens: the query is read once with each document.
pub(super) fn input_estimate(body: &RequestBody<'_>) -> u64 {
    let length = |name| body.get(name).map_or(0, |value| value.get().len());
    let documents = body
        .get("documents")
        .and_then(|list| items(list).ok())
        .unwrap_or_default();
    let queries = estimate::tokens(length("query")).saturating_mul(documents.len() as u64);
    queries.saturating_add(estimate::tokens(length("documents"))).max(1)
}

/// The most documents that the client wants back.
pub(super) fn top_n(body: &RequestBody<'_>) -> Result<Option<usize>, ApiError> {
    let value = body.get("top_n").map(RawValue::get);
    let parse = |text: &str| text.parse().map_err(|_| invalid("top_n", "must be a whole number"));
    value.map(parse).transpose()
}

/// The body for TEI, and the members that it has no place for.
pub(super) fn tei_body(body: &RequestBody<'_>) -> Result<(Vec<u8>, Vec<String>), ApiError> {
    let required = |name| body.get(name).ok_or_else(|| invalid(name, "field required"));
    let query = required("query")?;
    if !query.get().starts_with('"') {
        return Err(invalid("query", "must be a string"));
    }
    let documents = items(required("documents")?).map_err(|_| invalid("documents", "must be a list"))?;
    let request = TeiRequest {
        query,
        texts: documents.into_iter().map(text).collect::<Result<_, _>>()?,
        return_text: body.flag("return_documents")?,
        raw_scores: false,
        truncate: true,
    };
    let others = body
        .members()
        .filter(|(name, value)| !KNOWN.contains(&name.as_ref()) && value.get() != "null");
    let lost = others.map(|(name, _)| name.into_owned()).collect();
    Ok((serde_json::to_vec(&request).map_err(ApiError::internal)?, lost))
}

fn items(list: &RawValue) -> serde_json::Result<Vec<&RawValue>> {
    serde_json::from_str(list.get())
}

/// A document's text: the document itself, or its member `text`.
fn text(document: &RawValue) -> Result<&RawValue, ApiError> {
    #[derive(serde::Deserialize)]
    struct Document<'a> {
        #[serde(borrow)]
        text: &'a RawValue,
    }
    let is_text = |value: &&RawValue| value.get().starts_with('"');
    let inner = || {
        serde_json::from_str::<Document<'_>>(document.get())
            .ok()
            .map(|document| document.text)
    };
    let text = Some(document).filter(is_text).or_else(inner).filter(is_text);
    text.ok_or_else(|| invalid("documents", "must be strings, or objects with a `text`"))
}

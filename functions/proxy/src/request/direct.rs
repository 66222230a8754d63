//! A request to an endpoint that is never translated: it reaches a backend in the API it was written for, or none. The
//! body stays the client's bytes, and nothing of it is judged but its form: what it may be is the backend's to say.

use bytes::Bytes;
use domain::models::usage::Endpoint;
use serde_json::value::RawValue;
use service::http::{ApiError, Code};
use translators::restricted::Path;
use translators::settings::{BackendSettings, MaxTokensField};

use super::backend_body::BackendBody;
use super::body::RequestBody;
use super::conversation::ConversationParts;
use super::generation::Generation;
use super::model_params::ModelParams;
use super::{estimate, fim, rerank};
use crate::patch::{Patch, Span, patched_pieces};

/// A request that borrows from its body.
#[derive(Clone, Debug)]
pub(crate) struct DirectRequest<'a> {
    endpoint: Endpoint,
    bytes: &'a Bytes,
    body: RequestBody<'a>,
    /// The model's name as the client wrote it.
    model: String,
    /// The place of that name in the body, quotes included.
    model_span: Span,
    /// Absent where nothing is generated.
    generation: Option<Generation>,
}

impl<'a> DirectRequest<'a> {
    /// Reads a body that was sent to `endpoint`.
    pub(crate) fn read(endpoint: Endpoint, bytes: &'a Bytes) -> Result<Self, ApiError> {
        let body = RequestBody::parse(bytes)?.checked()?;
        let (model, model_span) = body.model()?;
        Ok(Self {
            endpoint,
            bytes,
            model: model.into_owned(),
            model_span,
            generation: match endpoint {
                Endpoint::Completions => Some(Generation::of_prompts(&body)?),
                _ => None,
            },
            body,
        })
    }

    /// The member `service_tier` as the client wrote it.
    pub(super) fn service_tier(&self) -> Option<&RawValue> {
        self.body.get("service_tier")
    }

    /// The key of its conversation; `None` where no prompt is read.
    pub(super) fn conversation(&self) -> Option<ConversationParts<'a>> {
        let parts = ConversationParts {
            cache_key: self.body.get("prompt_cache_key"),
            ..ConversationParts::default()
        };
        (self.endpoint == Endpoint::Completions).then_some(parts)
    }

    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    pub(super) fn stream(&self) -> bool {
        self.generation.as_ref().is_some_and(Generation::stream)
    }

    /// Number of completions requested, of all prompts together.
    pub(crate) fn choices(&self) -> u64 {
        self.generation.as_ref().map_or(1, Generation::choices)
    }

    /// The client's limit of each completion, in tokens; 0 where nothing is generated.
    pub(super) fn max_tokens(&self) -> Option<u64> {
        self.generation.as_ref().map_or(Some(0), Generation::max_tokens)
    }

    /// Limits each completion of a request without a limit of its own.
    pub(super) fn limit_output(&mut self, tokens: u64) {
        if let Some(generation) = &mut self.generation {
            generation.limit_output(tokens);
        }
    }

    /// True if the usage of a stream would reach a client that has not requested it.
    pub(crate) fn hides_usage(&self) -> bool {
        self.generation
            .as_ref()
            .is_some_and(|generation| generation.hides_usage(&self.body))
    }

    /// Approximate tokens of the input.
    pub(crate) fn input_estimate(&self) -> u64 {
        match self.endpoint {
            Endpoint::Rerank => rerank::input_estimate(&self.body),
            _ => estimate::tokens(self.body.text_bytes()).max(1),
        }
    }

    /// The most documents of a ranking that the client wants back.
    pub(crate) fn top_n(&self) -> Result<Option<usize>, ApiError> {
        rerank::top_n(&self.body)
    }

    /// The body for a backend that ranks by TEI's own API.
    pub(crate) fn tei_body(&self, params: &ModelParams) -> Result<BackendBody, ApiError> {
        let (body, warnings) = rerank::tei_body(&self.body)?;
        let body = Bytes::from(body);
        let params = params.patch_unread(&body);
        Ok(BackendBody {
            bytes: patched_pieces(&body, params.into_iter().collect()),
            warnings,
        })
    }

    /// The error of a backend that does not have this endpoint.
    pub(crate) fn unserved(&self) -> ApiError {
        let message = format!("this backend does not have {}", self.endpoint.path());
        ApiError::new(Code::ModelNotSupported, message).field("model")
    }

    /// The body for a backend with `settings` that knows the model as `model_name`: the client's bytes with that name,
    /// without members that are withheld, and with the parameters that the client has not set; of a completion also
    /// with what [`Generation`] writes, and its prompt as the backend takes it.
    pub(crate) fn body_for(
        &self,
        model_name: &str,
        settings: &BackendSettings,
        params: &ModelParams,
    ) -> Result<BackendBody, ApiError> {
        let path = if self.generation.is_some() {
            Path::Chat
        } else {
            Path::Ungenerated
        };
        let withheld = self.body.withheld(path, settings);
        let generation = self.generation.as_ref();
        let is_set = |name: &str| {
            (self.body.contains(name) && !withheld.iter().any(|withheld| withheld == name))
                || generation.is_some_and(|generation| generation.sets(name, settings))
        };
        let params = params.patch(self.bytes, is_set);
        let prompt = generation.and_then(|_| fim::prompt(&self.body, settings).transpose());
        let prompt = prompt.transpose()?;
        let replaced = prompt.is_some().then(|| "suffix".to_owned());
        let removed: Vec<_> = withheld.iter().cloned().chain(replaced).collect();
        let mut patches = self.body.without(&removed);
        patches.extend((self.model != model_name).then(|| Patch::replace_string(self.model_span, model_name)));
        if let Some(generation) = generation {
            patches.extend(generation.patches(&self.body, settings, MaxTokensField::MaxTokens));
        }
        patches.extend(prompt.into_iter().chain(params));
        Ok(BackendBody {
            bytes: patched_pieces(self.bytes, patches),
            warnings: withheld,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::patch::joined;

    fn sent(body: &'static str, settings: &BackendSettings) -> (String, Vec<String>) {
        let bytes = Bytes::from_static(body.as_bytes());
        let request = DirectRequest::read(Endpoint::Embeddings, &bytes).unwrap();
        let body = request
            .body_for("backend-model", settings, &ModelParams::default())
            .unwrap();
        (String::from_utf8(joined(&body.bytes)).unwrap(), body.warnings)
    }

    #[test]
    fn em1_em2_all_but_the_models_name_stays_as_it_was_written() {
        for rest in [
            r#""input":"Hallo","dimensions": 256 , "encoding_format":"base64""#,
            r#""input":[[1, 2],[3]],"user":"u","input_type":"query","truncate_prompt_tokens":-1"#,
            r#""input":[],"max_length":8192,"task":"text-matching","normalized":true,"options":{"a":1.50}"#,
            r#""documents":[{"text":"a"}],"n":2"#,
        ] {
            let body: &'static str = Box::leak(format!(r#"{{ "model" : "m",{rest}}}"#).into_boxed_str());
            let expected = format!(r#"{{ "model" : "backend-model",{rest}}}"#);
            assert_eq!(sent(body, &BackendSettings::default()), (expected, Vec::new()));
        }
    }

    #[test]
    fn em2_where_it_is_computed_is_not_the_clients_to_say() {
        let body = r#"{"model":"m","api_base":"http://elsewhere","input":"a"}"#;
        let (sent, warnings) = sent(body, &BackendSettings::default());
        assert_eq!(sent, r#"{"model":"backend-model","input":"a"}"#);
        assert_eq!(warnings, ["api_base"]);
    }

    #[test]
    fn em3_ids_of_tokens_count_as_what_they_are() {
        let body = Bytes::from_static(br#"{"model":"m","input":[[9906, 1917, 0, 15339, 220, 30, 4513, 13]]}"#);
        let request = DirectRequest::read(Endpoint::Embeddings, &body).unwrap();
        assert!(
            (6..=12).contains(&request.input_estimate()),
            "{}",
            request.input_estimate()
        );
    }
}

//! A Messages request. Its members are known when it is read; their values are read once a backend is chosen.

use std::borrow::Cow;

use bytes::Bytes;
use domain::models::catalog::{Backend, Model};
use http::{HeaderMap, HeaderValue};
use serde_json::value::RawValue;
use service::http::ApiError;
use translators::directions::ApiDialect;
use translators::directions::request::{DirectedRequest, of_messages};
use translators::error::FieldPath;
use translators::json::Field;
use translators::messages::to_chat;
use translators::messages::wire::request::MessagesBody;
use translators::messages::{passthrough, token_count};
use translators::model::ModelFacts;
use translators::restricted::Path;
use translators::sealed::ClientSealer;
use translators::settings::BackendSettings;
use translators::usage::ServedTier;

use super::backend_body::BackendBody;
use super::body::RequestBody;
use super::conversation::ConversationParts;
use super::envelope::Envelope;
use super::model_params::ModelParams;
use super::native_settings::{self, BETA, VERSION};
use super::{estimate, max_tokens};
use crate::patch::{Patch, patched_pieces};

/// A Messages request that borrows from its body.
#[derive(Debug)]
pub(crate) struct MessagesRequest<'a> {
    body: &'a Bytes,
    members: RequestBody<'a>,
    request: MessagesBody<'a>,
    max_tokens: Option<u64>,
    model: Cow<'a, str>,
    stream: bool,
    protocol_headers: HeaderMap,
    sealer: ClientSealer,
}

impl<'a> MessagesRequest<'a> {
    /// Reads a request to `POST /v1/messages` or one of the routes below it.
    pub(crate) fn read(headers: &HeaderMap, body: &'a Bytes) -> Result<Self, ApiError> {
        let members = RequestBody::parse(body)?;
        // Judged before the rest: `MessagesBody::of_members` says why.
        let request = MessagesBody::of_members(members.members())?;
        let model = request.model()?;
        let stream = request.stream.flag(FieldPath::root("stream"))?;
        let max_tokens = request
            .max_tokens
            .raw()
            .map(|value| max_tokens::tokens("max_tokens", value));
        Ok(Self {
            body,
            max_tokens: max_tokens.transpose()?.flatten(),
            members: members.checked()?.requiring("messages")?,
            request,
            model,
            stream,
            protocol_headers: protocol_headers(headers),
            sealer: ClientSealer::default(),
        })
    }

    /// The member by which the client asks for a tier of service, as it wrote it: `speed` where that asks for the dearer
    /// one.
    pub(super) fn service_tier(&self) -> Option<&RawValue> {
        let fast = |speed: &&RawValue| ServedTier::named(Some(speed)) == Some(ServedTier::Priority);
        self.request
            .speed
            .raw()
            .filter(fast)
            .or(self.request.service_tier.raw())
    }

    /// The same request of a client for whom `sealer` seals.
    pub(crate) fn sealed_by(self, sealer: impl Into<ClientSealer>) -> Self {
        Self {
            sealer: sealer.into(),
            ..self
        }
    }

    pub(super) fn sealer(&self) -> ClientSealer {
        self.sealer.clone()
    }

    /// The key of its conversation.
    pub(super) fn conversation(&self) -> ConversationParts<'a> {
        ConversationParts {
            cache_key: self.members.get("prompt_cache_key"),
            metadata: self.request.metadata.raw(),
            preamble: [self.request.system.raw(), self.request.tools.raw()],
            turns: self.request.messages.raw(),
        }
    }

    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    pub(crate) fn stream(&self) -> bool {
        self.stream
    }

    /// The headers that belong to the body, for a backend with `settings` that speaks the same API, and what they leave
    /// out of the client's.
    pub(crate) fn protocol_headers(&self, settings: &BackendSettings) -> (HeaderMap, Option<String>) {
        let (headers, denied) = native_settings::headers(&self.protocol_headers, settings);
        (headers, denied.then(|| BETA.to_string()))
    }

    /// Approximate tokens of the conversation, by its text.
    pub(crate) fn count_tokens(&self) -> Result<u64, ApiError> {
        Ok(token_count::count(&self.request)?)
    }

    /// The same by the body's length. Backends of this dialect report it in their first event.
    pub(super) fn input_estimate(&self) -> u64 {
        estimate::tokens(self.body.len())
    }

    /// The client's limit of the response, in tokens.
    pub(super) fn max_tokens(&self) -> Option<u64> {
        self.max_tokens
    }

    /// The request for a backend with `settings` that speaks another dialect.
    pub(crate) fn translated(
        &self,
        backend: ApiDialect,
        settings: &BackendSettings,
        model: &ModelFacts,
    ) -> Result<DirectedRequest, ApiError> {
        Ok(of_messages(&self.request, backend, settings, model)?)
    }

    /// The chat request whose prompt is to be counted. A body for counting needs no `max_tokens`, but the translation
    /// does.
    pub(crate) fn to_countable_chat(
        &self,
        model: &Model,
        backend: &Backend,
        settings: &BackendSettings,
    ) -> Result<Vec<u8>, ApiError> {
        let one = serde_json::value::to_raw_value(&1).map_err(ApiError::internal)?;
        let facts = ModelFacts {
            client_model: self.model.to_string(),
            backend_model: backend.model_name.clone(),
            max_output_tokens: model.max_output_tokens,
            ..ModelFacts::default()
        };
        let request = MessagesBody {
            max_tokens: Field::new(&one),
            ..self.request.clone()
        };
        Ok(to_chat::translate(&request, settings, &facts)?.body)
    }

    /// The body for an Anthropic backend that knows the model as `model_name`: the client's bytes with that name,
    /// without thinking blocks that the gateway made and members that are withheld, as its settings want it, and with
    /// the parameters that the client has not set, in `envelope`.
    pub(crate) fn body_for(
        &self,
        model_name: &str,
        settings: &BackendSettings,
        params: &ModelParams,
        envelope: &Envelope,
    ) -> Result<BackendBody, ApiError> {
        let patched = |body: &Bytes, members: &RequestBody<'_>| {
            self.patched(body, members, (model_name, envelope), settings, params)
        };
        let adapted = passthrough::adapted(self.body, settings)?;
        let mut sent = match adapted.body {
            Cow::Borrowed(_) => patched(self.body, &self.members)?,
            Cow::Owned(body) => {
                let body = Bytes::from(body);
                patched(&body, &RequestBody::parse(&body)?)?
            }
        };
        sent.warnings.extend(adapted.dropped);
        Ok(sent)
    }

    fn patched(
        &self,
        body: &Bytes,
        members: &RequestBody<'_>,
        (model_name, envelope): (&str, &Envelope),
        settings: &BackendSettings,
        params: &ModelParams,
    ) -> Result<BackendBody, ApiError> {
        let mut withheld = members.withheld(Path::Messages, settings);
        if native_settings::is_in_its_region(members, settings)? {
            withheld.push("inference_geo".to_owned());
        }
        let is_set = |name: &str| {
            (members.contains(name) && !withheld.iter().any(|withheld| withheld == name))
                || (max_tokens::FIELDS.contains(&name) && self.request.max_tokens.is_present())
        };
        let params = params.patch(body, is_set);
        let withheld_count = withheld.len();
        withheld.extend(envelope.left_out().iter().map(ToString::to_string));
        let mut patches = members.without(&withheld);
        withheld.truncate(withheld_count);
        patches.extend(envelope.added(members));
        if envelope.names_model() && self.model != model_name {
            let (_, span) = members.model()?;
            patches.push(Patch::replace_string(span, model_name));
        }
        patches.extend(native_settings::user_id(members, settings)?);
        patches.extend(params);
        Ok(BackendBody {
            bytes: patched_pieces(body, patches),
            warnings: withheld,
        })
    }
}

/// The headers of a request that was made here, for a backend with `settings`.
pub(crate) fn own_protocol_headers(settings: &BackendSettings) -> HeaderMap {
    let mut headers = protocol_headers(&HeaderMap::new());
    native_settings::set_version(&mut headers, settings);
    headers
}

/// The API's version, which it requires but clients of the gateway may omit, and the beta features that the body uses.
fn protocol_headers(headers: &HeaderMap) -> HeaderMap {
    let version = headers
        .get(&VERSION)
        .cloned()
        .unwrap_or(HeaderValue::from_static("2023-06-01"));
    let betas = headers.get_all(&BETA).iter().map(|beta| (BETA, beta.clone()));
    let mut protocol = HeaderMap::from_iter([(VERSION, version)]);
    for (name, beta) in betas {
        protocol.append(name, beta);
    }
    protocol
}

#[cfg(test)]
mod tests {
    use domain::models::catalog::Protocol;
    use service::http::Code;
    use service::outbound::backend::MessagesCall;

    use super::*;
    use crate::patch::joined;

    #[test]
    fn th4_an_anthropic_backend_gets_the_clients_bytes_except_for_the_model_and_the_gateways_thinking() {
        let own = r#"{"type":"thinking","thinking":"x","signature":"gw1.y"}"#;
        let body = |blocks: &str, model: &str| {
            format!(
                r#"{{"max_tokens":1.0,"model" : "{model}","messages":[{{"role":"assistant","content":[{blocks}{{"type":"text"}}]}}]}}"#
            )
        };
        for blocks in [String::new(), format!("{own},")] {
            let sent = Bytes::from(body(&blocks, "claude"));
            let pieces = MessagesRequest::read(&HeaderMap::new(), &sent)
                .unwrap()
                .body_for(
                    "glm",
                    &BackendSettings::default(),
                    &ModelParams::default(),
                    &Envelope::Own,
                )
                .unwrap();
            assert_eq!(String::from_utf8(joined(&pieces.bytes)).unwrap(), body("", "glm"));
        }
    }
    fn refused(members: &str) -> (Code, Option<String>) {
        let body = Bytes::from(format!(r#"{{"model":"m","max_tokens":5,{members}}}"#));
        let error = MessagesRequest::read(&HeaderMap::new(), &body).unwrap_err();
        (error.code(), error.field_name().map(str::to_owned))
    }

    #[test]
    fn ha10_messages_have_the_checks_of_chat() {
        let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
        for (members, code, field) in [
            (r#""messages":[]"#.to_owned(), Code::InvalidValue, Some("messages")),
            (
                r#""messages":[{}],"messages":[{}]"#.to_owned(),
                Code::InvalidValue,
                Some("messages"),
            ),
            (
                r#""messages":[{"role":"a","role":"b"}]"#.to_owned(),
                Code::InvalidValue,
                Some("messages"),
            ),
            (
                r#""messages":[{}],"metadata":{"a":1,"a":2}"#.to_owned(),
                Code::InvalidValue,
                Some("metadata"),
            ),
            (format!(r#""messages":[{{}}],"x":{deep}"#), Code::InvalidJson, None),
            (format!(r#""messages":[{{"content":{deep}}}]"#), Code::InvalidJson, None),
            (
                format!(r#""messages":[{{}}],"tools":[{}]"#, vec!["{}"; 1025].join(",")),
                Code::InvalidValue,
                Some("tools"),
            ),
        ] {
            assert_eq!(
                refused(&members),
                (code, field.map(str::to_owned)),
                "{}",
                &members[..30]
            );
        }
    }

    #[test]
    fn in_vertex_the_version_stands_in_the_body_and_the_model_where_tokens_are_counted() {
        let sent =
            Bytes::from(r#"{"model":"m", "max_tokens":5,"stream":true,"anthropic_version":"x","n":2,"messages":[{}]}"#);
        let body = |version: Option<&'static str>, call| {
            let mut headers = HeaderMap::new();
            headers.extend(version.map(|version| (VERSION, HeaderValue::from_static(version))));
            let request = MessagesRequest::read(&headers, &sent).unwrap();
            let (mut headers, _) = request.protocol_headers(&BackendSettings::default());
            let envelope = Envelope::of(Protocol::AnthropicVertex, call, &mut headers);
            assert!(!headers.contains_key(VERSION));
            let body = request.body_for("c", &BackendSettings::default(), &ModelParams::default(), &envelope);
            let body = body.unwrap();
            assert_eq!(body.warnings, ["n"]);
            String::from_utf8(joined(&body.bytes)).unwrap()
        };
        let rest = r#" "max_tokens":5,"stream":true,"messages":[{}]}"#;
        let first = r#"{"anthropic_version":"vertex-2023-10-16","#;
        assert_eq!(body(None, MessagesCall::Streamed), format!("{first}{rest}"));
        assert_eq!(body(Some("2023-06-01"), MessagesCall::Whole), format!("{first}{rest}"));
        let newer = r#"{"anthropic_version":"2026-10-21","#;
        assert_eq!(body(Some("2026-10-21"), MessagesCall::Whole), format!("{newer}{rest}"));
        let counted = format!(r#"{first}"model":"c",{rest}"#);
        assert_eq!(body(None, MessagesCall::CountTokens), counted);
    }

    #[test]
    fn ha10_an_anthropic_backend_gets_nothing_that_generates_more_or_elsewhere() {
        let body = Bytes::from(
            r#"{"n":8,"model":"m","min_tokens":9,"max_tokens":5,"messages":[{}],"fallbacks":[1],"betas":["b"],"max_new_tokens":7}"#,
        );
        let request = MessagesRequest::read(&HeaderMap::new(), &body).unwrap();
        let sent = request
            .body_for(
                "m",
                &BackendSettings::default(),
                &ModelParams::default(),
                &Envelope::Own,
            )
            .unwrap();
        assert_eq!(
            joined(&sent.bytes),
            br#"{"model":"m","max_tokens":5,"messages":[{}],"betas":["b"]}"#
        );
        assert_eq!(sent.warnings, ["n", "min_tokens", "fallbacks", "max_new_tokens"]);
    }
}

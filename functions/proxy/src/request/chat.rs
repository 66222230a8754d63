//! A chat request. The body stays the client's bytes; what must differ for a backend is patched in when it is sent.

use bytes::Bytes;
use serde_json::value::RawValue;
use service::http::ApiError;
use translators::chat::input::ChatInput;
use translators::directions::FarDialect;
use translators::directions::request::{DirectedRequest, of_chat};
use translators::json::RawObject as _;
use translators::model::ModelFacts;
use translators::restricted::Path;
use translators::settings::BackendSettings;

use super::backend_body::BackendBody;
use super::body::RequestBody;
use super::conversation::ConversationParts;
use super::generation::Generation;
use super::model_params::ModelParams;
use super::{estimate, reasoning_details};
use crate::patch::{Patch, Span, patched_pieces};

/// A valid chat request. It borrows from its body.
#[derive(Clone, Debug)]
pub struct ChatRequest<'a> {
    bytes: &'a Bytes,
    body: RequestBody<'a>,
    /// The model's name as the client wrote it.
    model: String,
    /// The place of that name in the body, quotes included.
    model_span: Span,
    generation: Generation,
}

impl<'a> ChatRequest<'a> {
    /// Reads the body of `POST /v1/chat/completions` without building a tree (promises 27 and 28).
    ///
    /// # Errors
    /// Invalid JSON, or an invalid member with its name.
    pub fn read(bytes: &'a Bytes) -> Result<Self, ApiError> {
        let body = RequestBody::parse(bytes)?.checked()?.requiring("messages")?;
        let (model, model_span) = body.model()?;
        Ok(Self {
            bytes,
            model: model.into_owned(),
            model_span,
            generation: Generation::of_chat(&body)?,
            body,
        })
    }

    /// The member `service_tier` as the client wrote it.
    pub(super) fn service_tier(&self) -> Option<&RawValue> {
        self.body.get("service_tier")
    }

    /// The key of its conversation.
    pub(super) fn conversation(&self) -> ConversationParts<'a> {
        ConversationParts {
            cache_key: self.body.get("prompt_cache_key"),
            metadata: None,
            preamble: [self.body.get("tools"), self.body.get("functions")],
            turns: self.body.get("messages"),
        }
    }

    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    pub(super) fn stream(&self) -> bool {
        self.generation.stream()
    }

    /// Approximate tokens of the prompt.
    pub(super) fn input_estimate(&self) -> u64 {
        estimate::tokens(self.body.text_bytes()).max(1)
    }

    /// The client's limit of each choice, in tokens.
    pub(super) fn max_tokens(&self) -> Option<u64> {
        self.generation.max_tokens()
    }

    /// Number of choices requested.
    pub(crate) fn choices(&self) -> u64 {
        self.generation.choices()
    }

    /// Limits each choice of a request without a limit of its own.
    pub(super) fn limit_output(&mut self, tokens: u64) {
        self.generation.limit_output(tokens);
    }

    /// True if the usage of a stream would reach a client that has not requested it.
    pub(crate) fn hides_usage(&self) -> bool {
        self.generation.hides_usage(&self.body)
    }

    /// The body for a backend with `settings` that knows the model as `model_name`: the client's bytes with that name,
    /// without members that are withheld, with a limit of the response if there is one, `include_usage` if the backend
    /// accepts it, and the parameters that the client has not set.
    pub(crate) fn body_for(&self, model_name: &str, settings: &BackendSettings, params: &ModelParams) -> BackendBody {
        let withheld = self.body.withheld(Path::Chat, settings);
        let is_set = |name: &str| {
            (self.body.contains(name) && !withheld.iter().any(|withheld| withheld == name))
                || self.generation.sets(name, settings)
        };
        let params = params.patch(self.bytes, is_set);
        let mut patches = self.body.without(&withheld);
        patches.extend((self.model != model_name).then(|| Patch::replace_string(self.model_span, model_name)));
        patches.extend(self.generation.patches(&self.body, settings, settings.max_tokens_field));
        patches.extend(params);
        if !settings.reasoning_details {
            let messages = self.body.get("messages");
            patches.extend(reasoning_details::without_foreign(messages, self.bytes));
        }
        BackendBody {
            bytes: patched_pieces(self.bytes, patches),
            warnings: withheld,
        }
    }

    /// The request for a backend with `settings` that speaks another dialect.
    pub(crate) fn translated(
        &self,
        backend: FarDialect,
        settings: &BackendSettings,
        model: ModelFacts,
    ) -> Result<DirectedRequest, ApiError> {
        let facts = ModelFacts {
            output_limit: self.generation.limit_beside_own(),
            ..model
        };
        Ok(of_chat(&input_of(&self.body), backend, settings, &facts)?)
    }
}

/// The members as the translators read them.
fn input_of<'a>(body: &RequestBody<'a>) -> ChatInput<'a> {
    let mut input = ChatInput::default();
    body.members().for_each(|(name, value)| input.set(name, value));
    input
}

#[cfg(test)]
mod tests {
    use domain::models::RequestId;
    use service::http::{Code, Dialect};
    use translators::settings::MaxTokensField;

    use super::*;
    use crate::patch::joined;

    fn bytes(body: &str) -> Bytes {
        Bytes::copy_from_slice(body.as_bytes())
    }

    /// A backend that does not accept `include_usage`.
    fn silent() -> BackendSettings {
        BackendSettings {
            stream_usage: false,
            ..BackendSettings::default()
        }
    }

    fn rejection(body: &str) -> (Code, String) {
        let error = ChatRequest::read(&bytes(body)).unwrap_err();
        let rendered = error.body(Dialect::OpenAi, &RequestId::generate());
        (
            error.code(),
            rendered["error"]["param"].as_str().unwrap_or_default().to_owned(),
        )
    }

    #[test]
    fn only_the_models_name_differs_for_a_backend() {
        let body = r#"{ "x":1.0000000000000000001, "model" : "a\u0062c" ,"messages":[{}],"stream":true }"#;
        let bytes = bytes(body);
        let request = ChatRequest::read(&bytes).unwrap();
        assert_eq!((request.model(), request.stream()), ("abc", true));
        let sent = |name| joined(&request.body_for(name, &silent(), &ModelParams::default()).bytes);
        assert_eq!(sent("abc"), body.as_bytes(), "the same name is left as it was written");
        let expected = r#"{ "x":1.0000000000000000001, "model" : "my \"model\"" ,"messages":[{}],"stream":true }"#;
        assert_eq!(String::from_utf8(sent("my \"model\"")).unwrap(), expected);
    }

    #[test]
    fn p43_a_limit_of_the_response_is_written_where_the_client_has_none() {
        let sent = |members: &str, max_tokens_field| {
            let bytes = bytes(&format!(r#"{{"model":"m","messages":[{{}}]{members}}}"#));
            let mut request = ChatRequest::read(&bytes).unwrap();
            if request.max_tokens().is_none() {
                request.limit_output(7);
            }
            let settings = BackendSettings {
                max_tokens_field,
                ..silent()
            };
            String::from_utf8(joined(&request.body_for("m", &settings, &ModelParams::default()).bytes)).unwrap()
        };
        let (old, new) = (MaxTokensField::MaxTokens, MaxTokensField::MaxCompletionTokens);
        assert_eq!(sent("", old), r#"{"max_tokens":7,"model":"m","messages":[{}]}"#);
        assert_eq!(
            sent("", new),
            r#"{"max_completion_tokens":7,"model":"m","messages":[{}]}"#
        );
        for void in ["null", "0", "-1"] {
            let members = format!(r#","max_tokens":{void}"#);
            assert_eq!(
                sent(&members, new),
                r#"{"model":"m","messages":[{}],"max_tokens":7}"#,
                "{void}"
            );
        }
        let own = r#","max_tokens":null,"max_completion_tokens":9"#;
        assert_eq!(
            sent(own, old),
            format!(r#"{{"model":"m","messages":[{{}}]{own}}}"#),
            "the client's own limit stays"
        );
    }

    /// The body for a backend that knows the model as `name`, and takes `include_usage` or not.
    fn sent_with_usage(body: &str, name: &str, stream_usage: bool) -> String {
        let settings = BackendSettings {
            stream_usage,
            ..silent()
        };
        let body = bytes(body);
        let request = ChatRequest::read(&body).unwrap();
        let sent = request.body_for(name, &settings, &ModelParams::default());
        String::from_utf8(joined(&sent.bytes)).unwrap()
    }

    #[test]
    fn include_usage_is_added_for_backends_that_accept_it() {
        let sent = sent_with_usage;
        let body = r#" {"model":"m","messages":[{}],"stream":true}"#;
        let expected = r#" {"stream_options":{"include_usage":true},"model":"m","messages":[{}],"stream":true}"#;
        assert_eq!(sent(body, "m", true), expected);
        assert_eq!(sent(body, "x", true), expected.replace("\"m\"", "\"x\""));
        assert_eq!(sent(body, "m", false), body);
        for (given, becomes) in [
            ("null", true),
            ("{}", true),
            (r#"{ "include_usage" : false }"#, true),
            (r#"{ "include_usage" : true }"#, false),
        ] {
            let body = format!(r#"{{"stream_options":{given},"messages":[{{}}],"stream":true,"model":"m"}}"#);
            let edited = if becomes { r#"{"include_usage":true}"# } else { given };
            assert_eq!(
                sent(&body, "longer", true),
                body.replacen(given, edited, 1).replace("\"m\"", "\"longer\"")
            );
            assert_eq!(ChatRequest::read(&bytes(&body)).unwrap().hides_usage(), becomes);
            let whole = body.replace("\"stream\":true", "\"stream\":false");
            assert_eq!(
                sent(&whole, "m", true),
                whole,
                "a response that is not streamed reports its usage by itself"
            );
        }
        let other = r#"{"stream_options":{"include_obfuscation":false},"messages":[{}],"stream":true,"model":"m"}"#;
        assert!(
            sent(other, "m", true).contains(r#""stream_options":{"include_usage":true,"include_obfuscation":false}"#)
        );
    }

    #[test]
    fn usage_that_the_client_asks_for_otherwise_reaches_it() {
        let hides = |usage: &str| {
            let body = bytes(&format!(
                r#"{{"model":"m","messages":[{{}}],"stream":true,"usage":{usage}}}"#
            ));
            ChatRequest::read(&body).unwrap().hides_usage()
        };
        assert!(!hides(r#"{"include":true}"#));
        for other in [r#"{"include":false}"#, "{}", "null", "7"] {
            assert!(hides(other), "{other}");
        }
    }

    #[test]
    fn b5_4_half_of_a_surrogate_pair_passes() {
        let body = r#"{"m":1,"messages":[{"content":"\ud83d \udE00 \ud83d\ude00 \\\ud83d"}],"model":"a"}"#;
        let bytes = bytes(body);
        let request = ChatRequest::read(&bytes).unwrap();
        let sent = joined(&request.body_for("b", &silent(), &ModelParams::default()).bytes);
        assert_eq!(String::from_utf8(sent).unwrap(), body.replace("\"a\"", "\"b\""));
        assert_eq!(
            rejection(r#"{"messages":["\ud83d"],"model":"a","model":"b"}"#).1,
            "model"
        );
    }

    #[test]
    fn the_prompts_length_is_estimated() {
        let body = |content: &str| {
            format!(r#"{{"model":"m","messages":[{{"role":"user","content":{content}}}],"user":"not counted"}}"#)
        };
        let estimate = |content: &str| ChatRequest::read(&bytes(&body(content))).unwrap().input_estimate();
        assert_eq!(estimate(r#""12345678""#), 3);
        assert_eq!(estimate(r#"[{"text":"12345678"}]"#), 3);
        let image = format!("\"data:image/png;base64,{}\"", "A".repeat(100_000));
        assert_eq!(estimate(&format!(r#"[{{"image_url":{{"url":{image}}}}}]"#)), 1601);
    }

    #[test]
    fn p28_wrong_values_name_their_field() {
        for (body, field) in [
            (r#"{"messages":[{}]}"#, "model"),
            (r#"{"model":7,"messages":[{}]}"#, "model"),
            (r#"{"model":"m"}"#, "messages"),
            (r#"{"model":"m","messages":[]}"#, "messages"),
            (r#"{"model":"m","messages":"hi"}"#, "messages"),
            (r#"{"model":"m","messages":[{}],"stream":"yes"}"#, "stream"),
            (
                r#"{"model":"m","messages":[{}],"stream":true,"stream_options":7}"#,
                "stream_options",
            ),
            (
                r#"{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage":1}}"#,
                "stream_options",
            ),
            (r#"{"model":"m","messages":[{}],"n":9}"#, "n"),
            (r#"{"model":"m","messages":[{}],"n":0}"#, "n"),
        ] {
            assert_eq!(rejection(body), (Code::InvalidValue, field.to_owned()), "{body}");
        }
        assert_eq!(rejection("[]").0, Code::InvalidValue);
    }

    /// What a backend gets of `members`, and what of them it does not get.
    fn sent_with(members: &str, settings: &BackendSettings) -> (String, Vec<String>) {
        let bytes = bytes(&format!(r#"{{{members}"model":"m","messages":[{{}}]}}"#));
        let request = ChatRequest::read(&bytes).unwrap();
        let sent = request.body_for("m", settings, &ModelParams::default());
        (String::from_utf8(joined(&sent.bytes)).unwrap(), sent.warnings)
    }

    #[test]
    fn ha10_a_limit_under_any_name_is_counted_and_becomes_the_one_that_the_backend_knows() {
        for name in [
            "n_predict",
            "num_predict",
            "max_length",
            "max_new_tokens",
            "max_output_tokens",
        ] {
            let (sent, warnings) = sent_with(&format!("\"{name}\":900,"), &silent());
            assert_eq!(sent, r#"{"max_tokens":900,"model":"m","messages":[{}]}"#);
            assert_eq!(warnings, [name]);
            let both = bytes(&format!(
                r#"{{"max_tokens":5,"{name}":900,"model":"m","messages":[{{}}]}}"#
            ));
            assert_eq!(ChatRequest::read(&both).unwrap().max_tokens(), Some(900));
            let (sent, _) = sent_with(&format!("\"max_tokens\":5,\"{name}\":900,"), &silent());
            assert_eq!(sent, r#"{"max_tokens":5,"model":"m","messages":[{}]}"#);
            let body = format!(r#"{{"model":"m","messages":[{{}}],"{name}":"900"}}"#);
            assert_eq!(rejection(&body), (Code::InvalidValue, name.to_owned()));
        }
    }

    #[test]
    fn ha10_no_value_of_max_tokens_says_more_than_is_counted() {
        for (value, tokens) in [("1e6", 1_000_000), ("7.5", 8), ("99999999999999999999999", u64::MAX)] {
            let body = bytes(&format!(r#"{{"model":"m","messages":[{{}}],"max_tokens":{value}}}"#));
            assert_eq!(ChatRequest::read(&body).unwrap().max_tokens(), Some(tokens), "{value}");
        }
        for value in ["\"1000000\"", "[9]", "true"] {
            let body = format!(r#"{{"model":"m","messages":[{{}}],"max_tokens":{value}}}"#);
            assert_eq!(
                rejection(&body),
                (Code::InvalidValue, "max_tokens".to_owned()),
                "{value}"
            );
        }
        let (sent, _) = sent_with(r#""max_tokens":-1,"max_completion_tokens":9,"#, &silent());
        assert_eq!(
            sent,
            r#"{"max_tokens":9,"max_completion_tokens":9,"model":"m","messages":[{}]}"#
        );
    }

    #[test]
    fn ha10_choices_are_counted_under_every_name() {
        for name in ["n", "best_of", "n_cmpl"] {
            let body = |value: &str| format!(r#"{{"model":"m","messages":[{{}}],"{name}":{value}}}"#);
            assert_eq!(ChatRequest::read(&bytes(&body("8"))).unwrap().choices(), 8);
            for value in ["9", "0", "-1", "\"2\"", "1e3"] {
                assert_eq!(
                    rejection(&body(value)),
                    (Code::InvalidValue, name.to_owned()),
                    "{value}"
                );
            }
        }
    }

    #[test]
    fn ha11_routing_members_stay_here_and_the_models_own_parameters_take_their_place() {
        let members = r#""models":["x"],"route":"fallback","provider":{"order":["y"]},"api_base":"http://z","#;
        let (sent, warnings) = sent_with(members, &silent());
        assert_eq!(sent, r#"{"model":"m","messages":[{}]}"#);
        assert_eq!(warnings, ["models", "route", "provider", "api_base"]);
        let settings = BackendSettings {
            client_fields: vec!["provider".to_owned()],
            ..silent()
        };
        let (sent, _) = sent_with(members, &settings);
        assert_eq!(sent, r#"{"provider":{"order":["y"]},"model":"m","messages":[{}]}"#);
    }

    #[test]
    fn b5_4_duplicates_are_refused_at_every_depth_and_half_of_a_surrogate_pair_passes() {
        let body = |message: &str| format!(r#"{{"model":"m","messages":[{message}]}}"#);
        let refused = rejection(&body(r#"{"role":"user","content":[{"text":"a","text":"b"}]}"#));
        assert_eq!(refused, (Code::InvalidValue, "messages".to_owned()));
        assert!(ChatRequest::read(&bytes(&body(r#"{"role":"user","content":"\ud83d"}"#))).is_ok());
    }

    #[test]
    fn p27_one_well_formed_value_without_duplicates() {
        let member = |name: &str| format!(r#"{{"model":"m","messages":[{{}}],"{name}":"other"}}"#);
        for name in ["model", "mod\\u0065l"] {
            assert_eq!(rejection(&member(name)), (Code::InvalidValue, "model".to_owned()));
        }
        for body in [
            "",
            "{",
            r#"{"model":"m","messages":[{}]} {}"#,
            r#"{"model":"m","messages":[{},]}"#,
        ] {
            assert_eq!(rejection(body).0, Code::InvalidJson, "{body}");
        }
        assert_eq!(
            ChatRequest::read(&Bytes::from_static(b"{\"model\":\"\xff\"}"))
                .unwrap_err()
                .code(),
            Code::InvalidJson
        );
    }

    #[test]
    fn p27_nesting_ends_at_127() {
        let nested = |depth: usize| {
            let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            format!(r#"{{"model":"m","messages":[{{}}],"x":{deep}}}"#)
        };
        assert!(ChatRequest::read(&bytes(&nested(126))).is_ok());
        assert_eq!(rejection(&nested(127)).0, Code::InvalidJson);
        assert_eq!(rejection(&nested(100_000)).0, Code::InvalidJson);
    }
}

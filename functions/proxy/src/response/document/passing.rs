//! A document that passes: the model's name is replaced and the usage found on its way. Pure.

use bytes::Bytes;
use serde_json::value::RawValue;
use translators::error::{BackendError, ErrorContext};
use translators::json::Raw;
use translators::stream::{Progress, StreamEnd};
use translators::usage::Usage;

use super::walk::Walk;
use crate::response::model_name::ModelName;
use crate::response::outcome::{FullResponse, StreamChunk, StreamEnding, TranslationLog};
use crate::response::scan::{ChunkInfo, ChunkKind};
use crate::response::usage::UsageReport;

/// The lists that pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Embeddings,
    Ranking,
}

/// A document on its way.
#[derive(Debug)]
pub(crate) struct Passing {
    list: List,
    errors: ErrorContext,
    walk: Walk,
}

impl Passing {
    pub(super) fn new(model_name: ModelName, list: List, errors: ErrorContext) -> Self {
        Self {
            walk: Walk::new(model_name.into_json(), list.answer()),
            list,
            errors,
        }
    }

    /// Takes the next piece, and gives what of it goes to the client.
    pub(super) fn feed(&mut self, piece: &Bytes) -> StreamChunk {
        let mut frames = Vec::new();
        self.walk.feed(piece, &mut frames);
        frames.retain(|frame| !frame.is_empty());
        StreamChunk {
            frames,
            progress: if self.is_wrong() {
                Progress::Failed
            } else {
                Progress::More
            },
        }
    }

    /// The response that has come to its end in these frames: an answer, or whatever came in place of one.
    pub(super) fn into_full(self, frames: Vec<Bytes>) -> Result<FullResponse, BackendError> {
        let body = match <[Bytes; 1]>::try_from(frames) {
            Ok([body]) => body,
            Err(frames) => frames.concat().into(),
        };
        if self.is_answer() {
            return Ok(FullResponse {
                body,
                usage: self.usage(),
                translation: TranslationLog::default(),
            });
        }
        match ChunkInfo::of(&body).kind {
            ChunkKind::Content | ChunkKind::Error => Err(BackendError::from_error_object(&body, &self.errors)),
            ChunkKind::End | ChunkKind::Nothing | ChunkKind::Malformed => Err(BackendError::unreadable()),
        }
    }

    /// Ends a document whose beginning the client has: one that broke off stays without its end, so that no client
    /// takes it for whole.
    pub(super) fn finish(self, end: StreamEnd) -> StreamEnding {
        let result = if self.is_answer() {
            Ok(())
        } else if self.is_wrong() {
            Err(BackendError::unreadable())
        } else if end == StreamEnd::TimedOut {
            Err(BackendError::timed_out())
        } else {
            Err(BackendError::cut_short())
        };
        StreamEnding {
            frames: Vec::new(),
            usage: self.usage(),
            delivered: true,
            result,
            translation: TranslationLog::default(),
        }
    }

    fn is_answer(&self) -> bool {
        self.walk.is_complete() && self.walk.found.has_answer && !self.is_wrong()
    }

    /// True if what has come is no such list.
    pub(super) fn is_wrong(&self) -> bool {
        self.walk.is_lost() || is_error(&self.walk.found.error)
    }

    fn usage(&self) -> UsageReport {
        let found = &self.walk.found;
        let input = self.list.input_tokens(raw(&found.usage), raw(&found.meta));
        let reported = input.map(|input| Usage {
            input,
            ..Usage::default()
        });
        UsageReport::of(reported, 0, None)
    }
}

impl List {
    /// The member that has the answer, a list.
    fn answer(self) -> &'static str {
        match self {
            Self::Embeddings => "data",
            Self::Ranking => "results",
        }
    }

    fn input_tokens(self, usage: Raw<'_>, meta: Raw<'_>) -> Option<u64> {
        match self {
            Self::Embeddings => Usage::input_of_embeddings(usage?),
            Self::Ranking => Usage::input_of_ranking(usage, meta),
        }
    }
}

/// True for an error that says something: some servers send `"error": null` with every answer.
fn is_error(value: &[u8]) -> bool {
    value.len() > 2 && value.starts_with(b"{") || value.len() > 2 && value.starts_with(b"\"")
}

fn raw(value: &[u8]) -> Raw<'_> {
    serde_json::from_slice::<&RawValue>(value).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn passing() -> Passing {
        let name = ModelName::new("the \"client's\" name");
        Passing::new(name, List::Embeddings, ErrorContext::default())
    }

    /// All that a document comes to whose body comes in these pieces.
    fn passed(pieces: &[&[u8]]) -> (Vec<u8>, StreamEnding) {
        let mut document = passing();
        let mut frames = Vec::new();
        for piece in pieces {
            let chunk = document.feed(&Bytes::copy_from_slice(piece));
            frames.extend(chunk.frames);
        }
        (frames.concat(), document.finish(StreamEnd::Closed))
    }

    fn full(body: &str) -> Result<FullResponse, BackendError> {
        let mut passing = passing();
        let frames = passing.feed(&Bytes::copy_from_slice(body.as_bytes())).frames;
        passing.into_full(frames)
    }

    const BODY: &str = concat!(
        r#"{"object":"list", "data" : [{"embedding":[0.1,-2e-3],"index":0,"model":"in \"the\\ data"}, "]}"], "#,
        r#""model":"back\"end\\","x":null,"y":-1.5, "usage":{"prompt_tokens":7,"total_tokens":9}}"#
    );

    #[test]
    fn em1_only_the_models_name_at_the_top_is_replaced() {
        let response = full(BODY).unwrap();
        let expected = BODY.replace(r#""back\"end\\""#, r#""the \"client's\" name""#);
        assert_eq!(response.body, expected.as_bytes());
        let without = r#"{"data":[],"model":null}"#;
        assert_eq!(full(without).unwrap().body, without.as_bytes());
    }

    #[test]
    fn em3_the_prompts_tokens_are_the_usage_else_the_total_else_an_estimate() {
        for (usage, tokens, estimated) in [
            (json!({"prompt_tokens": 7, "total_tokens": 9}), 7, false),
            (json!({"total_tokens": 9}), 9, false),
            (json!({"prompt_tokens": 0, "total_tokens": 0}), 0, false),
            (json!({"prompt_tokens": null}), 100, true),
            (json!(null), 100, true),
        ] {
            let report = full(&json!({"data": [], "usage": usage}).to_string()).unwrap().usage;
            let expected = Usage {
                input: tokens,
                ..Usage::default()
            };
            assert_eq!(
                (report.usage(100), report.is_estimated()),
                (expected, estimated),
                "{usage}"
            );
        }
    }

    #[test]
    fn em4_what_is_no_list_of_embeddings_is_an_error() {
        for body in [
            "",
            "null",
            "<html>",
            "data: {}\n\n",
            r#"{"object":"list"}"#,
            r#"{"data":{}}"#,
            r#"{"data":[]"#,
            r#"{"data":[]}}"#,
            r#"{"data":[],"error":{"message":"no"}}"#,
            r#"{"error":{"message":"no such model","code":404}}"#,
            r#"[{"error":{"message":"no","status":"INVALID_ARGUMENT"}}]"#,
        ] {
            assert!(full(body).is_err(), "{body}");
        }
        assert!(full("\u{feff} {\"error\":null,\"data\":[]} \n").is_ok());
    }

    #[test]
    fn em4_a_document_that_breaks_off_is_never_complete() {
        for end in 0..BODY.len() {
            assert!(passed(&[&BODY.as_bytes()[..end]]).1.result.is_err(), "{end}");
        }
    }

    /// Members in any order, with whatever values.
    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<f32>().prop_map(Value::from),
            r#"[a-z"\\\[\]{},:é ]{0,8}"#.prop_map(Value::from),
        ];
        let value = leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((r#"[a-z"\\]{0,5}|model|usage"#, inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        });
        let name = prop_oneof![Just("model".to_owned()), Just("usage".to_owned()), r#"[a-z"\\]{0,20}"#];
        (prop::collection::vec((name, value), 0..6), 0u32..1 << 31).prop_map(|(members, tokens)| {
            let mut object: serde_json::Map<_, _> = members.into_iter().filter(|(name, _)| name != "error").collect();
            object.insert("data".to_owned(), json!([1]));
            object.insert("usage".to_owned(), json!({"prompt_tokens": tokens}));
            object.into()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn em4_a_document_that_is_cut_anywhere_is_the_whole_one(
            document in documents(), pretty in any::<bool>(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)
        ) {
            let body = if pretty { format!("{document:#}") } else { document.to_string() };
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(body.len())).chain([0, body.len()]).collect();
            cuts.sort_unstable();
            let pieces: Vec<_> = cuts.windows(2).map(|cut| &body.as_bytes()[cut[0]..cut[1]]).collect();
            let (bytes, ending) = passed(&pieces);
            prop_assert!(ending.result.is_ok());

            let mut expected: Value = serde_json::from_str(&body).unwrap();
            if expected["model"].is_string() {
                expected["model"] = "the \"client's\" name".into();
            }
            prop_assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), expected);
            let whole = full(&body).unwrap();
            prop_assert_eq!(&whole.body, &bytes);
            let tokens = document["usage"]["prompt_tokens"].as_u64().unwrap();
            prop_assert_eq!(whole.usage.usage(0).input, tokens);
            prop_assert_eq!(ending.usage.usage(0).input, tokens);
        }
    }
}

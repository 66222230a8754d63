//! The ranks of TEI's own API, of which a ranking is made: sorted, cut to what was asked for, in the words of the API
//! that the client speaks (<https://huggingface.github.io/text-embeddings-inference/>).

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use translators::error::{BackendError, ErrorContext};
use translators::stream::Progress;
use translators::usage::Usage;

use crate::response::beginning::new_id;
use crate::response::model_name::ModelName;
use crate::response::outcome::{FullResponse, StreamChunk, StreamEnding, TranslationLog};
use crate::response::usage::UsageReport;

/// What the client has asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RanksWanted {
    pub(crate) top_n: Option<usize>,
    /// Tokens of the request: the server tells none.
    pub(crate) input_estimate: u64,
}

/// Ranks that come.
#[derive(Debug)]
pub(crate) struct Ranks {
    model_name: ModelName,
    wanted: RanksWanted,
    errors: ErrorContext,
    body: BytesMut,
}

#[derive(Deserialize)]
struct Rank<'a> {
    index: u64,
    #[serde(borrow)]
    score: &'a RawValue,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Ranking<'a> {
    id: String,
    model: &'a RawValue,
    results: Vec<RankedDocument<'a>>,
    usage: TotalTokens,
}

#[derive(Serialize)]
struct RankedDocument<'a> {
    index: u64,
    relevance_score: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<Text<'a>>,
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a RawValue,
}

#[derive(Serialize)]
struct TotalTokens {
    total_tokens: u64,
}

impl Ranks {
    pub(super) fn new(model_name: ModelName, wanted: RanksWanted, errors: ErrorContext) -> Self {
        Self {
            model_name,
            wanted,
            errors,
            body: BytesMut::new(),
        }
    }

    /// Takes the next piece; nothing goes to the client before all have come.
    pub(super) fn feed(&mut self, piece: &Bytes) -> StreamChunk {
        self.body.extend_from_slice(piece);
        StreamChunk {
            frames: Vec::new(),
            progress: Progress::More,
        }
    }

    pub(super) fn into_full(self) -> Result<FullResponse, BackendError> {
        let Ok(ranks) = serde_json::from_slice::<Vec<Rank<'_>>>(&self.body) else {
            return Err(BackendError::from_error_object(&self.body, &self.errors));
        };
        Ok(FullResponse {
            body: self.ranking(ranks).map_err(|_| BackendError::unreadable())?,
            usage: self.usage(),
            translation: TranslationLog::default(),
        })
    }

    /// Ends ranks that were too long to be held back.
    pub(super) fn finish(self) -> StreamEnding {
        let usage = self.usage();
        let (frames, result) = match self.into_full() {
            Ok(response) => (vec![response.body], Ok(())),
            Err(error) => (Vec::new(), Err(error)),
        };
        StreamEnding {
            frames,
            usage,
            delivered: result.is_ok(),
            result,
            translation: TranslationLog::default(),
        }
    }

    fn ranking(&self, ranks: Vec<Rank<'_>>) -> serde_json::Result<Bytes> {
        let mut scored = ranks
            .into_iter()
            .map(|rank| Ok((rank.score.get().parse::<f64>().map_err(serde::de::Error::custom)?, rank)))
            .collect::<serde_json::Result<Vec<_>>>()?;
        scored.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        scored.truncate(self.wanted.top_n.unwrap_or(usize::MAX));
        let results = scored.into_iter().map(|(_, rank)| RankedDocument {
            index: rank.index,
            relevance_score: rank.score,
            document: rank.text.map(|text| Text { text }),
        });
        let name = self.model_name.clone().into_json();
        let ranking = Ranking {
            id: format!("rerank-{}", new_id()),
            model: serde_json::from_slice(&name)?,
            results: results.collect(),
            usage: TotalTokens {
                total_tokens: self.wanted.input_estimate,
            },
        };
        serde_json::to_vec(&ranking).map(Bytes::from)
    }

    fn usage(&self) -> UsageReport {
        UsageReport::Estimated(Usage::estimate(self.wanted.input_estimate, 0))
    }
}

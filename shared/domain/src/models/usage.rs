//! Records of usage, one for each exchange. It holds no prompt and no completion (promise 60).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::circumstances::Circumstances;
use super::price::MicroUsd;
use super::tokens::Tokens;
use super::{BackendId, DisplayName, KeyId, ModelId, RequestId, UsageId, UserId};

/// Who requested what: the part of a [`UsageRecord`] that is known once the request is admitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFacts {
    /// The id that the client sees, which may be of its own choice.
    pub request_id: RequestId,
    /// When the request came.
    pub at: Timestamp,
    pub user: UserId,
    pub key: KeyId,
    /// The user's department at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<DisplayName>,
    pub model: ModelId,
    pub endpoint: Endpoint,
    pub client: ClientKind,
    pub streamed: bool,
}

/// The usage of one exchange, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageRecord {
    /// The gateway's own id of the exchange. It is the record's key, so that no exchange is recorded twice.
    pub id: UsageId,
    #[serde(flatten)]
    pub request: RequestFacts,
    /// The backend that responded, or the last one called; absent if none was called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend: Option<BackendId>,
    /// The HTTP status that the client got.
    pub status: u16,
    pub outcome: Outcome,
    #[serde(flatten)]
    pub tokens: Tokens,
    /// True if the backend reported nothing, so that the tokens are a guess.
    pub estimated: bool,
    pub cost: MicroUsd,
    /// The entry of the model's `prices` that the cost is by; absent for its single prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Timestamp>,
    pub duration_ms: u64,
    /// From the request to the first byte of the response; absent if none came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<u64>,
    #[serde(flatten)]
    pub circumstances: Circumstances,
}

impl UsageRecord {
    /// True if the client did not get a complete response, by no fault of its own connection.
    pub fn is_error(&self) -> bool {
        self.status >= 400 || !matches!(self.outcome, Outcome::Complete | Outcome::ClientGone)
    }

    /// The tokens that were streamed; `None` where nothing was.
    pub fn streamed_output(&self) -> Option<u64> {
        self.request.streamed.then_some(self.tokens.output)
    }
}

/// Which API was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    ChatCompletions,
    Messages,
    Embeddings,
    Completions,
    Rerank,
    Responses,
}

impl Endpoint {
    /// The path that clients know it by.
    pub fn path(self) -> &'static str {
        match self {
            Self::ChatCompletions => "/v1/chat/completions",
            Self::Messages => "/v1/messages",
            Self::Embeddings => "/v1/embeddings",
            Self::Completions => "/v1/completions",
            Self::Rerank => "/v1/rerank",
            Self::Responses => "/v1/responses",
        }
    }
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Complete,
    /// The backend broke off, stalled or sent malformed data.
    CutShort,
    ClientGone,
    /// The gateway was stopped, or the time was up.
    Stopped,
    /// No backend gave anything to pass on.
    Failed,
    /// Nobody settled it: the process died, and the janitor has charged what was reserved.
    Abandoned,
}

/// The program that sent the request, by its `User-Agent`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    OpenaiSdk,
    AnthropicSdk,
    ClaudeCode,
    Codex,
    Opencode,
    GeminiCli,
    VercelAiSdk,
    Langchain,
    Litellm,
    Curl,
    #[default]
    Other,
    /// The gateway's own console, by its session key.
    Console,
    /// A client of a version of the gateway that knows more. Last, as serde wants it; the others keep their places in
    /// reservations.
    #[serde(other)]
    Unknown,
}

/// Beginnings of `User-Agent` headers, lower case.
const AGENTS: [(&str, ClientKind); 12] = [
    ("openai/", ClientKind::OpenaiSdk),
    ("asyncopenai/", ClientKind::OpenaiSdk),
    ("anthropic/", ClientKind::AnthropicSdk),
    ("asyncanthropic/", ClientKind::AnthropicSdk),
    ("claude-cli/", ClientKind::ClaudeCode),
    ("codex", ClientKind::Codex),
    ("opencode/", ClientKind::Opencode),
    ("geminicli/", ClientKind::GeminiCli),
    ("ai-sdk/", ClientKind::VercelAiSdk),
    ("langchain", ClientKind::Langchain),
    ("litellm/", ClientKind::Litellm),
    ("curl/", ClientKind::Curl),
];

impl ClientKind {
    /// The program that sends this `User-Agent`.
    pub fn of_user_agent(agent: &str) -> Self {
        let begins = |prefix: &str| {
            agent
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        AGENTS
            .iter()
            .find(|(prefix, _)| begins(prefix))
            .map_or(Self::Other, |(_, kind)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use serde_dynamo::Item;
    use serde_json::json;

    use super::*;

    #[test]
    fn clients_are_known_by_their_user_agents() {
        for (agent, kind) in [
            ("OpenAI/Python 1.99.1", ClientKind::OpenaiSdk),
            ("AsyncOpenAI/Python 1.99.1", ClientKind::OpenaiSdk),
            ("Anthropic/JS 0.60.0", ClientKind::AnthropicSdk),
            ("claude-cli/2.1.0 (external, cli)", ClientKind::ClaudeCode),
            ("codex_cli_rs/0.50.0 (Mac OS 15.0)", ClientKind::Codex),
            ("curl/8.7.1", ClientKind::Curl),
            ("Mozilla/5.0", ClientKind::Other),
            ("", ClientKind::Other),
            ("opeń", ClientKind::Other),
        ] {
            assert_eq!(ClientKind::of_user_agent(agent), kind, "{agent}");
        }
        assert_eq!(
            serde_json::from_str::<ClientKind>("\"of_a_later_version\"").unwrap(),
            ClientKind::Unknown
        );
    }

    /// As an earlier version has written them.
    #[test]
    fn records_of_before_cache_writes_were_counted_are_read() {
        let record = json!({
            "id": "019aafd0c07b7f3cb1e5c1ed2ad1a1f5", "request_id": "r", "at": "2026-03-01T10:00:00Z", "user": "u", "key": "k",
            "model": "glm", "endpoint": "messages", "client": "curl", "streamed": false, "status": 200, "outcome": "complete",
            "input_tokens": 10, "cached_input_tokens": 4, "output_tokens": 5, "reasoning_tokens": 2, "estimated": false,
            "cost": 7, "duration_ms": 30
        });
        let record: UsageRecord = serde_dynamo::from_item(serde_dynamo::to_item::<_, Item>(record).unwrap()).unwrap();
        let tokens = Tokens {
            input: 10,
            cached_input: 4,
            output: 5,
            reasoning: 2,
            ..Tokens::default()
        };
        assert_eq!(record.tokens, tokens);
        assert_eq!(record.circumstances, Circumstances::default());
    }
}

//! How many tokens a conversation has: asked of a backend that can tell without generating anything, else estimated
//! (translation.md §7).
//!
//! A count takes no place at a backend with `max_concurrency`, which limits generations: tokenizers work beside them, Anthropic
//! limits both apart (<https://docs.anthropic.com/en/docs/build-with-claude/token-counting>), and two writes for each of the
//! dozens of counts that clients ask for at once would cost more than what they tell.

use std::time::Duration;

use bytes::Bytes;
use domain::models::catalog::{Backend, Protocol};
use http::{HeaderMap, StatusCode, Uri};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use service::http::ApiError;
use service::outbound::Pieces;
use tokio::time::timeout;
use translators::settings::Tokenizer;

use crate::App;
use crate::exchange::Grant;
use crate::request::MessagesAsk;
use crate::upstream;
use crate::upstream::attempt::{disconnected, refused};
use crate::upstream::backend_request::Call;
use crate::upstream::body;
use crate::upstream::endpoint::Target;
use crate::upstream::failure::{Failure, Fault};

/// How long a count is waited for.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Of a count's answer, what is read: llama.cpp lists every token.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// The count of a backend, where one can count; an estimate where none can or it fails.
pub(crate) async fn count(app: &App, grant: &Grant, ask: &MessagesAsk<'_>) -> Result<u64, ApiError> {
    let Some(candidate) = upstream::choose(app, grant, &[]) else {
        return ask.count_tokens();
    };
    match timeout(TIMEOUT, at_backend(app, grant, ask, candidate.backend)).await {
        Ok(Ok(Some(count))) => Ok(count),
        Ok(Err(Failure {
            error,
            fault: Fault::Request,
        })) => Err(error),
        // Clients ask for dozens of counts at once and need none of them exactly.
        Ok(Ok(None) | Err(_)) | Err(_) => ask.count_tokens(),
    }
}

async fn at_backend(
    app: &App,
    grant: &Grant,
    ask: &MessagesAsk<'_>,
    backend: &Backend,
) -> Result<Option<u64>, Failure> {
    let model = &grant.entry.model;
    let target = Target::of(app, model, backend).await?;
    let server = Server { app, target: &target };
    match (backend.protocol, target.settings.tokenizer) {
        (Protocol::Anthropic, _) => {
            let call = Call::count(ask, grant, backend, &target).map_err(Failure::unasked)?;
            server.of_anthropic(call).await.map(Some)
        }
        (Protocol::Openai, Tokenizer::Estimate) => Ok(None),
        (Protocol::Openai, tokenizer) => {
            let chat = ask
                .to_countable_chat(model, backend, &target.settings)
                .map_err(Failure::unasked)?;
            let prompt: Prompt<'_> =
                serde_json::from_slice(&chat).map_err(|error| Failure::unasked(ApiError::internal(error)))?;
            let counted = match tokenizer {
                Tokenizer::Llamacpp => server.of_llamacpp(&prompt).await,
                _ => server.of_vllm(&prompt).await,
            };
            // A tokenizer that refuses says nothing about the conversation: the estimate steps in.
            counted.map(Some).map_err(|failure| Failure {
                fault: Fault::Unasked,
                ..failure
            })
        }
    }
}

/// Of a translated request, what the model will read.
#[derive(Debug, Deserialize, Serialize)]
struct Prompt<'a> {
    #[serde(borrow)]
    model: &'a RawValue,
    #[serde(borrow)]
    messages: &'a RawValue,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    tools: Option<&'a RawValue>,
}

/// A backend whose tokenizer is asked.
struct Server<'a> {
    app: &'a App,
    target: &'a Target,
}

impl Server<'_> {
    async fn of_anthropic(&self, call: Call<'_>) -> Result<u64, Failure> {
        #[derive(Deserialize)]
        struct Count {
            input_tokens: u64,
        }
        let Count { input_tokens } = self.ask(call.url, call.headers, call.body).await?;
        Ok(input_tokens)
    }

    /// vLLM applies the template and counts in one step (<https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html>).
    async fn of_vllm(&self, prompt: &Prompt<'_>) -> Result<u64, Failure> {
        #[derive(Serialize)]
        struct Tokenize<'a> {
            #[serde(flatten)]
            prompt: &'a Prompt<'a>,
            add_generation_prompt: bool,
        }
        #[derive(Deserialize)]
        struct Count {
            count: u64,
        }
        let Count { count } = self
            .post(
                "tokenize",
                &Tokenize {
                    prompt,
                    add_generation_prompt: true,
                },
            )
            .await?;
        Ok(count)
    }

    /// llama.cpp's server applies the template in one call and splits into tokens in another
    /// (<https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md>).
    async fn of_llamacpp(&self, prompt: &Prompt<'_>) -> Result<u64, Failure> {
        #[derive(Deserialize)]
        struct Applied {
            prompt: String,
        }
        #[derive(Serialize)]
        struct Tokenize {
            content: String,
            add_special: bool,
        }
        #[derive(Deserialize)]
        struct Tokens {
            tokens: Vec<IgnoredAny>,
        }
        let Applied { prompt } = self.post("apply-template", prompt).await?;
        let Tokens { tokens } = self
            .post(
                "tokenize",
                &Tokenize {
                    content: prompt,
                    add_special: true,
                },
            )
            .await?;
        Ok(tokens.len() as u64)
    }

    async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let body = serde_json::to_vec(body).map_err(|error| Failure::unasked(ApiError::internal(error)))?;
        let address = self.target.beside_v1(path)?;
        self.ask(&address, self.target.headers.clone(), Bytes::from(body).into())
            .await
    }

    async fn ask<T: DeserializeOwned>(&self, address: &Uri, headers: HeaderMap, body: Pieces) -> Result<T, Failure> {
        let response = self
            .app
            .http
            .post(address.clone(), headers, body)
            .await
            .map_err(disconnected)?;
        if response.status() != StatusCode::OK {
            return Err(refused(self.app, response, self.target.settings.upstream_auth_errors).await);
        }
        let body = body::read(response.into_body(), MAX_ANSWER_BYTES, TIMEOUT)
            .await
            .unwrap_or_default();
        serde_json::from_slice(&body).map_err(|_| Failure::unreadable())
    }
}

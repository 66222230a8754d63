//! The number of tokens of a conversation: from a backend that counts without generating, else estimated
//! (translation.md §7).
//!
//! A count takes no permit of a backend with `max_concurrency`, which limits generations: tokenizers run beside them,
//! and Anthropic limits both separately (<https://docs.anthropic.com/en/docs/build-with-claude/token-counting>).

use std::time::Duration;

use bytes::Bytes;
use domain::models::catalog::{Backend, Protocol};
use http::{HeaderMap, Uri};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use service::http::ApiError;
use service::outbound::Pieces;
use tokio::time::timeout;
use translators::settings::{CountTokens, Tokenizer};

use super::backend_request::BackendRequest;
use super::balance::Balancer;
use super::body;
use super::client::{BackendClient, PostRequest};
use super::endpoint::BackendEndpoint;
use super::failure::{Failure, Fault};
use crate::grant::Grant;
use crate::request::MessagesRequest;

const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest response: llama.cpp lists every token.
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

/// The count of a backend; an estimate if no backend can count, or its count fails.
pub(crate) async fn count(
    balancer: &Balancer,
    client: &BackendClient,
    grant: &Grant,
    request: &MessagesRequest<'_>,
) -> Result<u64, ApiError> {
    let Some(candidate) = balancer.choose(grant, &[], || None) else {
        return request.count_tokens();
    };
    match timeout(TIMEOUT, count_at(client, grant, request, candidate.backend)).await {
        Ok(Ok(Some(count))) => Ok(count),
        Ok(Err(Failure {
            error,
            fault: Fault::Request,
            ..
        })) => Err(*error),
        // No second backend is called: clients send dozens of counts at once, and an estimate is enough.
        Ok(Ok(None) | Err(_)) | Err(_) => request.count_tokens(),
    }
}

async fn count_at(
    client: &BackendClient,
    grant: &Grant,
    request: &MessagesRequest<'_>,
    backend: &Backend,
) -> Result<Option<u64>, Failure> {
    let model = &grant.entry.model;
    let endpoint = client.endpoints.get(model, backend).await?;
    let server = Server {
        client,
        endpoint: &endpoint,
    };
    match (backend.protocol, endpoint.settings.tokenizer) {
        (Protocol::Anthropic | Protocol::AnthropicVertex, _)
            if endpoint.settings.count_tokens == CountTokens::Estimate =>
        {
            Ok(None)
        }
        (Protocol::Anthropic | Protocol::AnthropicVertex, _) => {
            let outgoing =
                BackendRequest::count_tokens(request, grant, backend, &endpoint).map_err(Failure::not_sent)?;
            server.count_by_anthropic(outgoing).await.map(Some)
        }
        (Protocol::Responses, _) | (Protocol::Openai, Tokenizer::Estimate) => Ok(None),
        (Protocol::Openai, tokenizer) => {
            let chat = request
                .to_countable_chat(model, backend, &endpoint.settings)
                .map_err(Failure::not_sent)?;
            let prompt: Prompt<'_> = serde_json::from_slice(&chat).map_err(internal)?;
            let count = match tokenizer {
                Tokenizer::Llamacpp => server.count_by_llamacpp(&prompt).await,
                _ => server.count_by_vllm(&prompt).await,
            };
            // A tokenizer's refusal is no fault of the conversation: the estimate replaces it.
            count.map(Some).map_err(Failure::without_fault)
        }
    }
}

fn internal(error: serde_json::Error) -> Failure {
    Failure::not_sent(ApiError::internal(error))
}

/// The members of a translated request that the model reads.
#[derive(Debug, Deserialize, Serialize)]
struct Prompt<'a> {
    #[serde(borrow)]
    model: &'a RawValue,
    #[serde(borrow)]
    messages: &'a RawValue,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    tools: Option<&'a RawValue>,
}

/// A backend with a tokenizer.
struct Server<'a> {
    client: &'a BackendClient,
    endpoint: &'a BackendEndpoint,
}

impl Server<'_> {
    async fn count_by_anthropic(&self, outgoing: BackendRequest<'_>) -> Result<u64, Failure> {
        #[derive(Deserialize)]
        struct Count {
            input_tokens: u64,
        }
        let BackendRequest { url, headers, body, .. } = outgoing;
        let Count { input_tokens } = self.post(url.clone(), headers, body).await?;
        Ok(input_tokens)
    }

    /// vLLM applies the template and counts in one step
    /// (<https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html>).
    async fn count_by_vllm(&self, prompt: &Prompt<'_>) -> Result<u64, Failure> {
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
        let tokenize = Tokenize {
            prompt,
            add_generation_prompt: true,
        };
        let Count { count } = self.post_json("tokenize", &tokenize).await?;
        Ok(count)
    }

    /// llama.cpp's server applies the template in one call and tokenizes in another
    /// (<https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md>).
    async fn count_by_llamacpp(&self, prompt: &Prompt<'_>) -> Result<u64, Failure> {
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
        let Applied { prompt } = self.post_json("apply-template", prompt).await?;
        let tokenize = Tokenize {
            content: prompt,
            add_special: true,
        };
        let Tokens { tokens } = self.post_json("tokenize", &tokenize).await?;
        Ok(tokens.len() as u64)
    }

    async fn post_json<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        let body = serde_json::to_vec(body).map_err(internal)?;
        let url = self.endpoint.beside_v1(path)?;
        self.post(url, self.endpoint.headers.clone(), Bytes::from(body).into())
            .await
    }

    async fn post<T: DeserializeOwned>(&self, url: Uri, headers: HeaderMap, body: Pieces) -> Result<T, Failure> {
        let again = || {
            Ok(PostRequest {
                url: &url,
                headers: headers.clone(),
                body: body.clone(),
            })
        };
        let response = self.client.post(self.endpoint, None, again()?, again).await?;
        let body = body::read(response.into_body(), MAX_RESPONSE_BYTES, TIMEOUT)
            .await
            .unwrap_or_default();
        serde_json::from_slice(&body).map_err(|_| Failure::unreadable())
    }
}

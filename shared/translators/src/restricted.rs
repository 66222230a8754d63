//! Members of requests by which a client could go around what the gateway decides: how much is generated, and which
//! model or server computes it (promises 36 and 43). One table for all dialects.

use crate::settings::BackendSettings;

/// The effect that a member would have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// Several responses for one prompt. The gateway counts them in a chat request; Messages has one response.
    Choices,
    /// Another name of `max_tokens`.
    Limit,
    /// A longer response than the model would give, or work that no limit counts.
    More,
    /// Another model, provider, server or account.
    Routing,
    /// Known to Anthropic alone.
    Anthropic,
}

/// The two ends of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    Chat,
    MessagesToChat,
    ResponsesToChat,
    Messages,
    /// Embeddings and the like: nothing is generated, so that nothing can be longer.
    Ungenerated,
    ChatToMessages,
    ChatToResponses,
    Responses,
}

/// True if `$name` is one of the names.
macro_rules! is_one_of {
    ($name:ident: $($known:literal)+) => {
        matches!($name, $($known)|+)
    };
}

/// The restriction of the top-level member `name`, if there is one. Sources: the request classes of vLLM, `SGLang`,
/// llama.cpp's server, TGI, Ollama, `LiteLLM`'s proxy and `OpenRouter`'s API reference.
pub fn restriction(name: &str) -> Option<Restriction> {
    if is_one_of!(name: "n" "best_of" "n_cmpl" "num_return_sequences" "candidate_count" "candidateCount") {
        Some(Restriction::Choices)
    } else if is_limit(name) {
        Some(Restriction::Limit)
    } else if is_more(name) {
        Some(Restriction::More)
    } else if is_routing(name) {
        Some(Restriction::Routing)
    } else if is_one_of!(name: "betas" "anthropic_beta" "anthropic_version") {
        Some(Restriction::Anthropic)
    } else {
        None
    }
}

fn is_limit(name: &str) -> bool {
    is_one_of!(name:
        "n_predict" "num_predict" "max_length" "max_new_tokens" "max_output_tokens" "maxOutputTokens" "maxTokens"
        "max_gen_len" "max_gen_toks" "max_gen_tokens" "max_generated_tokens" "max_predicted_tokens" "max_tokens_to_generate"
        "max_tokens_to_sample")
}

/// Longer responses, and objects in which some servers look for such parameters.
fn is_more(name: &str) -> bool {
    is_one_of!(name:
        "min_tokens" "min_length" "min_new_tokens" "min_output_tokens" "min_completion_tokens" "ignore_eos"
        "use_beam_search" "num_beams" "beam_width"
        "options" "parameters" "sampling_params" "generation_config" "generationConfig" "extra_body" "extra_params"
        "inferenceConfig" "inference_config" "textGenerationConfig" "additionalModelRequestFields")
}

/// Parameters of aggregators and of servers that compute in several places.
fn is_routing(name: &str) -> bool {
    let is_named = is_one_of!(name:
        "models" "model_list" "base_model" "provider" "providers" "provider_options" "providerOptions"
        "route" "router" "routing" "gateway" "preset" "plugins" "transforms"
        "api_base" "base_url" "api_key" "api_version" "api_type" "custom_llm_provider" "deployment" "deployment_id"
        "engine" "organization" "region_name" "user_config" "headers" "extra_headers" "extra_query"
        "num_retries" "max_retries" "router_settings" "adapter" "adapter_id"
        "kv_transfer_params" "bootstrap_host" "bootstrap_port" "bootstrap_room" "data_parallel_rank");
    let is_of_family = |prefix: &&str| name.starts_with(*prefix);
    let families = ["litellm_", "aws_", "vertex_", "azure_", "watsonx_", "mock_", "lora"];
    // Anthropic's receipt for a fallback is no way to one.
    let is_fallback = name.contains("fallback") && name != "fallback_credit_token";
    is_named || is_fallback || families.iter().any(is_of_family)
}

/// True if a backend with `settings` does not get the client's member `name`.
pub fn is_withheld(name: &str, path: Path, settings: &BackendSettings) -> bool {
    restriction(name).is_some_and(|restriction| restriction.withholds(name, path, settings))
}

impl Restriction {
    /// True if the member `name`, which has this restriction, stays here. The setting `client_fields` lets single ones
    /// pass.
    pub fn withholds(self, name: &str, path: Path, settings: &BackendSettings) -> bool {
        let applies = match self {
            Self::Choices => matches!(
                path,
                Path::Messages | Path::MessagesToChat | Path::ResponsesToChat | Path::Responses
            ),
            Self::Anthropic => path != Path::Messages,
            // The one name that the API has itself.
            Self::Limit if path == Path::Responses => name != "max_output_tokens",
            Self::Limit | Self::More => path != Path::Ungenerated,
            Self::Routing => true,
        };
        applies && !settings.client_fields.iter().any(|field| field == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Preset;

    #[test]
    fn ha10_what_makes_a_response_longer_is_withheld_unless_the_setting_says_otherwise() {
        let settings = BackendSettings::default();
        for name in [
            "n_predict",
            "num_predict",
            "min_tokens",
            "max_length",
            "ignore_eos",
            "options",
        ] {
            for path in [Path::Chat, Path::MessagesToChat, Path::Messages] {
                assert!(is_withheld(name, path, &settings), "{name}");
            }
        }
        assert!(!is_withheld("min_tokens", Path::Chat, &Preset::Vllm.settings()));
        for name in ["n", "best_of", "n_cmpl"] {
            assert!(!is_withheld(name, Path::Chat, &settings), "{name}: counted");
            assert!(is_withheld(name, Path::Messages, &settings), "{name}: one response");
        }
    }

    #[test]
    fn ha11_routing_is_the_gateways_unless_the_setting_says_otherwise() {
        let settings = BackendSettings {
            client_fields: vec!["provider".to_owned()],
            ..BackendSettings::default()
        };
        for name in [
            "models",
            "route",
            "fallbacks",
            "api_base",
            "base_url",
            "litellm_metadata",
            "aws_region_name",
            "mock_testing_fallbacks",
            "model_fallbacks",
            "lora_request",
        ] {
            assert!(is_withheld(name, Path::Chat, &settings), "{name}");
        }
        assert!(!is_withheld("provider", Path::Chat, &settings));
    }

    #[test]
    fn b10_2_anthropics_own_members_stay_with_anthropic() {
        let settings = BackendSettings::default();
        for name in ["betas", "anthropic_beta", "anthropic_version"] {
            assert!(!is_withheld(name, Path::Messages, &settings));
            assert!(is_withheld(name, Path::MessagesToChat, &settings) && is_withheld(name, Path::Chat, &settings));
        }
    }
}

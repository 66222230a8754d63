//! Known servers and vendors: where their APIs are, and in which header they want their key. Each address was read in
//! the vendor's own documentation, or in its SDK.

use domain::models::catalog::Protocol;
use serde::Serialize;
use translators::settings::Preset;

/// A server or a vendor.
pub(super) struct Vendor {
    pub(super) preset: Preset,
    /// Its name for people.
    pub(super) name: &'static str,
    pub(super) docs: &'static str,
    pub(super) endpoints: &'static [Endpoint],
}

/// One API of it, as a backend's entry has it.
#[derive(Serialize)]
pub(super) struct Endpoint {
    pub(super) protocol: Protocol,
    /// With `{region}`, `{resource}`, `{project}` and `{location}` where an account has its own.
    pub(super) base_url: &'static str,
    /// `None` where a key is optional: a server of one's own.
    pub(super) auth: Option<Shown>,
}

/// The `auth` of an entry.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Shown {
    ApiKey {
        header: &'static str,
    },
    AwsSigv4,
    AzureEntra {
        tenant_id: &'static str,
        client_id: &'static str,
        credential: &'static str,
    },
    Gcp {
        credential: &'static str,
    },
}

const BEARER: Option<Shown> = Some(Shown::ApiKey {
    header: "authorization",
});
const X_API_KEY: Option<Shown> = Some(Shown::ApiKey { header: "x-api-key" });
const API_KEY: Option<Shown> = Some(Shown::ApiKey { header: "api-key" });

const SIGNED: Option<Shown> = Some(Shown::AwsSigv4);

const ENTRA: Option<Shown> = Some(Shown::AzureEntra {
    tenant_id: "TENANT",
    client_id: "CLIENT",
    credential: "client_secret",
});

const SERVICE_ACCOUNT: Option<Shown> = Some(Shown::Gcp {
    credential: "service_account_key",
});

const fn chat(base_url: &'static str, auth: Option<Shown>) -> Endpoint {
    Endpoint {
        protocol: Protocol::Openai,
        base_url,
        auth,
    }
}

const fn messages(base_url: &'static str, auth: Option<Shown>) -> Endpoint {
    Endpoint {
        protocol: Protocol::Anthropic,
        base_url,
        auth,
    }
}

const fn vertex(base_url: &'static str, auth: Option<Shown>) -> Endpoint {
    Endpoint {
        protocol: Protocol::AnthropicVertex,
        base_url,
        auth,
    }
}

const fn responses(base_url: &'static str, auth: Option<Shown>) -> Endpoint {
    Endpoint {
        protocol: Protocol::Responses,
        base_url,
        auth,
    }
}

/// A server of one's own, on this machine and on the port that it takes by default.
const fn own(base_url: &'static str, root: &'static str) -> [Endpoint; 2] {
    [chat(base_url, None), messages(root, None)]
}

const fn row(preset: Preset, name: &'static str, docs: &'static str, endpoints: &'static [Endpoint]) -> Vendor {
    Vendor {
        preset,
        name,
        docs,
        endpoints,
    }
}

/// In the order in which a form offers them.
#[rustfmt::skip]
pub(super) const VENDORS: &[Vendor] = &[
    row(Preset::OpenAi, "OpenAI", "https://platform.openai.com/docs/api-reference/chat",
        &[chat("https://api.openai.com/v1", BEARER)]),
    row(Preset::OpenAiResponses, "OpenAI Responses", "https://platform.openai.com/docs/api-reference/responses",
        &[responses("https://api.openai.com/v1", BEARER)]),
    row(Preset::Anthropic, "Anthropic", "https://platform.claude.com/docs/en/api/overview",
        &[messages("https://api.anthropic.com", X_API_KEY)]),
    row(Preset::Vllm, "vLLM", "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
        &own("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000")),
    row(Preset::Sglang, "SGLang", "https://docs.sglang.ai/basic_usage/openai_api.html",
        &own("http://127.0.0.1:30000/v1", "http://127.0.0.1:30000")),
    row(Preset::LlamaCpp, "llama.cpp", "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        &own("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080")),
    row(Preset::Ollama, "Ollama", "https://docs.ollama.com/api/openai-compatibility",
        &own("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434")),
    row(Preset::LmStudio, "LM Studio", "https://lmstudio.ai/docs/developer/openai-compat",
        &own("http://127.0.0.1:1234/v1", "http://127.0.0.1:1234")),
    row(Preset::Bedrock, "Amazon Bedrock",
        "https://docs.aws.amazon.com/bedrock/latest/userguide/inference-messages-api.html",
        &[
            messages("https://bedrock-runtime.{region}.amazonaws.com/anthropic", SIGNED),
            chat("https://bedrock-runtime.{region}.amazonaws.com/openai/v1", SIGNED),
        ]),
    row(Preset::BedrockMantle, "Amazon Bedrock (mantle)",
        "https://docs.aws.amazon.com/bedrock/latest/userguide/endpoints.html",
        &[
            messages("https://bedrock-mantle.{region}.api.aws/anthropic", SIGNED),
            chat("https://bedrock-mantle.{region}.api.aws/v1", SIGNED),
        ]),
    row(Preset::Azure, "Azure OpenAI", "https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle",
        &[
            chat("https://{resource}.openai.azure.com/openai/v1", API_KEY),
            chat("https://{resource}.openai.azure.com/openai/v1", ENTRA),
        ]),
    row(Preset::Foundry, "Microsoft Foundry", "https://learn.microsoft.com/azure/ai-foundry/",
        &[
            chat("https://{resource}.services.ai.azure.com/openai/v1", API_KEY),
            messages("https://{resource}.services.ai.azure.com/anthropic", API_KEY),
            chat("https://{resource}.services.ai.azure.com/openai/v1", ENTRA),
            messages("https://{resource}.services.ai.azure.com/anthropic", ENTRA),
        ]),
    row(Preset::Gemini, "Gemini API", "https://ai.google.dev/gemini-api/docs/openai",
        &[chat("https://generativelanguage.googleapis.com/v1beta/openai", BEARER)]),
    row(Preset::Vertex, "Vertex AI", "https://cloud.google.com/vertex-ai/generative-ai/docs/start/openai",
        &[chat(
            "https://aiplatform.googleapis.com/v1/projects/{project}/locations/{location}/endpoints/openapi",
            SERVICE_ACCOUNT,
        )]),
    row(Preset::VertexClaude, "Claude in Vertex AI",
        "https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude",
        &[vertex("https://aiplatform.googleapis.com/v1/projects/{project}/locations/{location}", SERVICE_ACCOUNT)]),
    row(Preset::OpenRouter, "OpenRouter", "https://openrouter.ai/docs/api-reference/overview",
        &[
            chat("https://openrouter.ai/api/v1", BEARER),
            messages("https://openrouter.ai/api", BEARER),
        ]),
    row(Preset::DeepSeek, "DeepSeek", "https://api-docs.deepseek.com",
        &[
            chat("https://api.deepseek.com", BEARER),
            messages("https://api.deepseek.com/anthropic", X_API_KEY),
        ]),
    row(Preset::Qwen, "Qwen (Alibaba Cloud)",
        "https://www.alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope",
        &[
            chat("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", BEARER),
            messages("https://dashscope-intl.aliyuncs.com/apps/anthropic", X_API_KEY),
            chat("https://dashscope.aliyuncs.com/compatible-mode/v1", BEARER),
            messages("https://dashscope.aliyuncs.com/apps/anthropic", X_API_KEY),
        ]),
    row(Preset::Glm, "GLM (Z.ai)", "https://docs.z.ai/api-reference/introduction",
        &[
            chat("https://api.z.ai/api/paas/v4", BEARER),
            messages("https://api.z.ai/api/anthropic", X_API_KEY),
            chat("https://api.z.ai/api/coding/paas/v4", BEARER),
            chat("https://open.bigmodel.cn/api/paas/v4", BEARER),
        ]),
    row(Preset::Kimi, "Kimi (Moonshot AI)", "https://platform.moonshot.ai/docs",
        KIMI),
    row(Preset::KimiK3, "Kimi K3 (Moonshot AI)", "https://platform.moonshot.ai/docs",
        KIMI),
    row(Preset::MiniMax, "MiniMax", "https://platform.minimax.io/docs/api-reference",
        &[
            chat("https://api.minimax.io/v1", BEARER),
            messages("https://api.minimax.io/anthropic", BEARER),
        ]),
    row(Preset::SiliconFlow, "SiliconFlow", "https://docs.siliconflow.cn",
        &[
            chat("https://api.siliconflow.cn/v1", BEARER),
            messages("https://api.siliconflow.cn", BEARER),
        ]),
    row(Preset::Ark, "Ark (Volcengine)", "https://www.volcengine.com/docs/82379",
        &[
            chat("https://ark.cn-beijing.volces.com/api/v3", BEARER),
            messages("https://ark.cn-beijing.volces.com/api/coding", X_API_KEY),
        ]),
    row(Preset::Tencent, "Hunyuan (Tencent Cloud)", "https://cloud.tencent.com/document/product/1729",
        &[
            chat("https://api.hunyuan.cloud.tencent.com/v1", BEARER),
            messages("https://api.hunyuan.cloud.tencent.com/anthropic", X_API_KEY),
        ]),
    row(Preset::Mistral, "Mistral", "https://docs.mistral.ai/api",
        &[chat("https://api.mistral.ai/v1", BEARER)]),
    row(Preset::Groq, "Groq", "https://console.groq.com/docs/openai",
        &[chat("https://api.groq.com/openai/v1", BEARER)]),
    row(Preset::Xai, "xAI", "https://docs.x.ai/docs/api-reference",
        &[chat("https://api.x.ai/v1", BEARER)]),
    row(Preset::Together, "Together AI", "https://docs.together.ai/docs/openai-api-compatibility",
        &[chat("https://api.together.ai/v1", BEARER)]),
    row(Preset::Fireworks, "Fireworks AI", "https://docs.fireworks.ai/tools-sdks/openai-compatibility",
        &[
            chat("https://api.fireworks.ai/inference/v1", BEARER),
            messages("https://api.fireworks.ai/inference", BEARER),
        ]),
    row(Preset::Cerebras, "Cerebras", "https://inference-docs.cerebras.ai/resources/openai",
        &[chat("https://api.cerebras.ai/v1", BEARER)]),
    row(Preset::Cohere, "Cohere", "https://docs.cohere.com/docs/compatibility-api",
        &[chat("https://api.cohere.ai/compatibility/v1", BEARER)]),
];

const KIMI: &[Endpoint] = &[
    chat("https://api.moonshot.ai/v1", BEARER),
    messages("https://api.moonshot.ai/anthropic", X_API_KEY),
    chat("https://api.moonshot.cn/v1", BEARER),
    messages("https://api.moonshot.cn/anthropic", X_API_KEY),
];

#[cfg(test)]
mod tests {
    use domain::access::egress::AllowedNetworks;
    use domain::access::identity_hosts::IdentityOrigins;
    use domain::models::auth::Auth;

    use super::*;

    #[test]
    fn each_preset_is_in_the_table_once() {
        for preset in Preset::ALL {
            let rows = VENDORS.iter().filter(|vendor| vendor.preset == *preset).count();
            assert_eq!(rows, 1, "{preset:?}");
        }
        assert!(VENDORS.iter().all(|vendor| !vendor.endpoints.is_empty()));
    }

    #[test]
    fn each_address_and_its_auth_are_ones_that_an_entry_may_have() {
        let networks = AllowedNetworks::default().with_loopback();
        for endpoint in VENDORS.iter().flat_map(|vendor| vendor.endpoints) {
            let mut base_url = endpoint.base_url.to_owned();
            for (placeholder, text) in [
                ("{region}", "eu-central-1"),
                ("{resource}", "mine"),
                ("{project}", "mine"),
                ("{location}", "global"),
            ] {
                base_url = base_url.replace(placeholder, text);
            }
            assert!(!base_url.contains('{'), "{base_url}");
            let url = networks.base_url(&base_url).unwrap();
            let auth = serde_json::to_value(&endpoint.auth).unwrap();
            let auth: Option<Auth> = serde_json::from_value(auth).unwrap();
            assert!(
                auth.is_none_or(|auth| IdentityOrigins::default().admit(&auth, &url)),
                "{base_url}"
            );
        }
    }
}

// Kinds of servers that the first steps and the sheet of a backend offer.

/** @typedef {{ id: string, title: string, url: string, preset: string | null, key: boolean, model: string }} ServerKind `model` is an example of a name there */

/** @type {ServerKind[]} */
export const SERVER_KINDS = [
  { id: "llamacpp", title: "llama.cpp", url: "http://127.0.0.1:8000/v1", preset: "llamacpp", key: false, model: "default" },
  { id: "ollama", title: "Ollama", url: "http://127.0.0.1:11434/v1", preset: null, key: false, model: "qwen3:8b" },
  { id: "vllm", title: "vLLM", url: "http://127.0.0.1:8000/v1", preset: "vllm", key: false, model: "Qwen/Qwen3-8B" },
  { id: "sglang", title: "SGLang", url: "http://127.0.0.1:30000/v1", preset: "sglang", key: false, model: "Qwen/Qwen3-8B" },
  { id: "glm", title: "GLM", url: "https://api.z.ai/api/paas/v4", preset: "glm", key: true, model: "glm-4.7" },
  { id: "kimi", title: "Kimi", url: "https://api.moonshot.ai/v1", preset: "kimi", key: true, model: "kimi-k2.5" },
  { id: "qwen", title: "Qwen", url: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", preset: "qwen", key: true, model: "qwen3-coder-plus" },
  { id: "deepseek", title: "DeepSeek", url: "https://api.deepseek.com/v1", preset: "deepseek", key: true, model: "deepseek-chat" },
  { id: "openrouter", title: "OpenRouter", url: "https://openrouter.ai/api/v1", preset: "openrouter", key: true, model: "qwen/qwen3-coder" },
  { id: "openai", title: "OpenAI", url: "https://api.openai.com/v1", preset: "openai", key: true, model: "gpt-5-mini" },
];

/** Where completions will be asked: a path is kept, else it is `/v1`. @param {string} base */
export function completionsUrl(base) {
  if (!URL.canParse(base)) return "";
  const url = new URL(base);
  const path = url.pathname.replace(/\/+$/, "");
  return `${url.origin}${path || "/v1"}/chat/completions`;
}

/** A model's id as the API takes it, made of a name at its server. @param {string} name */
export const idFrom = (name) => name.split("/").at(-1)?.toLowerCase().replace(/[^a-z0-9._:-]+/g, "-").replace(/^[^a-z0-9]+/, "") ?? "";

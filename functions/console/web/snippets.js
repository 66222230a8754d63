// Programs and settings that call the gateway: each is run by its client in a test (tests/clients), but Cline's, which
// is a form.

import { API_ROOT } from "./api_root.js";

/** @typedef {import("./stream.js").Dialect} Dialect */

const KEY = "sk-tg-…";
const gatewayRoot = () => API_ROOT.href.replace(/\/$/, "");
const v1 = () => `${gatewayRoot()}/v1`;
/** @param {unknown} value */
const json = (value) => JSON.stringify(value, null, 2);
/** JSON as Python writes it. @param {string} text */
const python = (text) => text.replace(/\btrue\b/g, "True").replace(/\bfalse\b/g, "False").replace(/\bnull\b/g, "None");
/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The members of a body as keyword arguments. @param {object} body */
const keywords = (body) => Object.entries(body).map(([name, value]) => `    ${name}=${python(json(value)).replaceAll("\n", "\n    ")},`).join("\n");

/** A request as a program. @param {"curl" | "python" | "node"} kind @param {Dialect} dialect @param {string} path @param {object} body @param {string} [key] */
export function snippet(kind, dialect, path, body, key = KEY) {
  const isOpenai = dialect === "openai";
  if (kind === "curl") {
    const credential = isOpenai ? `-H "Authorization: Bearer ${key}"` : `-H "x-api-key: ${key}" -H "anthropic-version: 2023-06-01"`;
    return `curl ${gatewayRoot()}/${path} ${credential} \\\n  -H "content-type: application/json" \\\n  -d ${quoted(json(body))}`;
  }
  if (kind === "python") {
    return isOpenai
      ? `from openai import OpenAI\n\nclient = OpenAI(base_url="${v1()}", api_key="${key}")\nanswer = client.chat.completions.create(\n${keywords(body)}\n)\nprint(answer.choices[0].message.content)`
      : `from anthropic import Anthropic\n\nclient = Anthropic(base_url="${gatewayRoot()}", api_key="${key}")\nanswer = client.messages.create(\n${keywords(body)}\n)\nprint(answer.content[0].text)`;
  }
  return isOpenai
    ? `import OpenAI from "openai";\n\nconst client = new OpenAI({ baseURL: "${v1()}", apiKey: "${key}" });\nconst answer = await client.chat.completions.create(${json(body)});\nconsole.log(answer.choices[0].message.content);`
    : `import Anthropic from "@anthropic-ai/sdk";\n\nconst client = new Anthropic({ baseURL: "${gatewayRoot()}", apiKey: "${key}" });\nconst answer = await client.messages.create(${json(body)});\nconsole.log(answer.content[0].text);`;
}

/** @param {string} model */
const hello = (model) => ({ model, messages: [{ role: "user", content: "Say hello." }] });

/**
 * What each client needs, in the order in which they are offered.
 * @type {{ id: string, name: string, file?: string, text: (model: string, key: string) => string }[]}
 */
export const CLIENTS = [
  {
    id: "claude-code", name: "Claude Code",
    text: (model, key) => `export ANTHROPIC_BASE_URL=${gatewayRoot()}\nexport ANTHROPIC_AUTH_TOKEN=${key}\nexport ANTHROPIC_MODEL=${model}\nexport ANTHROPIC_DEFAULT_HAIKU_MODEL=${model}\nclaude`,
  },
  {
    id: "codex", name: "Codex", file: "~/.codex/config.toml",
    text: (model, key) => `# export TIDEGATE_KEY=${key}\nmodel = "${model}"\nmodel_provider = "tidegate"\n\n[model_providers.tidegate]\nname = "tidegate"\nbase_url = "${v1()}"\nenv_key = "TIDEGATE_KEY"\nwire_api = "responses"\nmodel_catalog_url = "${v1()}/models"`,
  },
  {
    id: "opencode", name: "opencode", file: "opencode.json",
    text: (model, key) => json({ $schema: "https://opencode.ai/config.json", provider: { tidegate: { npm: "@ai-sdk/openai-compatible", name: "tidegate", options: { baseURL: v1(), apiKey: key }, models: { [model]: { name: model } } } }, model: `tidegate/${model}` }),
  },
  {
    id: "cline", name: "Cline", file: "API Provider: OpenAI Compatible",
    text: (model, key) => `Base URL: ${v1()}\nAPI Key: ${key}\nModel ID: ${model}`,
  },
  { id: "openai-python", name: "OpenAI · Python", text: (model, key) => snippet("python", "openai", "v1/chat/completions", hello(model), key) },
  { id: "openai-node", name: "OpenAI · Node", text: (model, key) => snippet("node", "openai", "v1/chat/completions", hello(model), key) },
  { id: "anthropic-python", name: "Anthropic · Python", text: (model, key) => snippet("python", "anthropic", "v1/messages", { ...hello(model), max_tokens: 1024 }, key) },
  { id: "anthropic-node", name: "Anthropic · Node", text: (model, key) => snippet("node", "anthropic", "v1/messages", { ...hello(model), max_tokens: 1024 }, key) },
  {
    id: "ai-sdk", name: "Vercel AI SDK",
    text: (model, key) => `import { createOpenAICompatible } from "@ai-sdk/openai-compatible";\nimport { generateText } from "ai";\n\nconst tidegate = createOpenAICompatible({ name: "tidegate", baseURL: "${v1()}", apiKey: "${key}" });\nconst { text } = await generateText({ model: tidegate("${model}"), prompt: "Say hello." });\nconsole.log(text);`,
  },
  { id: "curl", name: "curl", text: (model, key) => snippet("curl", "openai", "v1/chat/completions", hello(model), key) },
];

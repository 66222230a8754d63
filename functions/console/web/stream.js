// Completions of both dialects: the request for what a person has set, and its stream as the same few events.

import { Refusal, refusalOf } from "./api.js";
import { API_ROOT } from "./api_root.js";

/** @typedef {"openai" | "anthropic"} Dialect */
/** @typedef {{ asked: { text: string, images: string[] }, answer?: { text: string } }} Turn */
/** @typedef {{ model: string, system: string, temperature: number | null, max: number | null, thinking: string, tools: string, turns: Turn[] }} Ask */
/**
 * @typedef {{ kind: "text" | "thinking", text: string } | { kind: "tool", index: number, name?: string, text: string }
 *   | { kind: "usage", input?: number, output?: number } | { kind: "stop", reason: string } | { kind: "head", requestId: string | null, backend: string | null }} StreamEvent
 */

const THINKING_TOKENS = /** @type {Record<string, number>} */ ({ low: 1024, medium: 4096, high: 16_384 });
const DEFAULT_MAX = 4096;

/** @param {string} tools JSON of function declarations: `{name, description, parameters}` @returns {any[]} */
const declared = (tools) => (tools.trim() ? [JSON.parse(tools)].flat() : []);

/** @param {string} image a data URL */
function imageSource(image) {
  const [, type, data] = /^data:([^;]+);base64,(.*)$/.exec(image) ?? ["", "", ""];
  return { type: "base64", media_type: type, data };
}

/** @param {Ask} ask */
function openaiRequest({ model, system, temperature, max, thinking, tools, turns }) {
  const messages = turns.flatMap(({ asked, answer }) => [
    { role: "user", content: asked.images.length ? [{ type: "text", text: asked.text }, ...asked.images.map((url) => ({ type: "image_url", image_url: { url } }))] : asked.text },
    ...(answer ? [{ role: "assistant", content: answer.text }] : []),
  ]);
  const functions = declared(tools).map((each) => ({ type: "function", function: each.function ?? each }));
  return {
    model,
    messages: system ? [{ role: "system", content: system }, ...messages] : messages,
    ...(temperature !== null && { temperature }),
    ...(max !== null && { max_tokens: max }),
    ...(thinking && { reasoning_effort: thinking }),
    ...(functions.length > 0 && { tools: functions }),
  };
}

/** @param {Ask} ask */
function anthropicRequest({ model, system, temperature, max, thinking, tools, turns }) {
  const messages = turns.flatMap(({ asked, answer }) => [
    { role: "user", content: asked.images.length ? [...asked.images.map((image) => ({ type: "image", source: imageSource(image) })), { type: "text", text: asked.text }] : asked.text },
    ...(answer ? [{ role: "assistant", content: answer.text }] : []),
  ]);
  const functions = declared(tools).map((each) => each.function ?? each).map(({ name, description, parameters, input_schema }) => ({ name, description, input_schema: input_schema ?? parameters }));
  const budget = THINKING_TOKENS[thinking] ?? 0;
  return {
    model,
    max_tokens: (max ?? DEFAULT_MAX) + budget,
    ...(system && { system }),
    messages,
    ...(temperature !== null && !budget && { temperature }),
    ...(budget && { thinking: { type: "enabled", budget_tokens: budget } }),
    ...(functions.length > 0 && { tools: functions }),
  };
}

/** Path and body of the request for `ask`. @param {Dialect} dialect @param {Ask} ask */
export const completionRequest = (dialect, ask) =>
  dialect === "openai" ? { path: "v1/chat/completions", body: openaiRequest(ask) } : { path: "v1/messages", body: anthropicRequest(ask) };

/** @param {Dialect} dialect @param {string} key @returns {Record<string, string>} */
export const credentials = (dialect, key) =>
  dialect === "openai" ? { authorization: `Bearer ${key}` } : { "x-api-key": key, "anthropic-version": "2023-06-01" };

/** @param {any} chunk @returns {Generator<StreamEvent>} */
function* openaiEvents(chunk) {
  if (chunk.error) throw new Refusal(200, chunk.error);
  const choice = chunk.choices?.[0];
  const thought = choice?.delta?.reasoning_content ?? choice?.delta?.reasoning;
  if (thought) yield { kind: "thinking", text: thought };
  if (choice?.delta?.content) yield { kind: "text", text: choice.delta.content };
  for (const call of choice?.delta?.tool_calls ?? []) yield { kind: "tool", index: call.index, name: call.function?.name, text: call.function?.arguments ?? "" };
  if (choice?.finish_reason) yield { kind: "stop", reason: choice.finish_reason };
  if (chunk.usage) yield { kind: "usage", input: chunk.usage.prompt_tokens, output: chunk.usage.completion_tokens };
}

/** @param {any} event @returns {Generator<StreamEvent>} */
function* anthropicEvents(event) {
  const usage = event.usage ?? event.message?.usage;
  if (event.type === "error") throw new Refusal(200, event.error);
  if (event.type === "content_block_start" && event.content_block.type === "tool_use") yield { kind: "tool", index: event.index, name: event.content_block.name, text: "" };
  if (event.type === "content_block_delta") {
    const { delta, index } = event;
    if (delta.type === "text_delta") yield { kind: "text", text: delta.text };
    if (delta.type === "thinking_delta") yield { kind: "thinking", text: delta.thinking };
    if (delta.type === "input_json_delta") yield { kind: "tool", index, text: delta.partial_json };
  }
  if (event.delta?.stop_reason) yield { kind: "stop", reason: event.delta.stop_reason };
  if (usage) yield { kind: "usage", input: usage.input_tokens === undefined ? undefined : usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0), output: usage.output_tokens };
}

/** The data of a stream's events. @param {ReadableStream<Uint8Array>} body */
async function* eventData(body) {
  const reader = body.pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data: {")) yield JSON.parse(line.slice("data: ".length));
  }
}

/**
 * What each event of a streamed completion adds, as it comes.
 * @param {Dialect} dialect @param {string} key @param {Ask} ask @param {AbortSignal} signal
 * @returns {AsyncGenerator<StreamEvent>}
 */
export async function* complete(dialect, key, ask, signal) {
  const { path, body } = completionRequest(dialect, ask);
  const streamed = dialect === "openai" ? { ...body, stream: true, stream_options: { include_usage: true } } : { ...body, stream: true };
  const headers = { ...credentials(dialect, key), "content-type": "application/json" };
  const response = await fetch(new URL(path, API_ROOT), { method: "POST", headers, body: JSON.stringify(streamed), signal });
  if (!response.ok || !response.body) throw await refusalOf(response);
  yield { kind: "head", requestId: response.headers.get("x-request-id"), backend: response.headers.get("x-backend-id") };
  let ended = false;
  for await (const data of eventData(response.body)) {
    for (const event of dialect === "openai" ? openaiEvents(data) : anthropicEvents(data)) {
      ended ||= event.kind === "stop";
      yield event;
    }
  }
  if (!ended) throw new Refusal(200, { code: "broken_off" });
}

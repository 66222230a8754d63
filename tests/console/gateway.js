// The local gateway as a person at a terminal runs it, and scripted servers that it calls.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

const binary = process.env.GATEWAY ?? new URL("../../target/debug/tidegate", import.meta.url).pathname;

export const ADMIN = { email: "admin@localhost", password: "correct horse battery staple" };

/** A gateway that keeps nothing, and its API as the administrator. @param {...string} options */
export async function startGateway(...options) {
  const environment = { PATH: process.env.PATH, ADMIN_PASSWORD: ADMIN.password };
  const program = spawn(binary, ["--memory", "--listen", "127.0.0.1:0", ...options], { env: environment, stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface(program.stdout);
  const printed = [];
  lines.on("line", (line) => printed.push(line));
  const [first] = await once(lines, "line");
  const url = first.replace("tidegate listens on ", "");
  const call = async (method, path, body, token) => {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    return { status: answer.status, ...(await answer.json()) };
  };
  const signIn = async (account) => (await call("POST", "/api/v1/auth/login", account)).data.token;
  const token = await signIn(ADMIN);
  const admin = (method, path, body) => call(method, `/api/v1/admin/${path}`, body, token);
  return { url, call, admin, signIn, token, printed, stop: () => program.kill() };
}

/** Sends the events of a stream; `null` waits until the test lets it go on. */
async function sendEvents(answer, events, gate) {
  answer.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of events) {
    if (event === null) await gate.promise;
    else if (!answer.destroyed) answer.write(event);
  }
  answer.end();
}

const chunk = (delta, more) => `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: null }], ...more })}\n\n`;
const usage = { prompt_tokens: 12, completion_tokens: 7, total_tokens: 19 };
const finish = (reason) => [
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: {}, finish_reason: reason }] })}\n\n`,
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [], usage })}\n\n`,
  "data: [DONE]\n\n",
];

/** The text of a stream, in pieces; a piece `null` waits for `gate`. */
export const streamOf = (...pieces) => [chunk({ role: "assistant", content: "" }), ...pieces.map((piece) => (piece === null ? null : chunk(typeof piece === "string" ? { content: piece } : piece))), ...finish("stop")];

/** A server with an OpenAI-compatible API that answers as the test says: `replies` in turn, else a stream of "Hello there". */
export async function startServer() {
  const gate = {};
  gate.promise = new Promise((resolve) => (gate.resolve = resolve));
  const requests = [];
  const replies = [];
  const server = createServer(async (request, answer) => {
    let body = "";
    for await (const part of request) body += part;
    if (request.url.endsWith("/models")) return answer.setHeader("content-type", "application/json").end(JSON.stringify({ object: "list", data: [{ id: "served-model", object: "model" }] }));
    const asked = body ? JSON.parse(body) : {};
    requests.push({ url: request.url, headers: request.headers, body: asked });
    const reply = replies.shift() ?? streamOf("Hello ", "there");
    if (typeof reply === "number") return answer.writeHead(reply, { "content-type": "application/json" }).end(JSON.stringify({ error: { message: "no" } }));
    if (asked.stream) return sendEvents(answer, reply, gate);
    const message = { role: "assistant", content: "Hello there" };
    return answer.setHeader("content-type", "application/json").end(JSON.stringify({ id: "c", object: "chat.completion", created: 1, model: "m", choices: [{ index: 0, message, finish_reason: "stop" }], usage }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}/v1`, requests, replies, release: () => gate.resolve(), stop: () => server.close() };
}

/** What a client with the key `secret` gets of `model`. */
export const complete = (gateway, secret, model) =>
  fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", headers: { authorization: `Bearer ${secret}`, "content-type": "application/json" }, body: JSON.stringify({ model, messages: [{ role: "user", content: "hi" }] }) });

/** Makes `id` a model that `server` serves. */
export async function addModel(gateway, id, server) {
  await gateway.admin("POST", "models", { id, name: id.toUpperCase(), input_price: 1, output_price: 4 });
  return (await gateway.admin("POST", `models/${id}/backends`, { name: `${id}-1`, base_url: server.url, model_name: "served-model" })).data;
}

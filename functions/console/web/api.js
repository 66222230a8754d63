// The management API: one function for a call, one error for a refusal.

import { effect, signal } from "./vendor/preact.js";
import { API_ROOT } from "./api_root.js";
import { language } from "./prefs.js";
import { expired, forgetSession, keepSession, session } from "./session.js";

/** Until when the gateway has said that it cannot serve; a line on top of the page tells it. */
export const unavailable = signal(false);

/** What the API, or the network, says no with. */
export class Refusal extends Error {
  /** @param {number} status 0 where nothing answered @param {any} error @param {number} [retryAfter] seconds */
  constructor(status, error, retryAfter) {
    super(error?.message ?? "");
    this.status = status;
    this.code = String(error?.code ?? error?.type ?? "network");
    /** @type {string | null} */
    this.field = error?.field ?? error?.param ?? null;
    /** @type {string | null} */
    this.requestId = error?.request_id ?? null;
    this.retryAfter = retryAfter;
  }
}

/**
 * What a response that is no success says. @param {Response} response
 */
export async function refusalOf(response) {
  const body = await response.json().catch(() => null);
  const error = body?.error ?? { code: `http_${response.status}`, message: response.statusText };
  const id = error.request_id ?? body?.request_id ?? response.headers.get("x-request-id");
  return new Refusal(response.status, { ...error, request_id: id }, Number(response.headers.get("retry-after")) || undefined);
}

/**
 * @typedef {object} Options
 * @property {unknown} [body] sent as JSON; a text is sent as CSV
 * @property {number} [version] what is to be changed must have it
 * @property {AbortSignal} [signal]
 * @property {string} [accept]
 */

/**
 * @param {string} method @param {string} path @param {Options} [options]
 * @returns {Promise<Response>}
 */
export async function request(method, path, { body, version, signal: stop, accept } = {}) {
  const headers = new Headers({ "accept-language": language.value });
  if (accept) headers.set("accept", accept);
  const token = session.value?.token;
  if (token) headers.set("authorization", `Bearer ${token}`);
  if (version !== undefined) headers.set("if-match", `"${version}"`);
  const isText = typeof body === "string";
  if (body !== undefined) headers.set("content-type", isText ? "text/csv" : "application/json");
  /** @type {BodyInit | undefined} */
  const content = body === undefined ? undefined : isText ? /** @type {string} */ (body) : JSON.stringify(body);
  const response = await fetch(new URL(path, API_ROOT), { method, headers, body: content, signal: stop }).catch((error) => {
    if (error.name === "AbortError") throw error;
    unavailable.value = true;
    throw new Refusal(0, { code: "network" });
  });
  unavailable.value = response.status === 503;
  if (response.ok) return response;
  const refusal = await refusalOf(response);
  if (refusal.status === 401 && token && token === session.value?.token) {
    expired.value = true;
    // A read is simply done again when the person is back; a write is theirs to repeat.
    if (method === "GET") {
      await backAgain();
      return request(method, path, { version, signal: stop, accept });
    }
  }
  throw refusal;
}

/** When somebody has signed in again. @returns {Promise<void>} */
function backAgain() {
  return new Promise((resolve, reject) => {
    const end = effect(() => {
      if (expired.value) return;
      if (session.value) resolve();
      else reject(new Refusal(401, { code: "unauthorized" }));
      queueMicrotask(() => end());
    });
  });
}

/** The whole answer. @param {string} path @param {Options} [options] @returns {Promise<any>} */
export const get = async (path, options) => (await request("GET", path, options)).json();

/** What is under `data`. @param {string} path @param {Options} [options] @returns {Promise<any>} */
export const read = async (path, options) => (await get(path, options)).data;

/** @param {"POST" | "PUT" | "DELETE"} method @param {string} path @param {unknown} [body] @param {number} [version] @returns {Promise<any>} */
export async function write(method, path, body, version) {
  const answer = await (await request(method, path, { body, version })).json();
  return answer.data ?? answer;
}

/** All members of a list, page by page, and what the ids in them are called. @param {string} path @returns {Promise<{ data: any[], names: Record<string, any> }>} */
export async function readNamed(path) {
  /** @type {any[]} */
  const data = [];
  const names = {};
  let cursor = null;
  do {
    const page = await get(withQuery(path, { limit: "200", cursor }));
    data.push(...page.data);
    Object.assign(names, page.names);
    cursor = page.next_cursor;
  } while (cursor);
  return { data, names };
}

/** @param {string} path @returns {Promise<any[]>} */
export const readAll = async (path) => (await readNamed(path)).data;

/** `path` with what is given of `query`. @param {string} path @param {Record<string, string | number | null | undefined>} query */
export function withQuery(path, query) {
  const [before, given] = path.split("?");
  const search = new URLSearchParams(given);
  for (const [name, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  return search.size ? `${before}?${search}` : before;
}

/** Signs out: here in all tabs, or by ending every session. @param {boolean} everywhere */
export async function signOut(everywhere) {
  if (everywhere) await write("POST", "api/v1/auth/logout");
  forgetSession();
}

const HALF_MINUTE = 30_000;
const IDLE = 600_000;
let lastUsed = Date.now();
for (const event of ["pointerdown", "keydown"]) addEventListener(event, () => (lastUsed = Date.now()), { passive: true });

/** True while somebody looks at the page and has used it within ten minutes: what is live goes on. */
export const isWatched = () => document.visibilityState === "visible" && Date.now() - lastUsed < IDLE;

// A session in use gets a new token at half its life.
setInterval(() => {
  const now = session.value;
  if (!now || expired.value || !isWatched()) return;
  const half = ((now.since ?? 0) + Date.parse(now.expires_at)) / 2;
  if (Date.now() > half) write("POST", "api/v1/auth/refresh").then((next) => keepSession({ ...now, ...next }), () => undefined);
}, HALF_MINUTE);

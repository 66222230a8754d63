// Reading what a page shows, and its four states: loading, error, stale, there. Empty is the page's own matter.

import { h, useEffect, useRef, useState } from "../vendor/preact.js";
import { button, code, div, p, span } from "../dom.js";
import { icon } from "./icon.js";
import { CopyButton } from "./parts.js";
import { ago } from "../format.js";
import { refusalText, w } from "../words.js";
import { isWatched } from "../api.js";

const LONGEST_WAIT = 30;
const OUTLINE_AFTER_MS = 150;

/**
 * @template T
 * @typedef {{ data: T | undefined, error: any, at: number, slow: boolean, reload: () => Promise<void>, set: (data: T) => void }} Loaded
 */

/**
 * What `load` gives, again when `deps` change, and every `seconds` while somebody looks.
 * @template T
 * @param {(signal: AbortSignal) => Promise<T>} load @param {unknown[]} deps @param {number} [seconds]
 * @returns {Loaded<T>}
 */
export function useLoad(load, deps, seconds) {
  const [state_, setState] = useState(/** @type {{ data?: T, error?: any, at: number }} */ ({ at: 0 }));
  const [slow, setSlow] = useState(false);
  const turn = useRef({ number: 0, failures: 0, timer: 0, stop: new AbortController() });
  async function run() {
    const mine = ++turn.current.number;
    const isMine = () => mine === turn.current.number;
    clearTimeout(turn.current.timer);
    turn.current.stop.abort();
    turn.current.stop = new AbortController();
    try {
      const data = await load(turn.current.stop.signal);
      if (isMine()) setState({ data, at: Date.now() });
      turn.current.failures = 0;
    } catch (error) {
      if (!isMine()) return;
      setState((before) => ({ ...before, error }));
      const { status, retryAfter } = /** @type {any} */ (error);
      const passes = status === 0 || status === 429 || status >= 500;
      const wait = retryAfter ?? Math.min(LONGEST_WAIT, 2 ** turn.current.failures++);
      if (passes) turn.current.timer = setTimeout(run, wait * 1000);
    }
  }
  useEffect(() => {
    setState({ at: 0 });
    const outline = setTimeout(() => setSlow(true), OUTLINE_AFTER_MS);
    void run();
    return () => {
      turn.current.number++;
      turn.current.stop.abort();
      clearTimeout(outline);
      clearTimeout(turn.current.timer);
    };
  }, deps);
  useEffect(() => {
    if (!seconds) return undefined;
    const timer = setInterval(() => isWatched() && run(), seconds * 1000);
    return () => clearInterval(timer);
  }, [seconds, ...deps]);
  return { ...state_, data: state_.data, error: state_.error, slow, reload: run, set: (data) => setState({ data, at: Date.now() }) };
}

/** What went wrong, with the request's id to hand on. @param {any} error @param {() => unknown} again */
export function errorCard(error, again) {
  return div({ class: "card body stack", role: "alert" },
    div({ class: "row" }, span({ class: "bad" }, icon("warn")), p({ class: "grow" }, refusalText(error)), button({ type: "button", class: "btn", onClick: again }, icon("refresh", 16), w().tryAgain)),
    error.requestId && p({ class: "muted small row" }, w().requestId, code(error.requestId), h(CopyButton, { text: error.requestId, class: "btn ghost small icon" })));
}

/** The outline of what is to come. @param {number} lines */
const outline = (lines) => div({ class: "card body outline", role: "status", "aria-busy": true, "aria-label": w().loading }, Array.from({ length: lines }, () => div()));

/**
 * @template T
 * @param {Loaded<T>} loaded @param {(data: T) => import("../dom.js").Child} show @param {number} [lines]
 */
export function shown(loaded, show, lines = 4) {
  if (loaded.data === undefined) return loaded.error ? errorCard(loaded.error, loaded.reload) : loaded.slow && outline(lines);
  const stale = loaded.error && div({ class: "note warn", role: "status" }, span({ class: "warn" }, icon("warn", 16)),
    p({ class: "grow" }, `${w().stale(ago(loaded.at))} ${refusalText(loaded.error)}`), button({ type: "button", class: "btn small", onClick: loaded.reload }, w().tryAgain));
  return [stale, show(loaded.data)];
}

/**
 * A list that grows by *Show more*.
 * @template T
 * @param {(cursor: string | null, signal: AbortSignal) => Promise<{ data: T[], next_cursor: string | null, names?: any }>} load @param {unknown[]} deps
 */
export function usePages(load, deps) {
  const first = useLoad((signal) => load(null, signal), deps);
  const more = async () => {
    const before = first.data;
    if (!before?.next_cursor) return;
    const next = await load(before.next_cursor, new AbortController().signal);
    first.set({ ...next, data: [...before.data, ...next.data], names: { ...before.names, ...next.names } });
  };
  return { ...first, more };
}

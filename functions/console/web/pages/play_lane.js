// One model's side of the playground: what was asked, the answer as it comes, and what it took.

import { batch, signal, useEffect, useRef } from "../vendor/preact.js";
import { a, article, b, button, details, div, footer, header, i, p, pre, span, summary } from "../dom.js";
import { icon, state } from "../ui/icon.js";
import { plainSelect } from "../ui/field.js";
import { note } from "../ui/parts.js";
import { compact, duration, money, number } from "../format.js";
import { userModels } from "../catalog.js";
import { markdown } from "../markdown.js";
import { sessionKey } from "../session_key.js";
import { complete } from "../stream.js";
import { refusalText, w } from "../words.js";
import { draft } from "./play_draft.js";

/** @typedef {{ name: string, text: string }} ToolCall */
/**
 * @typedef {object} Answer
 * @property {string} text @property {string} thinking @property {ToolCall[]} tools
 * @property {number} began @property {number | null} first @property {number | null} thought @property {number | null} ended
 * @property {number | undefined} input @property {number | undefined} output
 * @property {string | null} requestId @property {string | null} backend @property {any} error @property {boolean} stopped
 */
/** @typedef {{ asked: { text: string, images: string[] }, answer: Answer }} PlayTurn */
/** @typedef {{ model: string, turns: PlayTurn[], stop: AbortController | null, tick: number }} LaneState */

/** @type {import("@preact/signals").Signal<LaneState[]>} */
export const lanes = signal([{ model: "", turns: [], stop: null, tick: 0 }]);

export const settings = signal({
  system: "", temperature: /** @type {number | null} */ (null), max: /** @type {number | null} */ (null), thinking: "", tools: "",
  dialect: /** @type {import("../stream.js").Dialect} */ ("openai"), key: "",
});

/** Said once to a screen reader, when an answer is whole. */
const announcement = signal("");

/** @param {number} at @param {Partial<LaneState>} change */
const changeLane = (at, change) => (lanes.value = lanes.value.map((lane, place) => (place === at ? { ...lane, ...change } : lane)));

export function stopAll() {
  for (const lane of lanes.value) lane.stop?.abort();
}

export function restart() {
  stopAll();
  lanes.value = lanes.value.map((lane) => ({ ...lane, turns: [], stop: null }));
}

/** @param {Answer} answer @param {import("../stream.js").StreamEvent} event */
function take(answer, event) {
  if (event.kind !== "head" && event.kind !== "usage") answer.first ??= performance.now();
  if (event.kind === "head") Object.assign(answer, { requestId: event.requestId, backend: event.backend });
  else if (event.kind === "thinking") answer.thinking += event.text;
  else if (event.kind === "text") {
    answer.thought ??= performance.now();
    answer.text += event.text;
  } else if (event.kind === "tool") {
    const call = (answer.tools[event.index] ??= { name: "", text: "" });
    call.name ||= event.name ?? "";
    call.text += event.text;
  } else if (event.kind === "usage") {
    answer.input = event.input ?? answer.input;
    answer.output = event.output ?? answer.output;
  }
}

/** Asks the model of lane `at`; the answer is shown once a frame. @param {number} at @param {string} text @param {string[]} images */
export async function say(at, text, images) {
  const lane = lanes.value[at];
  /** @type {Answer} */
  const answer = { text: "", thinking: "", tools: [], began: performance.now(), first: null, thought: null, ended: null, input: undefined, output: undefined, requestId: null, backend: null, error: null, stopped: false };
  const turns = [...lane.turns, { asked: { text, images }, answer }];
  const stop = new AbortController();
  changeLane(at, { turns, stop });
  let waits = false;
  const show = () => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => {
      waits = false;
      changeLane(at, { tick: performance.now() });
    });
  };
  try {
    const key = settings.value.key || (await sessionKey());
    const before = turns.slice(0, -1).filter((turn) => turn.answer.text);
    const ask = { ...settings.value, model: lane.model, turns: [...before, { asked: { text, images } }] };
    for await (const event of complete(settings.value.dialect, key, ask, stop.signal)) {
      take(answer, event);
      show();
    }
  } catch (error) {
    if (stop.signal.aborted) answer.stopped = true;
    else answer.error = error;
  }
  answer.ended = performance.now();
  batch(() => {
    announcement.value = answer.error ? w().play.failed : w().play.complete;
    if (lanes.value[at]?.turns === turns) changeLane(at, { stop: null });
  });
}

/** Takes what was asked last back into the composer. @param {number} at */
function editLast(at) {
  const last = lanes.value[at].turns.at(-1);
  if (!last) return;
  draft.value = last.asked.text;
  lanes.value = lanes.value.map((lane) => ({ ...lane, turns: lane.turns.slice(0, -1) }));
}

/** @param {Answer} answer @param {boolean} writing */
function answerView(answer, writing) {
  const t = w().play;
  const thoughtMs = answer.thinking && (answer.thought ?? answer.ended ?? performance.now()) - (answer.first ?? answer.began);
  return div({ class: "turn" },
    answer.thinking && details({ class: "think", open: writing && !answer.text }, summary(t.thought(duration(Number(thoughtMs)))), p({ class: "as-typed" }, answer.thinking)),
    markdown(answer.text),
    answer.tools.filter(Boolean).map((call) => pre({ tabIndex: 0, "aria-label": t.tool }, `${call.name}(${call.text})`)),
    writing && span({ class: "caret", "aria-hidden": true }),
    answer.stopped && p({ class: "muted small" }, t.stopped),
    answer.error && note("bad", p(refusalText(answer.error)), answer.error.requestId && p({ class: "tiny mono" }, answer.error.requestId)));
}

/** @param {Answer} answer @param {string} model */
function figures(answer, model) {
  const t = w().play;
  const of = userModels.value?.find((each) => each.id === model);
  const seconds = answer.first && ((answer.ended ?? performance.now()) - answer.first) / 1000;
  const cost = answer.input !== undefined && of && of.input_price !== null && ((answer.input * of.input_price + (answer.output ?? 0) * (of.output_price ?? of.input_price)) / 1e6);
  return [
    answer.first !== null && span(t.first, " ", b(duration(answer.first - answer.began))),
    answer.output && seconds ? span(b(t.speed(number(answer.output / seconds, { maximumFractionDigits: 0 })))) : null,
    answer.input !== undefined && span(b(`${compact(answer.input)} → ${compact(answer.output ?? 0)}`)),
    typeof cost === "number" && span(b(money(cost))),
    answer.backend && span(answer.backend),
    answer.requestId && answer.ended !== null && a({ href: `#/requests/${answer.requestId}` }, w().requestId),
  ];
}

/** @param {{ lane: LaneState, at: number }} props */
export function Lane({ lane, at }) {
  const end = useRef(/** @type {HTMLDivElement | null} */ (null));
  const t = w().play;
  const last = lane.turns.at(-1)?.answer;
  useEffect(() => end.current?.scrollTo?.({ top: end.current.scrollHeight }), [lane.tick, lane.turns.length]);
  /** @type {[string, string][]} */
  const options = (userModels.value ?? []).map((each) => [each.id, each.id]);
  const status = lane.stop ? span({ class: "state info" }, icon("dots", 16), t.writing) : last?.error ? state("bad", t.failed) : last && !last.stopped ? state("ok", t.complete) : null;
  return article({ class: "card lane", "aria-label": lane.model },
    header({ class: "lane-head" }, i({ class: `key c${at + 1}` }),
      plainSelect(options, lane.model, (model) => changeLane(at, { model }), { class: "bare mono", "aria-label": t.model }),
      span({ class: "grow" }), status),
    div({ class: "turns", ref: end, tabIndex: 0, role: "log", "aria-live": "off", "aria-label": lane.model },
      lane.turns.length === 0 && p({ class: "muted" }, t.empty),
      lane.turns.map((turn, place) => [
        div({ class: "turn asked" },
          div({ class: "row between" }, span({ class: "by" }, t.you), place === lane.turns.length - 1 && !lane.stop && button({ type: "button", class: "btn ghost small", onClick: () => editLast(at) }, w().edit)),
          p({ class: "as-typed" }, turn.asked.text), turn.asked.images.length > 0 && p({ class: "muted small" }, t.pictures(turn.asked.images.length))),
        answerView(turn.answer, lane.stop !== null && place === lane.turns.length - 1),
      ])),
    last && footer(figures(last, lane.model)),
    at === 0 && div({ class: "sr", role: "status" }, announcement.value));
}

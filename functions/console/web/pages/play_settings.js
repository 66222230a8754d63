// How the playground asks: system prompt, limits, thinking, dialect, whose key pays, and what is left.

import { div, h2, input, p, section, span } from "../dom.js";
import { areaField, selectField, textField } from "../ui/field.js";
import { limitMeter } from "../ui/limits.js";
import { segment } from "../ui/parts.js";
import { number } from "../format.js";
import { userModels } from "../catalog.js";
import { w } from "../words.js";
import { lanes, settings } from "./play_lane.js";

const TEMPERATURE_STEPS = 20;
const MAX_TOKENS = [null, 256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];

/** @param {Partial<typeof settings.value>} change */
const set = (change) => (settings.value = { ...settings.value, ...change });

/** @param {string} name @param {string} shownValue @param {number} most @param {number} value @param {(value: number) => void} change */
const slider = (name, shownValue, most, value, change) =>
  div({ class: "field" }, div({ class: "row between" }, span({ class: "label" }, name), span({ class: "muted num" }, shownValue)),
    input({ type: "range", min: 0, max: most, value, "aria-label": name, "aria-valuetext": shownValue, onInput: (event) => change(Number(event.currentTarget.value)) }));

/** @param {string} text */
function isJson(text) {
  try {
    JSON.parse(text || "[]");
    return true;
  } catch {
    return false;
  }
}

/** @param {{ quota: { limits: import("../ui/limits.js").LimitUse[] } | undefined, inside?: boolean }} props */
export function PlaySettings({ quota, inside }) {
  const t = w().play;
  const now = settings.value;
  const efforts = userModels.value?.find((each) => each.id === lanes.value[0].model)?.thinking ?? [];
  /** @type {[string, string][]} */
  const thinking = [["", t.asModel], ...efforts.map((each) => /** @type {[string, string]} */ ([each, /** @type {Record<string, string>} */ (t.efforts)[each] ?? each]))];
  return section({ class: inside ? "stack" : "set", "aria-label": t.settings },
    !inside && h2(t.settings),
    areaField(t.system, now.system, (system) => set({ system }), { rows: 3 }),
    slider(t.temperature, now.temperature === null ? t.asModel : number(now.temperature), TEMPERATURE_STEPS + 1, now.temperature === null ? 0 : now.temperature * 10 + 1, (value) => set({ temperature: value === 0 ? null : (value - 1) / 10 })),
    slider(t.longest, now.max === null ? t.asModel : number(now.max), MAX_TOKENS.length - 1, Math.max(0, MAX_TOKENS.indexOf(now.max)), (value) => set({ max: MAX_TOKENS[value] })),
    efforts.length > 0 && selectField(t.thinking, thinking, now.thinking, (value) => set({ thinking: value })),
    div({ class: "field" }, p({ class: "label" }, t.dialect), div(segment(t.dialect, [["openai", "OpenAI"], ["anthropic", "Anthropic"]], now.dialect, (dialect) => set({ dialect })))),
    areaField(t.tools, now.tools, (tools) => set({ tools }), { rows: 2, class: "input mono", spellcheck: false, placeholder: '[{"name": "…", "parameters": {…}}]', error: isJson(now.tools) ? null : t.noJson }),
    textField(t.pays, now.key, (key) => set({ key: key.trim() }), { type: "password", autocomplete: "off", placeholder: t.thisSession, hint: t.paysHint }),
    quota && quota.limits.length > 0 && section({ class: "stack left" }, quota.limits.map(limitMeter)));
}

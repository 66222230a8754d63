// The limits of a policy beside its fields: of what, in which time, for which models.

import { h } from "../vendor/preact.js";
import { button, div, h3, p, section } from "../dom.js";
import { selectField, textField } from "../ui/field.js";
import { lines, numberOrNull } from "../ui/form.js";
import { icon } from "../ui/icon.js";
import { listedText } from "../ui/limits.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

/** @typedef {import("../ui/limits.js").ListedLimit} ListedLimit */

const NEW_LIMIT = { what: "cost", per: "week", amount: 10 };
const NEW_PER = "day";

/** @param {{ limit: ListedLimit, change: (limit: ListedLimit) => void, remove: () => void }} props */
function LimitRow({ limit, change, remove }) {
  const { what, per, seconds } = w().listedLimits;
  const t = wa().policies;
  const times = /** @type {[string, string][]} */ (Object.entries(per));
  const known = limit.per && !(limit.per in per) ? [...times, /** @type {[string, string]} */ ([limit.per, seconds(parseInt(limit.per, 10))])] : times;
  const setWhat = (/** @type {string} */ next) => change(next === "concurrency" ? { ...limit, what: next, per: undefined } : { ...limit, what: next, per: limit.per ?? NEW_PER });
  return div({ class: "row nowrap" },
    div({ class: "grow grid two" },
      selectField(t.limitOf, /** @type {[string, string][]} */ (Object.entries(what)), limit.what, setWhat),
      limit.what !== "concurrency" && selectField(t.limitPer, known, limit.per ?? NEW_PER, (next) => change({ ...limit, per: next })),
      textField(t.limitAmount, String(limit.amount), (text) => change({ ...limit, amount: numberOrNull(text) ?? 0 }), { type: "number", min: "0", step: limit.what === "cost" ? "any" : "1", required: true }),
      textField(t.limitModels, limit.models?.join(", ") ?? "", (text) => change({ ...limit, models: lines(text) }), { class: "input mono", placeholder: w().all, spellcheck: false })),
    button({ type: "button", class: "btn ghost small icon", "aria-label": `${w().delete}: ${listedText(limit)}`, onClick: remove }, icon("cross", 14)));
}

/** @param {{ limits: ListedLimit[], change: (limits: ListedLimit[]) => void, error: string | null }} props */
export function PolicyLimits({ limits, change, error }) {
  const t = wa().policies;
  return section({ class: "stack" },
    h3(t.furtherLimits),
    limits.map((limit, place) => h(LimitRow, {
      key: place, limit,
      change: (next) => change(limits.map((each, other) => (other === place ? next : each))),
      remove: () => change(limits.filter((_, other) => other !== place)),
    })),
    error && p({ class: "bad small", role: "alert" }, error),
    div(button({ type: "button", class: "btn small", onClick: () => change([...limits, NEW_LIMIT]) }, icon("plus", 14), t.addLimit)));
}

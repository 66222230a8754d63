// The limits of a policy as meters, and when each is whole again.

import { div, span } from "../dom.js";
import { bar } from "./parts.js";
import { compact, dateTime, money, number } from "../format.js";
import { w } from "../words.js";

/** @typedef {{ name: string, limit: number, used: number, remaining: number, resets_at: string | null }} LimitUse */

const HIGH = 0.8;

/** @param {string} name @param {number} amount */
export const amountOf = (name, amount) => (name.startsWith("cost") ? money(amount) : name.startsWith("token") ? compact(amount) : number(amount));

/** @param {string} name */
export const limitName = (name) => /** @type {Record<string, string>} */ (w().limits)[name] ?? name;

/** @param {LimitUse} use */
export function limitMeter(use) {
  const share = use.limit ? use.used / use.limit : 1;
  return div({ class: "field" },
    div({ class: "row between small" }, span(limitName(use.name)), span({ class: "num" }, w().usedOf(amountOf(use.name, use.used), amountOf(use.name, use.limit)))),
    bar(share, share >= 1 ? "bad" : share >= HIGH ? "warn" : ""),
    use.resets_at && use.used > 0 && span({ class: "hint" }, w().wholeAgain(dateTime(use.resets_at))));
}

// The limits of a policy as meters, and when each is whole again.

import { div, span } from "../dom.js";
import { bar } from "./parts.js";
import { compact, dateTime, money, number } from "../format.js";
import { w } from "../words.js";

/** @typedef {{ name: string, limit: number, used: number, remaining: number, resets_at: string | null }} LimitUse */

const HIGH = 0.8;

/** @param {string} name @param {number} amount */
export const amountOf = (name, amount) => (name.startsWith("cost") ? money(amount) : name.startsWith("token") ? compact(amount) : number(amount));

/** A limit in words; one of a list says in its name what it is: `cost/week/opus*`. @param {string} name */
export function limitName(name) {
  const known = /** @type {Record<string, string>} */ (w().limits)[name];
  const { what, per, seconds, whole } = w().listedLimits;
  const [counted, ...rest] = name.split("/");
  const measure = /** @type {Record<string, string>} */ (what)[counted];
  if (known || !measure) return known ?? name;
  const time = counted === "concurrency" ? "" : rest.shift() ?? "";
  return whole(measure, /** @type {Record<string, string>} */ (per)[time] ?? (time && seconds(parseInt(time, 10))), rest[0] ?? "");
}

/** @typedef {{ what: string, per?: string | null, amount: number, models?: string[] }} ListedLimit one of a policy's list */

/** A limit of a list in words. @param {ListedLimit} limit */
export const listedText = ({ what, per, amount, models }) =>
  `${limitName([what, per, models?.join(",")].filter(Boolean).join("/"))}: ${amountOf(what, amount)}`;

/** @param {LimitUse} use */
export function limitMeter(use) {
  const share = use.limit ? use.used / use.limit : 1;
  return div({ class: "field" },
    div({ class: "row between small" }, span(limitName(use.name)), span({ class: "num" }, w().usedOf(amountOf(use.name, use.used), amountOf(use.name, use.limit)))),
    bar(share, share >= 1 ? "bad" : share >= HIGH ? "warn" : ""),
    use.resets_at && use.used > 0 && span({ class: "hint" }, w().wholeAgain(dateTime(use.resets_at))));
}

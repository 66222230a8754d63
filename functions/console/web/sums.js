// Sums of usage: what a measure is, and rows of days without gaps.

import { compact, dayOf, daysAgo, money, number } from "./format.js";

/** @typedef {"requests" | "tokens" | "cost"} Measure */

/** @param {any} sum @param {Measure} measure @returns {number} */
export const measured = (sum, measure) => (measure === "requests" ? sum.requests : measure === "cost" ? sum.cost_usd : sum.input_tokens + sum.output_tokens);

/** @param {Measure} measure */
export const formatOf = (measure) => (measure === "cost" ? money : measure === "tokens" ? compact : (/** @type {number} */ value) => number(value, { notation: value >= 10_000 ? "compact" : "standard", maximumFractionDigits: 1 }));

/** The days of the last `count`, the oldest first. @param {number} count */
export const lastDays = (count) => Array.from({ length: count }, (_, place) => dayOf(daysAgo(count - 1 - place)));

/** @param {any[]} sums */
export const totalOf = (sums) => sums.reduce((all, each) => {
  for (const name of ["requests", "errors", "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens", "cost_usd"]) all[name] = (all[name] ?? 0) + (each[name] ?? 0);
  return all;
}, /** @type {any} */ ({ requests: 0, errors: 0, input_tokens: 0, cached_input_tokens: 0, output_tokens: 0, reasoning_tokens: 0, cost_usd: 0 }));

// Sums of usage as charts and tables need them: added up, and one for each hour or day of a time, without gaps.

import { readNamed, withQuery } from "./api.js";
import { compact, dayName, dayOf, hourName, money, number } from "./format.js";
import { zone } from "./prefs.js";

/** @typedef {"requests" | "tokens" | "cost"} Measure */
/** @typedef {{ zone: string, unit: "hour" | "day", marks: string[], labels: string[], query: { from: string, to: string, timezone: string } }} TimeRange */

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
const HOURS_OF_A_DAY = 24;
/** Colours 1 to 5 are of groups, 6 is of all others together. */
const SERIES = 5;

/** @param {any} sum @param {Measure} measure @returns {number} */
export const measured = (sum, measure) => (measure === "requests" ? sum.requests : measure === "cost" ? sum.cost_usd : sum.input_tokens + sum.output_tokens);

/** @param {Measure} measure */
export const formatOf = (measure) => (measure === "cost" ? money : measure === "tokens" ? compact : (/** @type {number} */ value) => number(value, { notation: value >= 10_000 ? "compact" : "standard", maximumFractionDigits: 1 }));

/** The last `days`, today among them: a single one by the hour. @param {number} days @param {string} ofZone @returns {TimeRange} */
export function lastTime(days, ofZone) {
  if (days > 1) {
    const today = Date.parse(dayOf(new Date(), ofZone));
    const marks = Array.from({ length: days }, (_, place) => new Date(today - (days - 1 - place) * DAY_MS).toISOString().slice(0, 10));
    return { zone: ofZone, unit: "day", marks, labels: marks.map(dayName), query: { from: marks[0], to: marks[days - 1], timezone: ofZone } };
  }
  const now = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const marks = Array.from({ length: HOURS_OF_A_DAY }, (_, place) => new Date(now - (HOURS_OF_A_DAY - 1 - place) * HOUR_MS).toISOString().replace(".000", ""));
  return { zone: ofZone, unit: "hour", marks, labels: marks.map(hourName), query: { from: marks[0], to: new Date(now + HOUR_MS - 1000).toISOString(), timezone: ofZone } };
}

/**
 * A report of the zone that is shown; of UTC where the API cannot tell that zone's days.
 * @template T
 * @param {(zone: string) => Promise<T>} load @returns {Promise<T>}
 */
export async function inShownZone(load) {
  try {
    return await load(zone.value);
  } catch (error) {
    if (/** @type {any} */ (error).status !== 400 || zone.value === "UTC") throw error;
    return load("UTC");
  }
}

/** Sums of `range`, grouped. @param {string} base @param {TimeRange} range @param {Record<string, string | null>} query */
export const readSums = (base, range, query) => readNamed(withQuery(base, { ...range.query, ...query }));

/** @param {Record<string, any>} names of a report @param {string | null} id */
export const nameIn = (names, id) => (id === null ? "–" : names[id]?.name ?? names[id]?.prefix ?? id);

/**
 * A series of columns for each of the largest groups, and one for all others.
 * @param {TimeRange} range @param {{ data: any[], names: Record<string, any> }} sums by time, or by time and group
 * @param {string} group @param {Measure} measure @param {string} others @returns {import("./ui/chart.js").Series[]}
 */
export function seriesOf(range, { data, names }, group, measure, others) {
  const wholes = new Map();
  for (const each of data) wholes.set(each[group] ?? null, (wholes.get(each[group] ?? null) ?? 0) + measured(each, measure));
  const largest = [...wholes].sort(([, one], [, other]) => other - one).filter(([, sum]) => sum > 0).map(([id]) => id);
  const shown = largest.slice(0, largest.length > SERIES + 1 ? SERIES : SERIES + 1);
  const values = (/** @type {(id: any) => boolean} */ isOf) => range.marks.map((mark) =>
    data.reduce((sum, each) => (each[range.unit] === mark && isOf(each[group] ?? null) ? sum + measured(each, measure) : sum), 0));
  const series = shown.map((id, place) => ({ name: nameIn(names, id), color: place + 1, values: values((of) => of === id) }));
  return largest.length > shown.length ? [...series, { name: others, color: SERIES + 1, values: values((of) => !shown.includes(of)) }] : series;
}

/** @param {any[]} sums */
export const totalOf = (sums) => sums.reduce((all, each) => {
  for (const name of ["requests", "errors", "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens", "cost_usd"]) all[name] += each[name] ?? 0;
  for (const [reason, count] of Object.entries(each.refused ?? {})) all.refused[reason] = (all.refused[reason] ?? 0) + count;
  return all;
}, /** @type {any} */ ({ requests: 0, errors: 0, input_tokens: 0, cached_input_tokens: 0, output_tokens: 0, reasoning_tokens: 0, cost_usd: 0, refused: {} }));

// Numbers, money, times and durations as the chosen language writes them.

import { locale, zone } from "./prefs.js";

/** @param {number} value @param {Intl.NumberFormatOptions} [options] */
export const number = (value, options) => new Intl.NumberFormat(locale(), options).format(value);

/** Compact, such as 1.9B: of tokens, whose last digits tell nothing. @param {number} value */
export const compact = (value) => number(value, { notation: "compact", maximumFractionDigits: 1 });

/** As many digits as the sum needs to be told from nothing. @param {number} value */
export function money(value) {
  const digits = value === 0 || value >= 1 ? 2 : value >= 0.01 ? 4 : 6;
  return number(value, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol", minimumFractionDigits: 2, maximumFractionDigits: digits });
}

/** @param {number} part @param {number} whole */
export const percent = (part, whole) =>
  number(whole ? part / whole : 0, { style: "percent", maximumFractionDigits: whole && part / whole < 0.1 ? 1 : 0 });

/** @param {number | null | undefined} ms */
export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${number(ms / 1000, { maximumFractionDigits: 1 })} s` : `${number(ms / 60_000, { maximumFractionDigits: 1 })} min`;
}

/** @param {string | number | Date} at @param {Intl.DateTimeFormatOptions} options */
const inZone = (at, options) => new Intl.DateTimeFormat(locale(), { timeZone: zone.value, ...options }).format(new Date(at));

/** @param {string | number | Date} at */
export const dateTime = (at) => inZone(at, { dateStyle: "medium", timeStyle: "short" });

/** With seconds: of log lines. @param {string | number | Date} at */
export const exactTime = (at) => inZone(at, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

/** @param {string | number | Date} at */
export const date = (at) => inZone(at, { dateStyle: "medium" });

/** The hour that begins then. @param {string} at */
export const hourName = (at) => inZone(at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

/** A day that is given as `2026-11-27`, whatever the zone. @param {string} day */
export const dayName = (day) => new Intl.DateTimeFormat(locale(), { timeZone: "UTC", weekday: "short", day: "numeric" }).format(new Date(`${day}T00:00Z`));

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** How long ago, or how soon. @param {string | number | Date} at */
export function ago(at) {
  const seconds = (new Date(at).getTime() - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(locale(), { numeric: "auto", style: "short" }).format(Math.round(seconds / size), unit);
}

/** `2026-11-27`. @param {Date} at @param {string} ofZone */
export function dayOf(at, ofZone) {
  const parts = new Intl.DateTimeFormat("en", { timeZone: ofZone, year: "numeric", month: "2-digit", day: "2-digit" }).formatToParts(at);
  const part = (/** @type {string} */ type) => parts.find((each) => each.type === type)?.value;
  return `${part("year")}-${part("month")}-${part("day")}`;
}

/** @param {number} days */
export const daysAgo = (days) => new Date(Date.now() - days * 86_400_000);

/** The first letters of a name, for its face. @param {string} name */
export const initials = (name) =>
  /^[\x20-\x7f]/.test(name) ? name.split(/\s+/).slice(0, 2).map((each) => each[0]).join("").toUpperCase() : name.slice(0, 1);

// How a backend is, in shape, word and reason.

import { i, span } from "../dom.js";
import { state } from "../ui/icon.js";
import { dateTime } from "../format.js";
import { HOUR_MS } from "../sums.js";
import { wa } from "../words_admin.js";

const KINDS = /** @type {Record<string, import("../ui/icon.js").Kind>} */ ({ available: "ok", in: "ok", probation: "warn", trial: "warn", ejected: "bad", out: "bad" });

/** @param {any} backend @returns {import("../ui/icon.js").Kind} */
export const healthOf = (backend) => (backend.enabled ? KINDS[backend.health?.state] ?? (backend.healthy ? "ok" : "bad") : "off");

/** @param {any} backend */
export function backendState(backend) {
  const t = wa().models;
  const kind = healthOf(backend);
  const { until, reason, failures } = backend.health ?? {};
  const word = kind === "ok" ? t.in : kind === "warn" ? t.trial : kind === "off" ? t.off : until ? t.outUntil(dateTime(until)) : t.out;
  const why = kind !== "off" && reason && `${/** @type {Record<string, string>} */ (t.reasons)[reason] ?? reason}${failures > 1 ? t.inARow(failures) : ""}`;
  return [state(kind, word), why && span({ class: "sub" }, why)];
}

const HOURS_SHOWN = 24;
/** The worse state of an hour counts. */
const LOOKS = ["n", "", "w", "b"];
const IN = 1;

/** How a backend was in each of the last 24 hours, by its turns; before it was made there is nothing. @param {any} backend */
export function dayStrip(backend) {
  const now = Date.now();
  const begin = now - HOURS_SHOWN * HOUR_MS;
  const levels = { available: IN, in: IN, probation: 2, trial: 2, ejected: 3, out: 3 };
  const levelOf = (/** @type {string} */ name) => /** @type {Record<string, number>} */ (levels)[name] ?? IN;
  const turns = (backend.health?.turns ?? []).map((/** @type {any} */ turn) => ({ at: Date.parse(turn.at), level: levelOf(turn.state) }));
  const hours = Array.from({ length: HOURS_SHOWN }, (_, place) => {
    const [from, to] = [begin + place * HOUR_MS, begin + (place + 1) * HOUR_MS];
    if (to < Date.parse(backend.created_at)) return 0;
    const before = turns.filter((/** @type {any} */ turn) => turn.at <= from).at(-1)?.level ?? IN;
    return Math.max(before, ...turns.filter((/** @type {any} */ turn) => from < turn.at && turn.at <= to).map((/** @type {any} */ turn) => turn.level));
  });
  const away = hours.filter((level) => level > IN).length;
  return span({ class: "strip", role: "img", "aria-label": wa().models.awayOf(away, HOURS_SHOWN) }, hours.map((level) => i({ class: LOOKS[level] })));
}

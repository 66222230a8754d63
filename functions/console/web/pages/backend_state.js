// How a backend is, in shape, word and reason.

import { span } from "../dom.js";
import { state } from "../ui/icon.js";
import { dateTime } from "../format.js";
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

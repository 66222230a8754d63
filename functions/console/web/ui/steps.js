// The report of a test, step by step, with what to do about what has failed.

import { div, h3, header, li, ol, section, span } from "../dom.js";
import { icon } from "./icon.js";
import { wa } from "../words_admin.js";

/** @typedef {{ step: string, result: "pass" | "fail" | "skipped", reason?: string | null, advice?: string | null, duration_ms?: number }} TestStep */

/** @param {{ passed: boolean, steps: TestStep[] }} report */
export function stepReport({ passed, steps }) {
  const names = /** @type {Record<string, string>} */ (wa().testSteps);
  const reasons = /** @type {Record<string, string>} */ (wa().models.reasons);
  return section({ class: "card", "aria-live": "polite" },
    header(span({ class: passed ? "ok" : "bad" }, icon(passed ? "check" : "warn")), h3(passed ? wa().passed : wa().notPassed)),
    ol({ class: "steps" }, steps.map((each) => li(
      span({ class: each.result === "pass" ? "ok" : each.result === "fail" ? "bad" : "muted" }, icon(each.result === "pass" ? "check" : each.result === "fail" ? "cross" : "dots", 16)),
      div(span({ class: "strong" }, names[each.step] ?? each.step), " ", span({ class: "muted" }, each.reason ? reasons[each.reason] ?? each.reason : "", each.advice && ` · ${each.advice}`)),
      span({ class: "muted tiny num" }, each.duration_ms !== undefined && each.result !== "skipped" && `${each.duration_ms} ms`)))));
}

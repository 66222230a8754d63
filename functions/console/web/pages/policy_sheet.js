// The sheet of a policy: limits, models, hours; before it is saved it shows what changes, and for how many people.

import { h, useState } from "../vendor/preact.js";
import { button, code, div, formElement, h3, p, section, span, ul, li } from "../dom.js";
import { Dialog } from "../ui/dialog.js";
import { selectField, textField } from "../ui/field.js";
import { formNotes, numberOrNull, useForm } from "../ui/form.js";
import { limitName, listedText } from "../ui/limits.js";
import { useLoad } from "../ui/load.js";
import { note, segment } from "../ui/parts.js";
import { ModelPicker } from "../ui/picker.js";
import { Week, rangeName } from "../ui/week.js";
import { read, write } from "../api.js";
import { BROWSERS_ZONE } from "../prefs.js";
import { PolicyLimits } from "./policy_limits.js";
import { findings, readFindings } from "./shadow_findings.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

export const LIMITS = ["rate_limit", "token_rate_limit", "request_quota_daily", "token_quota_daily", "token_quota_monthly", "cost_quota_monthly", "max_concurrency"];
const FIELDS_OF_POLICY = ["name", "mode", ...LIMITS, "limits", "rate_limit_window", "models", "default_model", "available_time_ranges", "timezone", "region"];
const EMPTY_POLICY = { name: "", mode: "enforce", rate_limit: null, token_rate_limit: null, request_quota_daily: null, token_quota_daily: null, token_quota_monthly: null, cost_quota_monthly: null, max_concurrency: null, limits: [], rate_limit_window: 60, models: [], default_model: null, available_time_ranges: [], timezone: BROWSERS_ZONE, region: null };

/** The models that a glob of a policy matches now. @param {string} glob @param {any[]} models */
const matched = (glob, models) => models.filter((each) => new RegExp(`^${glob.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`).test(each.id));

/** @param {unknown} value */
const told = (value) => (value === null ? "–" : Array.isArray(value) ? value.map((each) => (typeof each !== "object" ? each : each.what ? listedText(each) : rangeName(each))).join(", ") || "–" : String(value));

/** @param {{ of: any, begin: any, models: any[], people: number | null, close: () => void, saved: () => void }} props */
export function PolicySheet({ of, begin, models, people, close, saved }) {
  const form = useForm(of ?? EMPTY_POLICY, FIELDS_OF_POLICY);
  const [begun, setBegun] = useState(false);
  const wasShadow = of?.mode === "shadow";
  const found = useLoad(() => (wasShadow ? readFindings(of.name) : Promise.resolve([])), [wasShadow]);
  const t = wa().policies;
  const { now } = form;
  // A copy begins with what was copied, as changes of an empty one.
  if (begin && !begun) {
    setBegun(true);
    for (const field of FIELDS_OF_POLICY) if (field in begin) form.set(field, begin[field]);
  }
  async function save(/** @type {Event} */ event) {
    event.preventDefault();
    const newest = () => read(`api/v1/admin/policies/${encodeURIComponent(of.name)}`);
    const result = await form.save((changes, version) => (of ? write("PUT", `api/v1/admin/policies/${encodeURIComponent(of.name)}`, changes, version) : write("POST", "api/v1/admin/policies", changes)), of && newest);
    if (result) saved();
  }
  const changed = (/** @type {string} */ field) => of && field in form.changes;
  const amount = (/** @type {string} */ field) =>
    textField(limitName(field), now[field]?.toString() ?? "", (value) => form.set(field, numberOrNull(value)), { type: "number", min: "0", step: field.startsWith("cost") ? "any" : "1", placeholder: t.noLimit, error: form.error(field), changed: changed(field) });
  const globs = now.models.filter((/** @type {string} */ each) => each.includes("*"));
  const zones = [...new Set([now.timezone, BROWSERS_ZONE, "UTC", ...Intl.supportedValuesOf("timeZone")])];
  const actions = [span({ class: "muted small grow" }, form.dirty && of ? t.meets(people) : ""),
    button({ type: "button", class: "btn", onClick: close }, w().cancel), button({ type: "submit", form: "policy-form", class: "btn primary", disabled: form.busy || !form.dirty }, form.conflicts.length ? wa().saveMine : of ? w().save : t.new)];
  return h(Dialog, { title: of ? of.name : t.new, about: of && t.under(people), sheet: true, close, actions },
    formElement({ id: "policy-form", class: "stack", onSubmit: save },
      formNotes(form, FIELDS_OF_POLICY),
      !of && textField(t.name, now.name, (value) => form.set("name", value), { class: "input mono", required: true, autofocus: true, error: form.error("name") }),
      div({ class: "field" }, p({ class: "label" }, t.mode), div(segment(t.mode, [["enforce", t.enforce], ["shadow", t.shadow]], now.mode, (value) => form.set("mode", value))), span({ class: "hint" }, now.mode === "shadow" ? t.shadowHint : t.enforceHint)),
      wasShadow && findings(found),
      wasShadow && now.mode === "enforce" && note("warn", p(t.toEnforce(people))),
      section({ class: "grid two" }, LIMITS.map(amount), textField(t.window, String(now.rate_limit_window), (value) => form.set("rate_limit_window", numberOrNull(value)), { type: "number", min: "1", error: form.error("rate_limit_window"), changed: changed("rate_limit_window") })),
      h(PolicyLimits, { limits: now.limits, change: (value) => form.set("limits", value), error: form.error("limits") }),
      h(ModelPicker, { name: t.models, options: models, chosen: now.models, change: (value) => form.set("models", value), all: w().all, typed: t.glob }),
      globs.length > 0 && ul({ class: "small muted" }, globs.map((/** @type {string} */ glob) => li(code(glob), " → ", matched(glob, models).map((each) => each.id).join(", ") || t.matchesNothing))),
      selectField(t.fallback, [["", w().none], ...models.map((each) => /** @type {[string, string]} */ ([each.id, each.id]))], now.default_model ?? "", (value) => form.set("default_model", value || null), { hint: t.fallbackHint, error: form.error("default_model"), changed: changed("default_model") }),
      section({ class: "stack" },
        h3(t.hours),
        h(Week, { name: t.hours, ranges: now.available_time_ranges, change: (value) => form.set("available_time_ranges", value) }),
        p({ class: "small muted", role: "status" }, now.available_time_ranges.length ? t.onlyHours(told(now.available_time_ranges), now.timezone) : t.always),
        selectField(t.zone, zones.map((each) => [each, each]), now.timezone, (value) => form.set("timezone", value), { hint: t.zoneHint, error: form.error("timezone"), changed: changed("timezone") })),
      of && form.dirty && section({ class: "note info" }, ul(Object.keys(form.changes).map((field) => li(code(field), `: ${told(of[field])} → ${told(now[field])}`))))));
}

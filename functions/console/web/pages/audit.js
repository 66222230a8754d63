// The audit trail: who changed what, on what, from where, with which result.

import { Fragment, h } from "../vendor/preact.js";
import { code, details, input, li, section, span, summary, ul } from "../dom.js";
import { CsvButton } from "../ui/csv.js";
import { shown, usePages } from "../ui/load.js";
import { plainSelect } from "../ui/field.js";
import { emptyState, pageHead } from "../ui/parts.js";
import { dataTable, showMore } from "../ui/table.js";
import { daysAgo, exactTime } from "../format.js";
import { get, withQuery } from "../api.js";
import { place, setQuery } from "../router.js";
import { nameIn } from "../sums.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

const AUDIT_DAYS = ["30", "90", "365"];

/** `backend.create` in words; a sign-in that was refused was none. @param {{ action: string, result: string }} entry */
export function actionText({ action, result }) {
  const [object, deed] = action.split(".");
  const t = wa().audit;
  if (action === "session.create" && result !== "ok") return t.tried;
  const whole = /** @type {Record<string, string>} */ (t.actions)[action];
  if (whole) return whole;
  return `${/** @type {any} */ (t.deeds)[deed] ?? deed} ${/** @type {any} */ (t.objects)[object] ?? object}`;
}

/** Who it was, also if the account is gone. @param {any} entry */
export const actorName = (entry) => entry.actor_name ?? (entry.actor === "system" ? wa().audit.system : entry.actor === "anonymous" ? wa().audit.anonymous : entry.actor);

/** What it was done to, unless that is who has done it. @param {any} entry @param {Record<string, any>} names */
export const targetName = (entry, names) => (entry.target === entry.actor ? "" : nameIn(names, entry.target));

/** @param {any} value */
const shortly = (value) => (value === null || value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value));

/** The fields that were changed, and from what to what, where that is no secret. @param {any} entry */
function changesOf(entry) {
  const fields = [...new Set([...entry.changed, ...Object.keys(entry.values ?? {})])];
  return fields.map((field) => {
    const told = entry.values?.[field];
    return li(code(field), told && span({ class: "muted" }, ` ${shortly(told.old)} → ${shortly(told.new)}`));
  });
}

/** @param {any} entry @param {Record<string, any>} names */
function changed(entry, names) {
  const fields = changesOf(entry);
  const what = [actionText(entry), " ", targetName(entry, names)];
  return fields.length === 0 ? what : details(summary(what), ul({ class: "small" }, fields));
}

export function Audit() {
  const query = place.value.query;
  const filter = { action: query.get("action"), target: query.get("target"), result: query.get("result") };
  const days = query.get("days") ?? AUDIT_DAYS[0];
  const path = () => withQuery("api/v1/admin/audit", { ...filter, from: daysAgo(Number(days)).toISOString() });
  const list = usePages((cursor, signal) => get(withQuery(path(), { cursor }), { signal }), [days, ...Object.values(filter)]);
  const t = wa().audit;
  return h(Fragment, null,
    pageHead(w().places["admin/audit"], t.about,
      input({ type: "search", class: "input", placeholder: t.target, "aria-label": t.target, value: filter.target ?? "", onChange: (event) => setQuery({ target: event.currentTarget.value.trim() }) }),
      plainSelect(AUDIT_DAYS.map((each) => [each, w().usage.days(Number(each))]), days, (value) => setQuery({ days: value }), { "aria-label": w().usage.range, class: "input auto" }),
      plainSelect([["", t.anyResult], ["ok", t.ok], ["refused", t.refused]], filter.result ?? "", (value) => setQuery({ result: value }), { "aria-label": t.result, class: "input auto" }),
      h(CsvButton, { path: path(), name: "audit.csv" })),
    shown(list, (page) => page.data.length === 0 ? emptyState(w().nothingFound) : section({ class: "card" }, dataTable(w().places["admin/audit"], [
      { name: t.time, class: "mono", cell: (each) => exactTime(each.at) },
      { name: t.who, cell: (each) => span({ title: each.actor_email ?? undefined }, actorName(each)) },
      { name: t.what, cell: (each) => changed(each, page.names) },
      { name: t.from, class: "mono wide", cell: (each) => each.address ?? "–" },
      { name: t.result, class: "wide", cell: (each) => (each.result === "ok" ? t.ok : span({ class: "tag warn" }, each.result)) },
      { name: w().requestId, class: "mono wide", cell: (each) => span({ class: "muted" }, each.request_id.slice(-8)) },
    ], page.data, (each) => each.id), showMore(page, list.more)), 8));
}

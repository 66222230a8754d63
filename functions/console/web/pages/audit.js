// The audit trail: who changed what, on what, from where, with which result.

import { Fragment, h } from "../vendor/preact.js";
import { code, input, section, span } from "../dom.js";
import { shown, useLoad, usePages } from "../ui/load.js";
import { plainSelect } from "../ui/field.js";
import { emptyState, pageHead } from "../ui/parts.js";
import { dataTable, showMore } from "../ui/table.js";
import { exactTime } from "../format.js";
import { get, readAll, withQuery } from "../api.js";
import { place, setQuery } from "../router.js";
import { w } from "../words.js";

/** `backend.create` in words. @param {string} action */
export function actionText(action) {
  const [object, deed] = action.split(".");
  const t = w().audit;
  return `${/** @type {any} */ (t.deeds)[deed] ?? deed} ${/** @type {any} */ (t.objects)[object] ?? object}`;
}

/** What ids of the trail are called. @returns {Promise<Map<string, string>>} */
export async function auditNames() {
  const lists = await Promise.all(["users", "backends"].map((each) => readAll(`api/v1/admin/${each}`)));
  return new Map(lists.flat().map((each) => [each.id, each.name]));
}

export function Audit() {
  const query = place.value.query;
  const filter = { action: query.get("action"), target: query.get("target"), result: query.get("result") };
  const list = usePages((cursor, signal) => get(withQuery("api/v1/admin/audit", { ...filter, cursor }), { signal }), Object.values(filter));
  const names = useLoad(auditNames, []);
  const called = (/** @type {string} */ id) => (id === "system" ? w().audit.system : names.data?.get(id) ?? id);
  const t = w().audit;
  return h(Fragment, null,
    pageHead(w().places["admin/audit"], t.about,
      input({ type: "search", class: "input", placeholder: t.target, "aria-label": t.target, value: filter.target ?? "", onChange: (event) => setQuery({ target: event.currentTarget.value.trim() }) }),
      plainSelect([["", t.anyResult], ["ok", t.ok], ["refused", t.refused]], filter.result ?? "", (value) => setQuery({ result: value }), { "aria-label": t.result, class: "input auto" })),
    shown(list, (page) => page.data.length === 0 ? emptyState(w().nothingFound) : section({ class: "card" }, dataTable(w().places["admin/audit"], [
      { name: t.time, class: "mono", cell: (each) => exactTime(each.at) },
      { name: t.who, cell: (each) => called(each.actor) },
      { name: t.what, cell: (each) => [actionText(each.action), " ", called(each.target), each.changed.map((/** @type {string} */ field) => [" ", code({ class: "tag" }, field)])] },
      { name: t.from, class: "mono wide", cell: (each) => each.address ?? "–" },
      { name: t.result, class: "wide", cell: (each) => (each.result === "ok" ? t.ok : span({ class: "tag warn" }, each.result)) },
      { name: w().requestId, class: "mono wide", cell: (each) => span({ class: "muted" }, each.request_id.slice(-8)) },
    ], page.data, (each) => each.id), showMore(page, list.more)), 8));
}

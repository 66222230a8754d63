// People: approvals on top, then everybody, by status, role, department and text.

import { Fragment, h, useEffect, useState } from "../vendor/preact.js";
import { a, button, div, h2, header, input, li, p, section, span, ul } from "../dom.js";
import { CsvButton } from "../ui/csv.js";
import { waiting } from "../ui/frame.js";
import { icon, state } from "../ui/icon.js";
import { shown, useLoad, usePages } from "../ui/load.js";
import { plainSelect } from "../ui/field.js";
import { act, emptyState, pageHead } from "../ui/parts.js";
import { dataTable, showMore } from "../ui/table.js";
import { toast, toastRefusal } from "../ui/toast.js";
import { ago, dateTime } from "../format.js";
import { get, read, readAll, withQuery, write } from "../api.js";
import { go, place, setQuery } from "../router.js";
import { hasRole } from "../session.js";
import { PeopleBulk } from "./people_bulk.js";
import { PersonSheet } from "./person_sheet.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

const APPROVALS_SECONDS = 60;

/** @param {any} person */
export function personState(person) {
  const t = wa().people;
  return state(person.status === "active" ? "ok" : person.status === "pending" ? "warn" : "off", /** @type {any} */ (t.statuses)[person.status] ?? person.status);
}

/** @param {any} person @param {string} status */
const setStatus = (person, status) => write("PUT", `api/v1/admin/users/${person.id}`, { status });

/** Those who wait, each decided in place; what was done can be taken back. @param {{ changed: () => void }} props */
function Approvals({ changed }) {
  const pending = useLoad(() => readAll("api/v1/admin/users?status=pending"), [], APPROVALS_SECONDS);
  const t = wa().people;
  useEffect(() => {
    if (pending.data) waiting.value = { ...waiting.value, "admin/people": pending.data.length };
  }, [pending.data]);
  const decide = async (/** @type {any[]} */ people, /** @type {string} */ status) => {
    const results = await Promise.allSettled(people.map((each) => setStatus(each, status)));
    const refused = results.find((each) => each.status === "rejected");
    if (refused) toastRefusal(refused.reason);
    const back = () => void Promise.all(people.map((each) => setStatus(each, status === "active" ? "disabled" : "active"))).then(changed, toastRefusal);
    if (!refused) toast(status === "active" ? t.approved(people.length) : t.declined(people.length), back);
    await pending.reload();
    changed();
  };
  if (!pending.data?.length) return null;
  return section({ class: "card" },
    header(h2(t.waiting), span({ class: "count" }, pending.data.length), pending.data.length > 1 && act("btn small", () => decide(pending.data ?? [], "active"), t.approveAll)),
    ul({ class: "list" }, pending.data.map((person) => li(
      p({ class: "grow" }, span({ class: "strong" }, person.name), " ", span({ class: "muted" }, person.email), person.department && span({ class: "muted" }, ` · ${person.department}`)),
      span({ class: "muted tiny", title: dateTime(person.created_at) }, ago(person.created_at)),
      div({ class: "row nowrap" },
        act("btn small primary", () => decide([person], "active"), t.approve),
        act("btn small", () => decide([person], "disabled"), t.decline))))));
}

/** @param {{ rest: string }} props */
export function People({ rest }) {
  const query = place.value.query;
  const filter = { q: query.get("q"), status: query.get("status"), role: query.get("role"), department: query.get("department") };
  const list = usePages((cursor, signal) => get(withQuery("api/v1/admin/users", { ...filter, cursor }), { signal }), Object.values(filter));
  const policies = useLoad(() => (hasRole("admin") ? readAll("api/v1/admin/policies") : Promise.resolve([])), []);
  const departments = useLoad(() => readAll("api/v1/admin/departments"), []);
  const [invited, setInvited] = useState(false);
  const [chosen, setChosen] = useState(/** @type {string[]} */ ([]));
  const t = wa().people;
  const one = useLoad(async () => (rest ? list.data?.data.find((each) => each.id === rest) ?? read(`api/v1/admin/users/${rest}`) : null), [rest, !list.data]);
  const close = () => { setInvited(false); if (rest) go("admin/people"); };
  /** @type {(field: string, name: string, options: [string, string][]) => any} */
  const chooser = (field, name, options) => plainSelect([["", name], ...options], query.get(field) ?? "", (value) => setQuery({ [field]: value }), { "aria-label": name, class: "input auto" });
  const pick = (/** @type {string} */ id, /** @type {boolean} */ on) => setChosen(on ? [...chosen, id] : chosen.filter((each) => each !== id));
  const isFiltered = Object.values(filter).some(Boolean);
  const admins = hasRole("admin");
  return h(Fragment, null,
    pageHead(w().places["admin/people"], null,
      input({ type: "search", class: "input", placeholder: t.find, "aria-label": t.find, value: filter.q ?? "", onChange: (event) => setQuery({ q: event.currentTarget.value }) }),
      chooser("status", t.anyStatus, Object.entries(t.statuses)), chooser("role", t.anyRole, Object.entries(w().roles)),
      admins && (departments.data?.length ?? 0) > 0 && chooser("department", t.anyDepartment, (departments.data ?? []).map((each) => [each.name, t.inDepartment(each.name, each.people)])),
      h(CsvButton, { path: withQuery("api/v1/admin/users", filter), name: "people.csv" }),
      admins && a({ class: "btn", href: "#/admin/people/import" }, t.import),
      admins && button({ type: "button", class: "btn primary", onClick: () => setInvited(true) }, icon("plus", 16), t.add)),
    div({ class: "stack" },
      h(Approvals, { changed: () => void list.reload() }),
      list.data && h(PeopleBulk, { chosen: list.data.data.filter((each) => chosen.includes(each.id)), all: list.data.data, policies: policies.data ?? [], choose: setChosen, changed: list.reload }),
      shown(list, (page) => page.data.length === 0
        ? emptyState(isFiltered ? w().nothingFound : t.none)
        : section({ class: "card" }, dataTable(w().places["admin/people"], [
          { name: t.choose, class: "pick", cell: (each) => input({ type: "checkbox", "aria-label": t.chooseOne(each.name), checked: chosen.includes(each.id), onChange: (event) => pick(each.id, event.currentTarget.checked) }) },
          { name: t.name, cell: (each) => [span({ class: "strong" }, each.name), span({ class: "sub" }, each.email)] },
          { name: t.status, cell: personState },
          { name: t.role, class: "wide", cell: (each) => w().roles[/** @type {import("../session.js").Role} */ (each.role)] },
          { name: t.department, class: "wide", cell: (each) => each.department ?? span({ class: "muted" }, "–") },
          { name: t.policy, class: "wide mono", cell: (each) => each.quota_policy },
          { name: t.since, class: "wide", cell: (each) => span({ title: dateTime(each.created_at) }, ago(each.created_at)) },
        ], page.data, (each) => each.id, (each) => go(`admin/people/${each.id}`)), showMore(page, list.more)))),
    (invited || (rest && one.data)) && h(PersonSheet, { key: rest || "new", of: invited ? null : one.data, policies: policies.data ?? [], close, saved: () => { close(); void list.reload(); } }));
}

// Requests: one's own, or of all; a row opens all fields and a sentence on what happened.

import { Fragment, h } from "../vendor/preact.js";
import { code, div, p, section, span, table, tbody, td, th, tr } from "../dom.js";
import { CsvButton } from "../ui/csv.js";
import { Dialog } from "../ui/dialog.js";
import { plainSelect } from "../ui/field.js";
import { shown, useLoad, usePages } from "../ui/load.js";
import { CopyButton, emptyState, pageHead } from "../ui/parts.js";
import { dataTable, showMore } from "../ui/table.js";
import { compact, dateTime, daysAgo, duration, exactTime, money } from "../format.js";
import { get, readAll, withQuery } from "../api.js";
import { go, place, setQuery } from "../router.js";
import { hasRole } from "../session.js";
import { w } from "../words.js";

const RANGES = ["1", "7", "30"];
const FILTERS_OF_LOG = ["user", "department", "model", "backend", "key", "status"];

/** @param {number} status */
export const statusTag = (status) => span({ class: `tag mono ${status >= 500 ? "bad" : status >= 400 ? "warn" : ""}` }, String(status));

/** What happened, in a sentence. @param {any} record */
function story(record) {
  const t = w().requests;
  const model = record.model ?? "–";
  if (record.outcome === "failed") return t.failedStory(model, record.status);
  if (record.status >= 400) return t.refusedStory(model, record.status);
  return t.servedStory(model, record.streamed ? t.streamed : t.whole, duration(record.duration_ms), duration(record.first_byte_ms));
}

/** @param {{ record: any, names: Map<string, string>, close: () => void }} props */
function RecordSheet({ record, names, close }) {
  const shownValue = (/** @type {string} */ name, /** @type {any} */ value) =>
    value === null || value === undefined ? "–" : name === "at" ? dateTime(value) : name === "cost_usd" ? money(value) : name.endsWith("_ms") ? duration(value) : names.get(value) ?? (typeof value === "object" ? JSON.stringify(value) : String(value));
  return h(Dialog, { title: w().requestId, about: exactTime(record.at), sheet: true, close },
    p(story(record)),
    div({ class: "secret" }, code(record.request_id), h(CopyButton, { text: record.request_id })),
    table(tbody(Object.entries(record).filter(([name]) => !["id", "request_id"].includes(name)).map(([name, value]) =>
      tr(th({ scope: "row" }, /** @type {Record<string, string>} */ (w().requests.fields)[name] ?? name), td({ class: "mono" }, shownValue(name, value)))))));
}

/** @param {{ all?: boolean, rest: string }} props */
export function Requests({ all = false, rest }) {
  const query = place.value.query;
  const days = query.get("days") ?? "7";
  const filter = Object.fromEntries(FILTERS_OF_LOG.map((each) => [each, query.get(each)]));
  const base = all ? "api/v1/admin/logs" : "api/v1/user/logs";
  const here = all ? "admin/requests" : "requests";
  const path = withQuery(base, { ...(all ? filter : {}), from: daysAgo(Number(days)).toISOString() });
  const list = usePages((cursor, signal) => get(withQuery(path.replace(/from=[^&]*/, `from=${encodeURIComponent(daysAgo(Number(days)).toISOString())}`), { cursor }), { signal }), [base, days, ...Object.values(filter)]);
  const names = useLoad(async () => {
    const lists = await Promise.all([all ? readAll("api/v1/admin/users") : readAll("api/v1/user/keys"), all && hasRole("admin") ? readAll("api/v1/admin/backends") : []]);
    return new Map(lists.flat().map((each) => [each.id, each.name]));
  }, [all]);
  const called = (/** @type {string | null} */ id) => (id ? names.data?.get(id) ?? span({ class: "muted mono" }, id.slice(-8)) : "–");
  const t = w().requests;
  // A record that is asked for by its request is among the latest, else it is looked for.
  const opened = useLoad(async () => (rest ? list.data?.data.find((each) => each.request_id === rest || each.id === rest) ?? null : null), [rest, list.data]);
  const own = (/** @type {any} */ each) => (all ? called(each.user) : called(each.key));
  return h(Fragment, null,
    pageHead(w().places[here], t.about,
      plainSelect(RANGES.map((each) => [each, w().usage.days(Number(each))]), days, (value) => setQuery({ days: value }), { "aria-label": w().usage.range, class: "input auto" }),
      all && plainSelect([["", t.anyStatus], ["200", "200"], ["400", "400"], ["401", "401"], ["404", "404"], ["429", "429"], ["500", "500"], ["502", "502"], ["503", "503"], ["504", "504"]], query.get("status") ?? "", (value) => setQuery({ status: value }), { "aria-label": t.status, class: "input auto" }),
      h(CsvButton, { path, name: "requests.csv" })),
    shown(list, (page) => page.data.length === 0
      ? emptyState(t.none)
      : section({ class: "card" }, dataTable(w().places[here], [
        { name: t.time, class: "mono", cell: (each) => exactTime(each.at) },
        { name: all ? t.who : t.key, cell: own },
        { name: t.model, class: "wide", cell: (each) => [code(each.model ?? "–"), each.backend && span({ class: "sub" }, called(each.backend))] },
        { name: t.client, class: "wide", cell: (each) => each.client },
        { name: t.status, cell: (each) => statusTag(each.status) },
        { name: t.tokens, class: "num wide", cell: (each) => `${compact(each.input_tokens)} → ${compact(each.output_tokens)}` },
        { name: t.cost, class: "num wide", cell: (each) => money(each.cost_usd) },
        { name: t.first, class: "num wide", cell: (each) => duration(each.first_byte_ms) },
        { name: t.took, class: "num wide", cell: (each) => duration(each.duration_ms) },
      ], page.data, (each) => each.id, (each) => go(`${here}/${each.request_id}`)), showMore(page, list.more)), 8),
    rest && opened.data && h(RecordSheet, { key: rest, record: opened.data, names: names.data ?? new Map(), close: () => go(here) }));
}

/** @param {{ rest: string }} props */
export function AllRequests({ rest }) {
  return h(Requests, { all: true, rest });
}

// Usage: columns by day, and the same as a table, by model, key, person, department or backend. Of one's own, or of all.

import { Fragment, h } from "../vendor/preact.js";
import { code, div, h2, header, p, section, span } from "../dom.js";
import { Columns } from "../ui/chart.js";
import { CsvButton } from "../ui/csv.js";
import { plainSelect } from "../ui/field.js";
import { shown, useLoad } from "../ui/load.js";
import { bar, emptyState, pageHead, segment } from "../ui/parts.js";
import { dataTable } from "../ui/table.js";
import { compact, dayName, money, number, percent } from "../format.js";
import { get, readAll, withQuery } from "../api.js";
import { place, setQuery } from "../router.js";
import { hasRole } from "../session.js";
import { formatOf, lastDays, measured, totalOf } from "../sums.js";
import { w } from "../words.js";

/** @typedef {import("../sums.js").Measure} Measure */
const FILTERS = ["user", "department", "model", "backend", "key"];

/** What ids of a grouping are called. @param {string} group @param {boolean} all @returns {Promise<Map<string, string>>} */
async function namesOf(group, all) {
  const path = group === "key" && !all ? "api/v1/user/keys" : group === "user" ? "api/v1/admin/users" : group === "backend" && hasRole("admin") ? "api/v1/admin/backends" : null;
  return new Map(path ? (await readAll(path)).map((each) => [each.id, each.name]) : []);
}

/** @param {{ all?: boolean }} props */
export function Usage({ all = false }) {
  const query = place.value.query;
  const days = Number(query.get("days") ?? 30);
  const group = query.get("group") ?? "model";
  const measure = /** @type {Measure} */ (query.get("measure") ?? "requests");
  const base = all ? "api/v1/admin/usage" : "api/v1/user/usage";
  const filter = Object.fromEntries(FILTERS.map((each) => [each, all ? query.get(each) : null]));
  const range = lastDays(days);
  const asked = { ...filter, from: range[0], to: range.at(-1) };
  const loaded = useLoad(async () => {
    const [byDay, byGroup, names] = await Promise.all([get(withQuery(base, { ...asked, group_by: "day" })), get(withQuery(base, { ...asked, group_by: group })), namesOf(group, all)]);
    return { byDay: new Map(byDay.data.map((/** @type {any} */ each) => [each.day, each])), byGroup: /** @type {any[]} */ (byGroup.data), names };
  }, [base, days, group, ...Object.values(filter)]);
  const t = w().usage;
  const title = all ? w().places["admin/traffic"] : w().places.usage;
  const groups = all ? ["model", "user", "department", "backend", "key"] : ["model", "key"];
  const narrowed = FILTERS.filter((each) => filter[each]);
  return h(Fragment, null,
    pageHead(title, [t.utc, narrowed.length > 0 && ` · ${narrowed.map((each) => `${/** @type {any} */ (t.groups)[each]}: ${filter[each]}`).join(", ")}`],
      segment(t.range, [["7", t.days(7)], ["30", t.days(30)], ["90", t.days(90)]], String(days), (value) => setQuery({ days: value })),
      h(CsvButton, { path: withQuery(base, { ...asked, group_by: group }), name: `usage-${range[0]}-${range.at(-1)}.csv` })),
    shown(loaded, ({ byDay, byGroup, names }) => {
      const values = range.map((day) => (byDay.has(day) ? measured(byDay.get(day), measure) : 0));
      const total = totalOf(byGroup);
      if (total.requests === 0) return emptyState(t.none);
      const whole = measured(total, measure) || 1;
      return div({ class: "stack" },
        section({ class: "card", "aria-labelledby": "by-day" },
          header(h2({ id: "by-day" }, t.byDay), segment(t.measure, [["requests", t.requests], ["tokens", t.tokens], ["cost", t.cost]], measure, (value) => setQuery({ measure: value }))),
          div({ class: "body" }, h(Columns, { name: t.byDay, whole: measure !== "cost", labels: range.map(dayName), series: [{ name: t.measures[measure], color: 1, values }], format: formatOf(measure), together: t.measures[measure] })),
          p({ class: "body row small" }, span(t.requests, " ", span({ class: "strong" }, number(total.requests))), span(t.failed, " ", span({ class: "strong" }, percent(total.errors, total.requests))), span(t.input, " ", span({ class: "strong" }, compact(total.input_tokens))), span(t.cached, " ", span({ class: "strong" }, percent(total.cached_input_tokens, total.input_tokens))), span(t.output, " ", span({ class: "strong" }, compact(total.output_tokens))), span(t.cost, " ", span({ class: "strong" }, money(total.cost_usd))))),
        section({ class: "card" },
          header(h2(t.table), plainSelect(groups.map((each) => [each, /** @type {any} */ (t.groups)[each]]), group, (value) => setQuery({ group: value }), { "aria-label": t.group, class: "input auto" })),
          dataTable(t.table, [
            { name: /** @type {any} */ (t.groups)[group], cell: (each) => (names.get(each[group]) ? span(names.get(each[group])) : code(each[group] ?? "–")) },
            { name: t.share, class: "wide", cell: (each) => div({ class: "row nowrap" }, bar(measured(each, measure) / whole), span({ class: "num share" }, percent(measured(each, measure), whole))) },
            { name: t.requests, class: "num", cell: (each) => number(each.requests) },
            { name: t.failed, class: "num wide", cell: (each) => percent(each.errors, each.requests) },
            { name: t.input, class: "num wide", cell: (each) => compact(each.input_tokens) },
            { name: t.cached, class: "num wide", cell: (each) => compact(each.cached_input_tokens) },
            { name: t.output, class: "num wide", cell: (each) => compact(each.output_tokens) },
            { name: t.thinking, class: "num wide", cell: (each) => compact(each.reasoning_tokens) },
            { name: t.cost, class: "num", cell: (each) => money(each.cost_usd) },
          ], [...byGroup].sort((one, other) => measured(other, measure) - measured(one, measure)), (each) => each[group] ?? "")));
    }, 8));
}

export function Traffic() {
  return h(Usage, { all: true });
}

// Usage: columns by hour or day, and the same as a table, by one or two of model, key, person, department and backend. Of one's
// own, or of all.

import { Fragment, h } from "../vendor/preact.js";
import { button, code, div, h2, header, li, p, section, span, ul } from "../dom.js";
import { Columns, legendOf } from "../ui/chart.js";
import { CsvButton } from "../ui/csv.js";
import { plainSelect } from "../ui/field.js";
import { icon } from "../ui/icon.js";
import { shown, useLoad } from "../ui/load.js";
import { bar, emptyState, pageHead, segment } from "../ui/parts.js";
import { dataTable } from "../ui/table.js";
import { compact, duration, money, number, percent } from "../format.js";
import { withQuery } from "../api.js";
import { zone } from "../prefs.js";
import { place, setQuery } from "../router.js";
import { formatOf, inShownZone, lastTime, measured, nameIn, readSums, seriesOf, totalOf } from "../sums.js";
import { w } from "../words.js";

/** @typedef {import("../sums.js").Measure} Measure */
/** @typedef {{ range: import("../sums.js").TimeRange, byTime: any, byGroup: any }} Report */

const FILTERS = ["user", "department", "model", "backend", "key"];
/** Groups that are few enough for columns of each; of all people and keys there may be thousands. */
const STACKED = ["model", "department", "backend"];
const LONGEST_STACK = 30;

/**
 * @param {string} base @param {number} days @param {string[]} groups @param {Record<string, string | null>} filter @param {boolean} stacks
 * @returns {Promise<Report>}
 */
const readReport = (base, days, groups, filter, stacks) => inShownZone(async (ofZone) => {
  const range = lastTime(days, ofZone);
  const by = stacks ? `${range.unit},${groups[0]}` : range.unit;
  const [byTime, byGroup] = await Promise.all([readSums(base, range, { ...filter, group_by: by }), readSums(base, range, { ...filter, group_by: groups.join(",") })]);
  return { range, byTime, byGroup };
});

/** What a value of a group is called. @param {string} group @param {any} each @param {Record<string, any>} names */
const groupCell = (group, each, names) => (names[each[group]] ? span({ title: names[each[group]].email }, nameIn(names, each[group])) : code(each[group] ?? "–"));

/** @param {Report} report @param {string} group @param {Measure} measure */
function columnsCard({ range, byTime, byGroup }, group, measure) {
  const t = w().usage;
  const total = totalOf(byGroup.data);
  const stacked = seriesOf(range, byTime, group, measure, t.others);
  const series = stacked.length > 1 ? stacked : seriesOf(range, byTime, "", measure, t.others).map((each) => ({ ...each, name: t.measures[measure] }));
  const title = range.unit === "hour" ? t.byHour : t.byDay;
  /** @type {[string, string][]} */
  const figures = [[t.requests, number(total.requests)], [t.failed, percent(total.errors, total.requests)], [t.input, compact(total.input_tokens)], [t.cached, percent(total.cached_input_tokens, total.input_tokens)], [t.output, compact(total.output_tokens)], [t.cost, money(total.cost_usd)]];
  return section({ class: "card", "aria-labelledby": "by-time" },
    header(h2({ id: "by-time" }, title), segment(t.measure, [["requests", t.requests], ["tokens", t.tokens], ["cost", t.cost]], measure, (value) => setQuery({ measure: value }))),
    div({ class: "body stack" },
      h(Columns, { name: title, whole: measure !== "cost", labels: range.labels, series, format: formatOf(measure), together: t.measures[measure] }),
      legendOf(series),
      p({ class: "row small" }, figures.map(([name, value]) => span(name, " ", span({ class: "strong" }, value))))));
}

/** @param {Report} report @param {string[]} groups @param {Measure} measure @param {string[]} choices @param {((each: any) => void) | undefined} open */
function tableCard({ byGroup }, groups, measure, choices, open) {
  const t = w().usage;
  const names = /** @type {Record<string, string>} */ (t.groups);
  const [group, second] = groups;
  const whole = measured(totalOf(byGroup.data), measure) || 1;
  const options = (/** @type {string[]} */ of) => of.map((each) => /** @type {[string, string]} */ ([each, names[each]]));
  return section({ class: "card" },
    header(h2(t.table),
      plainSelect(options(choices), group, (value) => setQuery({ group: value, second: null }), { "aria-label": t.group, class: "input auto" }),
      plainSelect([["", t.noSecond], ...options(choices.filter((each) => each !== group))], second ?? "", (value) => setQuery({ second: value }), { "aria-label": t.second, class: "input auto" })),
    dataTable(t.table, [
      { name: names[group], cell: (each) => groupCell(group, each, byGroup.names) },
      ...(second ? [{ name: names[second], cell: (/** @type {any} */ each) => groupCell(second, each, byGroup.names) }] : []),
      { name: t.share, class: "wide", cell: (each) => div({ class: "row nowrap" }, bar(measured(each, measure) / whole), span({ class: "num share" }, percent(measured(each, measure), whole))) },
      { name: t.requests, class: "num", cell: (each) => number(each.requests) },
      { name: t.failed, class: "num wide", cell: (each) => percent(each.errors, each.requests) },
      { name: t.input, class: "num wide", cell: (each) => compact(each.input_tokens) },
      { name: t.cached, class: "num wide", cell: (each) => compact(each.cached_input_tokens) },
      { name: t.output, class: "num wide", cell: (each) => compact(each.output_tokens) },
      { name: t.thinking, class: "num wide", cell: (each) => compact(each.reasoning_tokens) },
      { name: t.first, class: "num wide", cell: (each) => each.first_byte_ms ? span({ title: t.within(duration(each.first_byte_ms.p95)) }, duration(each.first_byte_ms.p50)) : "–" },
      { name: t.speed, class: "num wide", cell: (each) => (each.output_tokens_per_s ? number(each.output_tokens_per_s, { maximumFractionDigits: 0 }) : "–") },
      { name: t.cost, class: "num", cell: (each) => money(each.cost_usd) },
    ], byGroup.data.filter((/** @type {any} */ each) => each.requests > 0).sort((/** @type {any} */ one, /** @type {any} */ other) => measured(other, measure) - measured(one, measure)), (each) => groups.map((by) => each[by]).join(" "), open));
}

/** Requests that no backend was called for. @param {Record<string, number>} refused */
export function refusedCard(refused) {
  const t = w().usage;
  const reasons = Object.entries(refused).sort(([, one], [, other]) => other - one);
  return reasons.length > 0 && section({ class: "card" },
    header(h2(t.refused), span({ class: "muted small" }, t.refusedAbout)),
    ul({ class: "list" }, reasons.map(([reason, count]) => li(span({ class: "grow" }, /** @type {Record<string, string>} */ (t.refusals)[reason] ?? reason), span({ class: "num" }, number(count))))));
}

/** @param {{ all?: boolean }} props */
export function Usage({ all = false }) {
  const query = place.value.query;
  const days = Number(query.get("days") ?? 30);
  const choices = all ? ["model", "user", "department", "backend", "key"] : ["model", "key"];
  const group = query.get("group") ?? "model";
  const groups = [group, query.get("second") ?? ""].filter((each) => choices.includes(each));
  const measure = /** @type {Measure} */ (query.get("measure") ?? "requests");
  const base = all ? "api/v1/admin/usage" : "api/v1/user/usage";
  const filter = Object.fromEntries(FILTERS.map((each) => [each, all ? query.get(each) : null]));
  const stacks = days <= LONGEST_STACK && (!all || STACKED.includes(group));
  const loaded = useLoad(() => readReport(base, days, groups, filter, stacks), [base, days, groups.join(), zone.value, ...Object.values(filter)]);
  const t = w().usage;
  const names = /** @type {Record<string, string>} */ (t.groups);
  const range = loaded.data?.range;
  const called = (/** @type {string | null} */ id) => nameIn({ ...loaded.data?.byTime.names, ...loaded.data?.byGroup.names }, id);
  // A row of all leads to its models, or to its people.
  const open = all && groups.length === 1 ? (/** @type {any} */ each) => each[group] && setQuery({ [group]: each[group], group: group === "model" ? "user" : "model" }) : undefined;
  return h(Fragment, null,
    pageHead(all ? w().places["admin/traffic"] : w().places.usage, range && t.zone(range.zone),
      segment(t.range, [["1", t.days(1)], ["7", t.days(7)], ["30", t.days(30)], ["90", t.days(90)]], String(days), (value) => setQuery({ days: value })),
      range && h(CsvButton, { path: withQuery(base, { ...filter, ...range.query, group_by: groups.join(",") }), name: `usage-${range.query.from.slice(0, 10)}-${range.query.to.slice(0, 10)}.csv` })),
    div({ class: "stack" },
      FILTERS.some((each) => filter[each]) && div({ class: "row" }, FILTERS.filter((each) => filter[each]).map((each) =>
        button({ type: "button", class: "btn small", "aria-label": t.unfilter(names[each]), onClick: () => setQuery({ [each]: null }) }, `${names[each]}: ${called(filter[each])}`, icon("cross", 12)))),
      shown(loaded, (report) => {
        const total = totalOf(report.byGroup.data);
        if (total.requests === 0) return [emptyState(t.none), refusedCard(total.refused)];
        return [columnsCard(report, group, measure), tableCard(report, groups, measure, choices, open), refusedCard(total.refused)];
      }, 8)));
}

export function Traffic() {
  return h(Usage, { all: true });
}

// Requests: one's own, or of all; a row opens all fields and a sentence on what happened.

import { Fragment, h } from "../vendor/preact.js";
import { button, code, div, section, span } from "../dom.js";
import { CsvButton } from "../ui/csv.js";
import { plainSelect } from "../ui/field.js";
import { icon } from "../ui/icon.js";
import { errorCard, shown, useLoad, usePages } from "../ui/load.js";
import { emptyState, pageHead } from "../ui/parts.js";
import { dataTable, showMore } from "../ui/table.js";
import { compact, daysAgo, duration, exactTime, money } from "../format.js";
import { get, withQuery } from "../api.js";
import { go, place, setQuery } from "../router.js";
import { nameIn } from "../sums.js";
import { RequestSheet } from "./request_sheet.js";
import { w } from "../words.js";

const RANGES = ["1", "7", "30"];
const FILTERS_OF_ALL = ["user", "department", "model", "backend", "key"];
const FILTERS_OF_LOG = ["status", "outcome", "client", "min_duration_ms"];
const STATUSES = ["2xx", "4xx", "5xx", "400", "401", "403", "404", "413", "429", "500", "502", "503", "504"];
const SLOW_MS = ["1000", "5000", "30000", "120000"];

/** Programs as they call themselves, by the API's names. @type {Record<string, string>} */
const PROGRAMS = {
  openai_sdk: "OpenAI SDK", anthropic_sdk: "Anthropic SDK", claude_code: "Claude Code", codex: "Codex", gemini_cli: "Gemini CLI", vercel_ai_sdk: "AI SDK", langchain: "LangChain", litellm: "LiteLLM", other: "–", unknown: "–",
};

/** @param {string} client */
const clientName = (client) => (client === "console" ? w().places.play : PROGRAMS[client] ?? client);

/** @param {number} status */
export const statusTag = (status) => span({ class: `tag mono ${status >= 500 ? "bad" : status >= 400 ? "warn" : ""}` }, String(status));

/** @param {Record<string, string | null>} filter */
function choosers(filter) {
  const t = w().requests;
  const chooser = (/** @type {string} */ field, /** @type {string} */ name, /** @type {[string, string][]} */ options) =>
    plainSelect([["", name], ...options], filter[field] ?? "", (value) => setQuery({ [field]: value }), { "aria-label": name, class: "input auto" });
  return [
    chooser("status", t.anyStatus, STATUSES.map((each) => [each, each])),
    chooser("outcome", t.anyOutcome, Object.entries(t.outcomes)),
    chooser("min_duration_ms", t.anyDuration, SLOW_MS.map((each) => [each, t.slower(duration(Number(each)))])),
  ];
}

/** What the log is narrowed to besides, each of which can be taken away. @param {string[]} fields @param {Record<string, string | null>} filter @param {Record<string, any>} names */
function narrowed(fields, filter, names) {
  const given = fields.filter((each) => filter[each]);
  const called = (/** @type {string} */ field) => /** @type {Record<string, string>} */ (w().requests.fields)[field];
  return given.length > 0 && div({ class: "row" }, given.map((each) =>
    button({ type: "button", class: "btn small", "aria-label": w().usage.unfilter(called(each)), onClick: () => setQuery({ [each]: null }) }, `${called(each)}: ${nameIn(names, filter[each])}`, icon("cross", 12))));
}

/** @param {{ all?: boolean, rest: string }} props */
export function Requests({ all = false, rest }) {
  const query = place.value.query;
  const days = query.get("days") ?? "7";
  const fields = [...(all ? FILTERS_OF_ALL : []), ...FILTERS_OF_LOG];
  const filter = Object.fromEntries(fields.map((each) => [each, query.get(each)]));
  const base = all ? "api/v1/admin/logs" : "api/v1/user/logs";
  const here = all ? "admin/requests" : "requests";
  const path = () => withQuery(base, { ...filter, from: daysAgo(Number(days)).toISOString() });
  const list = usePages((cursor, signal) => get(withQuery(path(), { cursor }), { signal }), [base, days, ...Object.values(filter)]);
  const opened = useLoad(async () => (rest ? get(withQuery(base, { request_id: rest })) : null), [rest]);
  const t = w().requests;
  const who = (/** @type {any} */ each) => (all ? each.user_name ?? nameIn(list.data?.names, each.user) : nameIn(list.data?.names, each.key));
  const close = () => go(`${here}${query.size ? `?${query}` : ""}`);
  const record = opened.data?.data[0];
  return h(Fragment, null,
    pageHead(w().places[here], t.about,
      plainSelect(RANGES.map((each) => [each, w().usage.days(Number(each))]), days, (value) => setQuery({ days: value }), { "aria-label": w().usage.range, class: "input auto" }),
      choosers(filter),
      h(CsvButton, { path: path(), name: "requests.csv" })),
    div({ class: "stack" },
      rest && opened.error && errorCard(opened.error, opened.reload),
      rest && opened.data?.data.length === 0 && emptyState(t.notFound(rest)),
      narrowed([...FILTERS_OF_ALL, "client"], filter, list.data?.names ?? {}),
      shown(list, (page) => page.data.length === 0
        ? emptyState(t.none)
        : section({ class: "card" }, dataTable(w().places[here], [
          { name: t.time, class: "mono", cell: (each) => exactTime(each.at) },
          { name: all ? t.who : t.key, cell: who },
          { name: t.model, class: "wide", cell: (each) => [code(each.model ?? "–"), each.backend && span({ class: "sub" }, nameIn(page.names, each.backend))] },
          { name: t.client, class: "wide", cell: (each) => clientName(each.client) },
          { name: t.status, cell: (each) => [statusTag(each.status), each.attempts?.length > 1 && span({ class: "sub" }, t.tried(each.attempts.length))] },
          { name: t.tokens, class: "num wide", cell: (each) => `${compact(each.input_tokens)} → ${compact(each.output_tokens)}` },
          { name: t.cost, class: "num wide", cell: (each) => money(each.cost_usd) },
          { name: t.first, class: "num wide", cell: (each) => duration(each.first_byte_ms) },
          { name: t.took, class: "num wide", cell: (each) => duration(each.duration_ms) },
        ], page.data, (each) => each.id, (each) => go(`${here}/${each.request_id}${query.size ? `?${query}` : ""}`)), showMore(page, list.more)), 8)),
    rest && record && h(RequestSheet, { key: rest, record, names: opened.data.names, close }));
}

/** @param {{ rest: string }} props */
export function AllRequests({ rest }) {
  return h(Requests, { all: true, rest });
}

// Operations: what needs somebody, the figures of a time beside those of the time before, backends, failures and changes.

import { Fragment, h } from "../vendor/preact.js";
import { a, b, code, div, h2, header, li, p, section, span, ul } from "../dom.js";
import { Columns, legendOf } from "../ui/chart.js";
import { waiting } from "../ui/frame.js";
import { shown, useLoad } from "../ui/load.js";
import { pageHead, segment } from "../ui/parts.js";
import { dataTable } from "../ui/table.js";
import { ago, compact, duration, exactTime, money, number, percent } from "../format.js";
import { get, read, readAll, withQuery } from "../api.js";
import { zone } from "../prefs.js";
import { place, setQuery } from "../router.js";
import { hasRole } from "../session.js";
import { formatOf, inShownZone, lastTime, nameIn, readSums, seriesOf } from "../sums.js";
import { attentionCard } from "./attention.js";
import { actionText, actorName, targetName } from "./audit.js";
import { backendState, dayStrip } from "./backend_state.js";
import { statusTag } from "./requests.js";
import { refusedCard } from "./usage.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

const LIVE = 30;
const LATEST_SHOWN = 6;
/** So many entries are looked through for changes: most are people who sign in. */
const LOOKED_THROUGH = 60;
const SIGNING_IN = /^(session|session_key|password\.rehash|sso\.login)/;
/** @type {{ data: any[], names: Record<string, any> }} */
const NOTHING = { data: [], names: {} };

/** @param {number} days @param {string} ofZone */
async function figuresOf(days, ofZone) {
  const range = lastTime(days, ofZone);
  const admin = hasRole("admin");
  const [overview, sums, failures, backends, changes] = await Promise.all([
    read(withQuery("api/v1/admin/overview", range.query)),
    readSums("api/v1/admin/usage", range, { group_by: `${range.unit},model` }),
    get(withQuery("api/v1/admin/logs", { outcome: "failed", limit: LATEST_SHOWN })),
    admin ? readAll("api/v1/admin/backends") : [],
    admin ? get(withQuery("api/v1/admin/audit", { limit: LOOKED_THROUGH })) : NOTHING,
  ]);
  waiting.value = { ...waiting.value, "admin/people": overview.people.pending };
  const latest = changes.data.filter((/** @type {any} */ each) => !SIGNING_IN.test(each.action)).slice(0, LATEST_SHOWN);
  return { range, overview, sums, failures, backends, changes: { ...changes, data: latest } };
}

/** @param {string} name @param {string} value @param {string} about */
const tile = (name, value, about) => div({ class: "card tile" }, span({ class: "muted small" }, name), b(value), span({ class: "delta" }, about));

/** @param {number} now @param {number | undefined} before */
function against(now, before) {
  if (!before) return "";
  const change = (now - before) / before;
  return wa().operations.against(`${change >= 0 ? "▲" : "▼"} ${percent(Math.abs(change), 1)}`);
}

/** @param {{ now: any, before: any, people: { active: number, all: number } }} overview */
function tiles({ now, before, people }) {
  const t = wa().operations;
  const { first_byte_ms: first, output_tokens_per_s: speed } = now;
  return div({ class: "grid tiles" },
    tile(w().usage.requests, number(now.requests), against(now.requests, before?.requests)),
    tile(w().usage.failed, percent(now.errors, now.requests), before?.requests ? t.from(percent(before.errors, before.requests)) : ""),
    tile(w().usage.tokens, compact(now.input_tokens + now.output_tokens), t.cached(percent(now.cached_input_tokens, now.input_tokens))),
    tile(w().usage.cost, money(now.cost_usd), against(now.cost_usd, before?.cost_usd)),
    tile(w().usage.first, first ? duration(first.p50) : "–", [first && w().usage.within(duration(first.p95)), speed && w().play.speed(number(speed, { maximumFractionDigits: 0 }))].filter(Boolean).join(" · ")),
    tile(w().places["admin/people"], number(people.active), t.activeOf(people.all)));
}

/** @param {string} title @param {string} to @param {...import("../dom.js").Child} inside */
const linkedCard = (title, to, ...inside) =>
  section({ class: "card" }, header(h2(title), a({ class: "small", href: `#/${to}` }, /** @type {Record<string, string>} */ (w().places)[to.split("?")[0]])), ...inside);

/** @param {import("../sums.js").TimeRange} range @param {any} sums @param {number} days */
function trafficCard(range, sums, days) {
  const title = range.unit === "hour" ? wa().operations.trafficByHour : wa().operations.traffic;
  const series = seriesOf(range, sums, "model", "requests", w().usage.others);
  return linkedCard(title, `admin/traffic?days=${days}`,
    div({ class: "body stack" }, h(Columns, { name: title, whole: true, labels: range.labels, series, format: formatOf("requests"), together: w().usage.requests }), legendOf(series)));
}

export function Operations() {
  const days = Number(place.value.query.get("days") ?? 7);
  const loaded = useLoad(() => inShownZone((ofZone) => figuresOf(days, ofZone)), [days, zone.value], LIVE);
  const t = wa().operations;
  return h(Fragment, null,
    pageHead(w().places.admin, loaded.data && `${t.updated(ago(loaded.at))} · ${w().usage.zone(loaded.data.range.zone)}`,
      segment(w().usage.range, [["1", w().usage.days(1)], ["7", w().usage.days(7)], ["30", w().usage.days(30)]], String(days), (value) => setQuery({ days: value }))),
    shown(loaded, ({ range, overview, sums, failures, backends, changes }) => div({ class: "stack" },
      attentionCard(overview.attention),
      tiles(overview),
      trafficCard(range, sums, days),
      div({ class: "grid pair" },
        backends.length > 0 && linkedCard(t.backends, "admin/models", dataTable(t.backends, [
          { name: wa().models.backend, cell: (each) => [each.name, span({ class: "sub mono" }, each.model_id)] }, { name: wa().models.state, cell: backendState },
          { name: w().usage.days(1), class: "wide", cell: dayStrip },
          { name: wa().models.latency, class: "num wide", cell: (each) => duration(each.health?.latency_ms) }, { name: wa().models.underWay, class: "num wide", cell: (each) => each.health?.under_way ?? "–" },
        ], backends, (each) => each.id)),
        linkedCard(t.failures, "admin/requests?outcome=failed", failures.data.length === 0 ? p({ class: "body muted" }, t.noFailures) : dataTable(t.failures, [
          { name: w().requests.time, class: "mono", cell: (each) => a({ href: `#/admin/requests/${each.request_id}` }, exactTime(each.at)) },
          { name: w().requests.who, class: "wide", cell: (each) => each.user_name ?? nameIn(failures.names, each.user) },
          { name: w().requests.model, cell: (each) => code(each.model ?? "–") }, { name: w().requests.status, cell: (each) => [statusTag(each.status), each.code && code({ class: "sub wide" }, each.code)] },
        ], failures.data, (each) => each.id)),
        refusedCard(overview.now.refused)),
      changes.data.length > 0 && linkedCard(t.changes, "admin/audit",
        ul({ class: "list" }, changes.data.map((/** @type {any} */ each) => li(p({ class: "grow" }, b(actorName(each)), " ", actionText(each), " ", targetName(each, changes.names)), span({ class: "muted tiny" }, ago(each.at))))))), 8));
}

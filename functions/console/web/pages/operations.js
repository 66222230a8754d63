// Operations: what needs somebody, the figures of a week beside those of the week before, backends, failures and changes.

import { Fragment, h } from "../vendor/preact.js";
import { a, b, code, div, h2, header, li, p, section, span, ul } from "../dom.js";
import { Columns } from "../ui/chart.js";
import { waiting } from "../ui/frame.js";
import { icon } from "../ui/icon.js";
import { shown, useLoad } from "../ui/load.js";
import { pageHead, segment } from "../ui/parts.js";
import { dataTable } from "../ui/table.js";
import { ago, compact, dayName, duration, exactTime, money, number, percent } from "../format.js";
import { get, readAll, withQuery } from "../api.js";
import { place, setQuery } from "../router.js";
import { hasRole } from "../session.js";
import { formatOf, lastDays, measured, totalOf } from "../sums.js";
import { actionText, auditNames } from "./audit.js";
import { backendState, healthOf } from "./backend_state.js";
import { statusTag } from "./requests.js";
import { w } from "../words.js";

const LIVE = 30;
const LATEST_SHOWN = 6;
const FAILED_FROM = 500;

/** @param {number} days */
async function figuresOf(days) {
  const range = lastDays(days * 2);
  const usage = (/** @type {object} */ more) => get(withQuery("api/v1/admin/usage", { from: range[0], to: range.at(-1), .../** @type {any} */ (more) }));
  const admin = hasRole("admin");
  const [byDay, people, logs, backends, changes, names, models] = await Promise.all([
    usage({ group_by: "day" }), readAll("api/v1/admin/users"), get(withQuery("api/v1/admin/logs", { limit: 200 })),
    admin ? readAll("api/v1/admin/backends") : [], admin ? get(withQuery("api/v1/admin/audit", { limit: LATEST_SHOWN })) : { data: [] }, admin ? auditNames() : new Map(), admin ? readAll("api/v1/admin/models") : []]);
  const pending = people.filter((each) => each.status === "pending");
  waiting.value = { ...waiting.value, "admin/people": pending.length };
  return { byDay: new Map(byDay.data.map((/** @type {any} */ each) => [each.day, each])), people, pending, logs: logs.data, backends, changes: changes.data, names, models };
}

/** @param {any} data */
function attention({ backends, pending, models }) {
  const t = w().operations;
  const out = backends.filter((/** @type {any} */ each) => healthOf(each) === "bad");
  const lines_ = [
    ...out.map((/** @type {any} */ each) => ["bad", "cross", t.backendOut(each.name, each.model_id, each.health?.since ? ago(each.health.since) : ""), "admin/models?only=trouble", t.look]),
    ...(pending.length ? [["warn", "people", t.approvals(pending.length), "admin/people", t.decide]] : []),
    ...(hasRole("admin") && models.length === 0 ? [["info", "info", t.noModel, "admin/setup", w().places["admin/setup"]]] : []),
  ];
  if (lines_.length === 0) return section({ class: "card body row" }, span({ class: "ok" }, icon("check")), p(t.nothing));
  return section({ class: "card" }, header(h2(t.needsYou), span({ class: "count" }, lines_.length)),
    ul({ class: "list" }, lines_.map(([kind, glyph, text, to, action]) => li(span({ class: kind }, icon(/** @type {any} */ (glyph))), p({ class: "grow" }, text), a({ class: "btn small", href: `#/${to}` }, action)))));
}

/** @param {string} name @param {string} value @param {string} about */
const tile = (name, value, about) => div({ class: "card tile" }, span({ class: "muted small" }, name), b(value), span({ class: "delta" }, about));

/** @param {number} now @param {number} before */
function against(now, before) {
  if (!before) return "";
  const change = (now - before) / before;
  return w().operations.against(`${change >= 0 ? "▲" : "▼"} ${percent(Math.abs(change), 1)}`);
}

export function Operations() {
  const days = Number(place.value.query.get("days") ?? 7);
  const loaded = useLoad(() => figuresOf(days), [days], LIVE);
  const t = w().operations;
  return h(Fragment, null,
    pageHead(w().places.admin, loaded.at > 0 && t.updated(ago(loaded.at)), segment(w().usage.range, [["7", w().usage.days(7)], ["30", w().usage.days(30)]], String(days), (value) => setQuery({ days: value }))),
    shown(loaded, (data) => {
      const range = lastDays(days * 2);
      const sums = (/** @type {string[]} */ part) => totalOf(part.map((day) => data.byDay.get(day)).filter(Boolean));
      const [before, now] = [sums(range.slice(0, days)), sums(range.slice(days))];
      const firsts = data.logs.map((/** @type {any} */ each) => each.first_byte_ms).filter((/** @type {any} */ each) => each !== null).sort((/** @type {number} */ one, /** @type {number} */ other) => one - other);
      const active = new Set(data.logs.map((/** @type {any} */ each) => each.user)).size;
      const failures = data.logs.filter((/** @type {any} */ each) => each.status >= FAILED_FROM || each.outcome === "failed").slice(0, LATEST_SHOWN);
      const called = (/** @type {string} */ id) => data.names.get(id) ?? data.people.find((each) => each.id === id)?.name ?? (id === "system" ? w().audit.system : id);
      const shownDays = range.slice(days);
      return div({ class: "stack" },
        attention(data),
        div({ class: "grid tiles" },
          tile(w().usage.requests, number(now.requests), against(now.requests, before.requests)),
          tile(w().usage.failed, percent(now.errors, now.requests), before.requests ? t.from(percent(before.errors, before.requests)) : ""),
          tile(w().usage.tokens, compact(now.input_tokens + now.output_tokens), t.cached(percent(now.cached_input_tokens, now.input_tokens))),
          tile(w().usage.cost, money(now.cost_usd), against(now.cost_usd, before.cost_usd)),
          tile(w().play.first, firsts.length ? duration(firsts[Math.floor(firsts.length / 2)]) : "–", firsts.length ? t.within(duration(firsts[Math.floor(firsts.length * 0.95)])) : ""),
          tile(w().places["admin/people"], number(data.people.length), t.active(active))),
        section({ class: "card" }, header(h2(t.traffic), a({ class: "small", href: "#/admin/traffic" }, w().places["admin/traffic"])),
          div({ class: "body" }, h(Columns, { name: t.traffic, whole: true, labels: shownDays.map(dayName), series: [{ name: w().usage.requests, color: 1, values: shownDays.map((day) => (data.byDay.has(day) ? measured(data.byDay.get(day), "requests") : 0)) }], format: formatOf("requests"), together: w().usage.requests }))),
        div({ class: "grid pair" },
          data.backends.length > 0 && section({ class: "card" }, header(h2(t.backends), a({ class: "small", href: "#/admin/models" }, w().places["admin/models"])), dataTable(t.backends, [
            { name: w().models.backend, cell: (each) => [each.name, span({ class: "sub mono" }, each.model_id)] }, { name: w().models.state, cell: backendState },
            { name: w().models.latency, class: "num wide", cell: (each) => duration(each.health?.latency_ms) }, { name: w().models.underWay, class: "num wide", cell: (each) => each.health?.under_way ?? "–" },
          ], data.backends, (each) => each.id)),
          section({ class: "card" }, header(h2(t.failures), a({ class: "small", href: "#/admin/requests" }, w().places["admin/requests"])), failures.length === 0 ? p({ class: "body muted" }, t.noFailures) : dataTable(t.failures, [
            { name: w().requests.time, class: "mono", cell: (each) => a({ href: `#/admin/requests/${each.request_id}` }, exactTime(each.at)) }, { name: w().requests.who, class: "wide", cell: (each) => called(each.user) },
            { name: w().requests.model, cell: (each) => code(each.model ?? "–") }, { name: w().requests.status, cell: (each) => statusTag(each.status) },
          ], failures, (each) => each.id))),
        data.changes.length > 0 && section({ class: "card" }, header(h2(t.changes), a({ class: "small", href: "#/admin/audit" }, w().places["admin/audit"])),
          ul({ class: "list" }, data.changes.map((/** @type {any} */ each) => li(p({ class: "grow" }, b(called(each.actor)), " ", actionText(each.action), " ", called(each.target)), span({ class: "muted tiny" }, ago(each.at)))))));
    }, 8));
}

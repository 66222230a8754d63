// What a person has used, the last requests, and what was changed about the account.

import { h } from "../vendor/preact.js";
import { a, b, code, div, h3, li, p, section, span, ul } from "../dom.js";
import { shown, useLoad } from "../ui/load.js";
import { dataTable } from "../ui/table.js";
import { ago, compact, money, number } from "../format.js";
import { get, withQuery } from "../api.js";
import { zone } from "../prefs.js";
import { hasRole } from "../session.js";
import { inShownZone, lastTime, readSums } from "../sums.js";
import { actionText, actorName } from "./audit.js";
import { statusTag } from "./requests.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

const MONTH_DAYS = 30;
const LAST_SHOWN = 5;

/** @param {{ user: string }} props */
export function PersonUse({ user }) {
  const admin = hasRole("admin");
  const loaded = useLoad(() => inShownZone(async (ofZone) => {
    const [sums, requests, changes] = await Promise.all([
      readSums("api/v1/admin/usage", lastTime(MONTH_DAYS, ofZone), { user, group_by: "model" }),
      get(withQuery("api/v1/admin/logs", { user, limit: LAST_SHOWN })),
      admin ? get(withQuery("api/v1/admin/audit", { target: user, limit: LAST_SHOWN })) : { data: [] },
    ]);
    return { sums: sums.data.filter((/** @type {any} */ each) => each.requests > 0).sort((/** @type {any} */ one, /** @type {any} */ other) => other.requests - one.requests), requests: requests.data, changes: changes.data };
  }), [user, zone.value]);
  const t = wa().people;
  /** @param {string} title @param {string} to @param {string} text */
  const head = (title, to, text) => div({ class: "row between" }, h3(title), a({ class: "small", href: `#/${to}?user=${user}` }, text));
  return shown(loaded, ({ sums, requests, changes }) => div({ class: "stack" },
    section({ class: "stack" }, head(t.lastDays, "admin/traffic", t.usage),
      sums.length === 0 ? p({ class: "muted small" }, t.noRequests) : div({ class: "card" }, dataTable(t.lastDays, [
        { name: w().requests.model, cell: (each) => code(each.model ?? "–") },
        { name: w().usage.requests, class: "num", cell: (each) => number(each.requests) },
        { name: w().usage.tokens, class: "num", cell: (each) => compact(each.input_tokens + each.output_tokens) },
        { name: w().usage.cost, class: "num", cell: (each) => money(each.cost_usd) },
      ], sums, (each) => each.model ?? ""))),
    requests.length > 0 && section({ class: "stack" }, head(t.latest, "admin/requests", t.requests),
      div({ class: "card" }, dataTable(t.latest, [
        { name: w().requests.time, cell: (each) => a({ href: `#/admin/requests/${each.request_id}` }, ago(each.at)) },
        { name: w().requests.model, cell: (each) => code(each.model ?? "–") },
        { name: w().requests.status, cell: (each) => statusTag(each.status) },
        { name: w().requests.cost, class: "num", cell: (each) => money(each.cost_usd) },
      ], requests, (each) => each.id))),
    changes.length > 0 && section({ class: "stack" }, h3(t.changes),
      ul({ class: "card list" }, changes.map((/** @type {any} */ each) => li(p({ class: "grow" }, b(actorName(each)), " ", actionText(each)), span({ class: "muted tiny" }, ago(each.at))))))), 4);
}

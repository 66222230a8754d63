// Overview: one's limits, use and last requests, and the first steps until they are done.

import { Fragment, h } from "../vendor/preact.js";
import { a, code, div, h2, header, li, p, section, span, ul } from "../dom.js";
import { Columns, legendOf } from "../ui/chart.js";
import { icon, state } from "../ui/icon.js";
import { limitMeter } from "../ui/limits.js";
import { shown, useLoad } from "../ui/load.js";
import { pageHead } from "../ui/parts.js";
import { dataTable } from "../ui/table.js";
import { ago, compact, dateTime, money } from "../format.js";
import { get, read, readAll, withQuery } from "../api.js";
import { zone } from "../prefs.js";
import { hasRole, session } from "../session.js";
import { formatOf, inShownZone, lastTime, readSums, seriesOf, totalOf } from "../sums.js";
import { statusTag } from "./requests.js";
import { w } from "../words.js";

const DAYS_SHOWN = 30;
const LATEST = 6;

/** @param {boolean} done @param {string} text @param {string} to */
const firstStep = (done, text, to) => li(span({ class: done ? "ok" : "muted" }, icon(done ? "check" : "right", 16)), a({ href: `#/${to}`, class: "grow" }, text));

/** @param {any} quota */
function limitsCard(quota) {
  const t = w().overview;
  const hours = quota.policy.available_time_ranges.length > 0 && (quota.opens_at ? state("off", t.opens(dateTime(quota.opens_at))) : state("ok", t.open));
  return section({ class: "card" },
    header(h2(t.limits), hours, span({ class: "muted small" }, quota.policy.name)),
    div({ class: "body stack" }, quota.limits.length === 0 ? p({ class: "muted" }, t.noLimits) : quota.limits.map(limitMeter), quota.policy.mode === "shadow" && p({ class: "muted small" }, t.shadow)));
}

export function Overview() {
  const quota = useLoad(() => read("api/v1/user/quota"), []);
  const use = useLoad(() => inShownZone(async (ofZone) => {
    const range = lastTime(DAYS_SHOWN, ofZone);
    return { range, sums: await readSums("api/v1/user/usage", range, { group_by: "day,model" }) };
  }), [zone.value]);
  const latest = useLoad(async () => (await get(withQuery("api/v1/user/logs", { limit: LATEST }))).data, []);
  const keys = useLoad(() => readAll("api/v1/user/keys"), []);
  const models = useLoad(() => (hasRole("admin") ? readAll("api/v1/admin/models") : Promise.resolve([{}])), []);
  const t = w().overview;
  const steps = keys.data && latest.data && models.data && [models.data.length > 0, keys.data.length > 0, latest.data.length > 0];
  return h(Fragment, null,
    pageHead(t.hello(session.value?.user.name ?? ""), null),
    div({ class: "stack" },
      steps && steps.includes(false) && section({ class: "card" }, header(h2(w().places["admin/setup"])), ul({ class: "list" },
        hasRole("admin") && firstStep(steps[0], t.addModel, "admin/setup"), firstStep(steps[1], t.makeKey, "keys"), firstStep(steps[2], t.firstRequest, "play"))),
      div({ class: "grid pair" },
        shown(quota, limitsCard),
        shown(use, ({ range, sums }) => {
          const total = totalOf(sums.data);
          const series = seriesOf(range, sums, "model", "requests", w().usage.others);
          return section({ class: "card" },
            header(h2(t.use), a({ class: "small", href: "#/usage" }, w().places.usage)),
            div({ class: "body stack" }, total.requests === 0 ? p({ class: "muted" }, w().usage.none) : [
              h(Columns, { name: t.use, whole: true, labels: range.labels, series, format: formatOf("requests"), together: w().usage.requests }),
              legendOf(series),
              p({ class: "row small muted" }, `${formatOf("requests")(total.requests)} ${w().usage.requests} · ${compact(total.input_tokens + total.output_tokens)} ${w().usage.tokens} · ${money(total.cost_usd)}`)]));
        })),
      shown(latest, (records) => records.length > 0 && section({ class: "card" },
        header(h2(t.latest), a({ class: "small", href: "#/requests" }, w().places.requests)),
        dataTable(t.latest, [
          { name: w().requests.time, cell: (each) => a({ href: `#/requests/${each.request_id}` }, ago(each.at)) },
          { name: w().requests.model, cell: (each) => code(each.model ?? "–") },
          { name: w().requests.status, cell: (each) => statusTag(each.status) },
          { name: w().requests.tokens, class: "num wide", cell: (each) => `${compact(each.input_tokens)} → ${compact(each.output_tokens)}` },
          { name: w().requests.cost, class: "num wide", cell: (each) => money(each.cost_usd) },
        ], records, (each) => each.id)))));
}

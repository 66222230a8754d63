// Policies: what each limits in a sentence, and who is under it.

import { Fragment, h, useState } from "../vendor/preact.js";
import { button, div, p, section, span } from "../dom.js";
import { Confirm } from "../ui/dialog.js";
import { icon } from "../ui/icon.js";
import { amountOf, listedText } from "../ui/limits.js";
import { shown, useLoad } from "../ui/load.js";
import { pageHead } from "../ui/parts.js";
import { dataTable } from "../ui/table.js";
import { readAll, write } from "../api.js";
import { go } from "../router.js";
import { rangeName } from "../ui/week.js";
import { LIMITS, PolicySheet } from "./policy_sheet.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

/** What a policy limits. @param {any} policy */
function sentence(policy) {
  const t = wa().policies;
  const limits = LIMITS.filter((each) => policy[each] !== null).map((each) => t.limit(/** @type {any} */ (t.short)[each], amountOf(each, policy[each]), policy.rate_limit_window));
  const models = policy.models.length > 0 && t.onlyModels(policy.models.join(", "));
  const hours = policy.available_time_ranges.length > 0 && t.onlyHours(policy.available_time_ranges.map(rangeName).join(", "), policy.timezone);
  return [...limits, ...policy.limits.map(listedText), models, hours].filter(Boolean).join(t.and) || t.limitsNothing;
}

/** @returns {Promise<{ policies: any[], models: any[] }>} */
async function policiesAndModels() {
  const [policies, models] = await Promise.all([readAll("api/v1/admin/policies"), readAll("api/v1/admin/models")]);
  return { policies, models };
}

/** @param {{ rest: string }} props */
export function Policies({ rest }) {
  const loaded = useLoad(policiesAndModels, []);
  const [made, setMade] = useState(/** @type {any} */ (null));
  const [asked, setAsked] = useState(/** @type {any} */ (null));
  const t = wa().policies;
  const name = decodeURIComponent(rest);
  const of = loaded.data?.policies.find((each) => each.name === name);
  const close = () => { setMade(null); if (rest) go("admin/policies"); };
  const remove = async () => { await write("DELETE", `api/v1/admin/policies/${encodeURIComponent(asked.name)}`); await loaded.reload(); };
  const mode = (/** @type {any} */ policy) => span({ class: policy.mode === "shadow" ? "tag info" : "tag" }, policy.mode === "shadow" ? t.shadow : t.enforce);
  return h(Fragment, null,
    pageHead(w().places["admin/policies"], t.about, button({ type: "button", class: "btn primary", onClick: () => setMade({}) }, icon("plus", 16), t.new)),
    shown(loaded, ({ policies }) => section({ class: "card" }, dataTable(w().places["admin/policies"], [
      { name: t.policy, cell: (each) => span({ class: "strong" }, each.name) },
      { name: t.mode, cell: mode },
      { name: t.what, class: "wide", cell: (each) => p({ class: "prose" }, sentence(each)) },
      { name: t.people, class: "num", cell: (each) => each.users ?? "–" },
      { name: w().actions, class: "acts", cell: (each) => div({ class: "row nowrap end" },
        button({ type: "button", class: "btn small wide", onClick: () => setMade({ ...each, name: `${each.name}-2` }), "aria-label": `${t.copy}: ${each.name}` }, t.copy),
        each.name !== "default" && button({ type: "button", class: "btn small danger", disabled: each.users > 0, title: each.users ? t.moveFirst : undefined, onClick: () => setAsked(each), "aria-label": `${w().delete}: ${each.name}` }, w().delete)) },
    ], policies, (each) => each.name, (each) => go(`admin/policies/${encodeURIComponent(each.name)}`)))),
    loaded.data && (made || of) && h(PolicySheet, { key: of?.name ?? "new", of: made ? null : of, begin: made, models: loaded.data.models, people: of?.users ?? null, close, saved: () => { close(); void loaded.reload(); } }),
    asked && h(Confirm, { title: t.deleteTitle(asked.name), text: t.deleteText, danger: true, yes: w().delete, act: remove, close: () => setAsked(null) }));
}

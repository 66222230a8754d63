// What needs somebody, as the overview of the API tells it: each line leads to its remedy.

import { a, div, h2, header, li, p, section, span, ul } from "../dom.js";
import { icon } from "../ui/icon.js";
import { limitName } from "../ui/limits.js";
import { ago } from "../format.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

/** @typedef {{ kind: string, target: { id: string, name: string } | null, since: string | null, count: number | null, reason: string | null }} Notice */
/** @typedef {{ look: string, glyph: import("../ui/icon.js").IconName, text: string, to: string, action: string }} Line */

/** @param {Notice} notice @returns {Line | null} */
function lineOf({ kind, target, since, count, reason }) {
  const t = wa().operations;
  const name = target?.name ?? "";
  const why = reason ? /** @type {Record<string, string>} */ (wa().models.reasons)[reason] ?? reason : "";
  switch (kind) {
    case "backend_out": return { look: "bad", glyph: "cross", text: t.backendOut(name, why, since ? ago(since) : ""), to: "admin/models?only=trouble", action: t.look };
    case "sso_failed": return { look: "bad", glyph: "door", text: t.ssoFailed(why), to: "admin/sso", action: t.look };
    case "approvals": return { look: "warn", glyph: "people", text: t.approvals(count ?? 0), to: "admin/people", action: t.decide };
    case "limit_near": return { look: "warn", glyph: "gauge", text: t.limitNear(name, count ?? 0, limitName(reason ?? "")), to: `admin/people/${target?.id}`, action: t.look };
    case "shadow": return { look: "info", glyph: "shield", text: t.shadow(name, count ?? 0), to: `admin/policies/${encodeURIComponent(target?.id ?? "")}`, action: t.look };
    case "no_model": return { look: "info", glyph: "info", text: t.noModel, to: "admin/setup", action: w().places["admin/setup"] };
    default: return null;
  }
}

/** @param {Notice[]} notices */
export function attentionCard(notices) {
  const t = wa().operations;
  const lines_ = notices.map(lineOf).filter((each) => each !== null);
  if (lines_.length === 0) return section({ class: "card body row" }, span({ class: "ok" }, icon("check")), p(t.nothing));
  return section({ class: "card" }, header(h2(t.needsYou), span({ class: "count" }, lines_.length)),
    ul({ class: "list" }, lines_.map(({ look, glyph, text, to, action }) => li(span({ class: look }, icon(glyph)), p({ class: "grow" }, text), div(a({ class: "btn small", href: `#/${to}` }, action))))));
}

// One change of several people at once; each is changed for itself, and who was not is told with the reason.

import { h, useState } from "../vendor/preact.js";
import { button, div, input, li, p, section, span, ul } from "../dom.js";
import { plainSelect } from "../ui/field.js";
import { ActButton, note } from "../ui/parts.js";
import { toast } from "../ui/toast.js";
import { write } from "../api.js";
import { hasRole } from "../session.js";
import { refusalText, w } from "../words.js";
import { wa } from "../words_admin.js";

const MOST_AT_ONCE = 100;

/** @param {{ chosen: any[], all: any[], policies: any[], choose: (ids: string[]) => void, changed: () => Promise<void> }} props */
export function PeopleBulk({ chosen, all, policies, choose, changed }) {
  const [field, setField] = useState("status");
  const [value, setValue] = useState("active");
  const [refused, setRefused] = useState(/** @type {{ id: string, name: string, text: string }[]} */ ([]));
  const t = wa().people;
  /** @type {Record<string, [string, string][]>} */
  const values = {
    status: Object.entries(t.statuses).filter(([each]) => each !== "pending"),
    role: Object.entries(w().roles),
    quota_policy: [...new Set(["default", ...policies.map((each) => each.name)])].map((each) => [each, each]),
  };
  /** @type {[string, string][]} */
  const fields = hasRole("admin") ? [["status", t.status], ["role", t.role], ["department", t.department], ["quota_policy", t.policy]] : [["status", t.status]];
  const pick = (/** @type {string} */ next) => {
    setField(next);
    setValue(values[next]?.[0][0] ?? "");
  };
  const apply = async () => {
    const { results, changed: count } = await write("POST", "api/v1/admin/users/bulk", { ids: chosen.map((each) => each.id), change: { [field]: value || null } });
    const failed = results.filter((/** @type {any} */ each) => each.status !== "changed");
    const nameOf = (/** @type {string} */ id) => chosen.find((each) => each.id === id)?.name ?? id;
    setRefused(failed.map((/** @type {any} */ each) => ({ id: each.id, name: nameOf(each.id), text: each.code ? refusalText(each) : t.skipped })));
    toast(t.bulkDone(count));
    choose(failed.map((/** @type {any} */ each) => each.id));
    await changed();
  };
  if (chosen.length === 0) return null;
  const tooMany = chosen.length > MOST_AT_ONCE;
  return section({ class: "card body stack", "aria-label": t.bulk },
    div({ class: "row" },
      span({ class: "strong" }, t.chosen(chosen.length)),
      chosen.length < all.length && button({ type: "button", class: "btn ghost small", onClick: () => choose(all.map((each) => each.id)) }, t.chooseAll(all.length)),
      button({ type: "button", class: "btn ghost small", onClick: () => choose([]) }, t.chooseNone),
      span({ class: "grow" }),
      plainSelect(fields, field, pick, { "aria-label": t.bulkField, class: "input auto" }),
      values[field]
        ? plainSelect(values[field], value, setValue, { "aria-label": t.bulkValue, class: "input auto" })
        : input({ class: "input auto", "aria-label": t.bulkValue, value, onInput: (event) => setValue(event.currentTarget.value) }),
      h(ActButton, { class: "btn primary", act: apply, disabled: tooMany }, t.bulkApply(chosen.length))),
    tooMany && p({ class: "small muted" }, t.tooMany(MOST_AT_ONCE)),
    refused.length > 0 && note("bad", ul(refused.map((each) => li(`${each.name}: ${each.text}`)))));
}

// The limits of a person's policy as meters; what was used of one can be forgotten, and one can be raised for a time.

import { h, useState } from "../vendor/preact.js";
import { button, details, div, form, h3, li, p, section, span, summary, ul } from "../dom.js";
import { Confirm } from "../ui/dialog.js";
import { errorOf, selectField, textField } from "../ui/field.js";
import { amountOf, limitMeter, limitName } from "../ui/limits.js";
import { shown, useLoad } from "../ui/load.js";
import { act, note } from "../ui/parts.js";
import { toast } from "../ui/toast.js";
import { date } from "../format.js";
import { read, withQuery, write } from "../api.js";
import { hasRole } from "../session.js";
import { DAY_MS } from "../sums.js";
import { refusalText, w } from "../words.js";
import { wa } from "../words_admin.js";

const RAISED_DAYS = ["1", "7", "30", "90"];
/** It is no amount that is used up. */
const AT_ONCE = "max_concurrency";

/** @typedef {import("../ui/limits.js").LimitUse} LimitUse */

/** @param {{ user: string, limits: LimitUse[], made: () => void }} props */
function RaiseForm({ user, limits, made }) {
  const t = wa().people;
  const [limit, setLimit] = useState(limits[0].name);
  const [add, setAdd] = useState("");
  const [days, setDays] = useState("7");
  const [reason, setReason] = useState("");
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  async function save(/** @type {Event} */ event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      await write("POST", "api/v1/admin/top-ups", { account: user, limit, add: Number(add), until: new Date(Date.now() + Number(days) * DAY_MS).toISOString(), reason });
      made();
    } catch (error) {
      setRefusal(error);
    }
    setBusy(false);
  }
  const wrong = (/** @type {string} */ field) => errorOf(refusal, field, refusalText);
  return form({ class: "stack", onSubmit: save },
    refusal && !["add", "until", "reason", "limit"].some(wrong) && note("bad", p(refusalText(refusal))),
    div({ class: "grid two" },
      selectField(t.limit, limits.map((each) => [each.name, limitName(each.name)]), limit, setLimit, { error: wrong("limit") }),
      textField(t.more, add, setAdd, { type: "number", min: "0", step: limit.startsWith("cost") ? "any" : "1", required: true, error: wrong("add") }),
      selectField(t.raisedFor, RAISED_DAYS.map((each) => [each, w().usage.days(Number(each))]), days, setDays, { error: wrong("until") }),
      textField(t.reason, reason, setReason, { required: true, error: wrong("reason") })),
    div(button({ type: "submit", class: "btn", disabled: busy || !add || !reason }, t.raise)));
}

/** @param {{ user: string, name: string }} props */
export function PersonLimits({ user, name }) {
  const admin = hasRole("admin");
  const loaded = useLoad(async () => {
    const [quota, raised] = await Promise.all([read(`api/v1/admin/users/${user}/quota`), admin ? read(withQuery("api/v1/admin/top-ups", { account: user })) : []]);
    return { quota, raised };
  }, [user]);
  const [asked, setAsked] = useState(/** @type {LimitUse | null} */ (null));
  const [round, setRound] = useState(0);
  const t = wa().people;
  const reset = async () => {
    await write("POST", `api/v1/admin/users/${user}/quota/reset`, { limits: [asked?.name] });
    toast(w().saved);
    await loaded.reload();
  };
  const end = async (/** @type {string} */ id) => {
    await write("DELETE", `api/v1/admin/top-ups/${user}/${id}`);
    await loaded.reload();
  };
  const made = () => {
    setRound(round + 1);
    toast(w().saved);
    void loaded.reload();
  };
  const meter = (/** @type {LimitUse} */ use) => li({ class: "row nowrap" }, div({ class: "grow" }, limitMeter(use)),
    admin && use.name !== AT_ONCE && use.used > 0 && button({ type: "button", class: "btn small", "aria-label": `${t.reset}: ${limitName(use.name)}`, onClick: () => setAsked(use) }, t.reset));
  return section({ class: "stack" },
    h3(t.limits),
    shown(loaded, ({ quota, raised }) => {
      const raisable = quota.limits.filter((/** @type {LimitUse} */ each) => each.name !== AT_ONCE);
      return div({ class: "stack" },
        quota.limits.length === 0 ? p({ class: "muted small" }, t.noLimits) : ul({ class: "stack" }, quota.limits.map(meter)),
        raised.length > 0 && ul({ class: "card list" }, raised.map((/** @type {any} */ each) => li(
          span({ class: "grow" }, t.raisedBy(limitName(each.limit), amountOf(each.limit, each.add), date(each.until)), span({ class: "muted" }, ` · ${each.reason}`)),
          act("btn small", () => end(each.id), t.end)))),
        admin && raisable.length > 0 && details({ key: round, class: "more-fields" }, summary(t.raiseTitle), h(RaiseForm, { user, limits: raisable, made })));
    }, 2),
    asked && h(Confirm, { title: t.resetTitle(limitName(asked.name), name), text: t.resetText, yes: t.reset, act: reset, close: () => setAsked(null) }));
}

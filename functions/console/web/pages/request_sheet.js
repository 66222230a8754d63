// The sheet of a request: a sentence on what happened, the backends that were tried, and all fields of its record.

import { h } from "../vendor/preact.js";
import { code, div, h3, p, section, span, table, tbody, td, th, tr } from "../dom.js";
import { Dialog } from "../ui/dialog.js";
import { CopyButton } from "../ui/parts.js";
import { dataTable } from "../ui/table.js";
import { dateTime, duration, exactTime, money } from "../format.js";
import { nameIn } from "../sums.js";
import { w } from "../words.js";

/** What is shown elsewhere in the sheet, or under another name. */
const HIDDEN = ["id", "request_id", "attempts", "user_name", "user_email", "key_prefix"];

/** @param {any} record */
function story(record) {
  const t = w().requests;
  const model = record.model ?? "–";
  const asked = record.asked_model && record.asked_model !== model ? `${t.askedStory(record.asked_model, model)} ` : "";
  const why = record.code ? ` ${t.codeStory(record.code)}` : "";
  if (record.outcome === "failed") return asked + t.failedStory(model, record.status) + why;
  if (record.status >= 400) return asked + t.refusedStory(model, record.status) + why;
  return asked + t.servedStory(model, record.streamed ? t.streamed : t.whole, duration(record.duration_ms), duration(record.first_byte_ms));
}

/** @param {string} name @param {any} value @param {Record<string, any>} names */
function valueOf(name, value, names) {
  if (value === null || value === undefined) return "–";
  if (name === "at") return dateTime(value);
  if (name === "cost_usd") return money(value);
  if (name.endsWith("_ms")) return duration(value);
  if (name === "outcome") return /** @type {Record<string, string>} */ (w().requests.outcomes)[value] ?? value;
  if (typeof value === "boolean") return value ? w().yes : w().no;
  return typeof value === "object" ? JSON.stringify(value) : nameIn(names, String(value));
}

/** @param {any[]} attempts @param {Record<string, any>} names */
function attemptsTable(attempts, names) {
  const t = w().requests;
  const results = /** @type {Record<string, string>} */ (t.results);
  return section({ class: "stack" }, h3(t.attempts), div({ class: "card" }, dataTable(t.attempts, [
    { name: t.backend, cell: (each) => nameIn(names, each.backend) },
    { name: t.result, cell: (each) => span({ class: `tag ${each.result === "ok" ? "" : "bad"}` }, results[each.result] ?? each.result) },
    { name: t.took, class: "num", cell: (each) => duration(each.ms) },
  ], attempts, (each) => `${each.backend} ${attempts.indexOf(each)}`)));
}

/** @param {{ record: any, names: Record<string, any>, close: () => void }} props */
export function RequestSheet({ record, names, close }) {
  const t = w().requests;
  const fields = /** @type {Record<string, string>} */ (t.fields);
  // People and keys that are gone are called as they were.
  const known = { [record.user]: { name: record.user_name }, [record.key]: { name: record.key_prefix && `${record.key_prefix}…` }, ...names };
  return h(Dialog, { title: w().requestId, about: exactTime(record.at), sheet: true, close },
    p(story(record)),
    record.attempts?.length > 0 && attemptsTable(record.attempts, known),
    div({ class: "secret" }, code(record.request_id), h(CopyButton, { text: record.request_id })),
    table(tbody(Object.entries(record).filter(([name]) => !HIDDEN.includes(name)).map(([name, value]) =>
      tr(th({ scope: "row" }, fields[name] ?? name), td({ class: "mono" }, valueOf(name, value, known)))))));
}

// Importing people: a CSV as a table, with what is wrong at its cell before it is sent, and the report by line after it.

import { Fragment, h, useState } from "../vendor/preact.js";
import { a, button, div, input, p, section, span, table, tbody, td, th, thead, tr } from "../dom.js";
import { areaField } from "../ui/field.js";
import { act, note, pageHead, saveFile } from "../ui/parts.js";
import { write } from "../api.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

const COLUMNS = ["email", "password", "name", "role", "department", "quota_policy"];
const REQUIRED = ["email"];

/** The cells of a CSV: quotes may hold commas, lines and doubled quotes. @param {string} text @returns {string[][]} */
export function parseCsv(text) {
  const rows = [[""]];
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const next = text[at];
    const row = rows[rows.length - 1];
    if (quoted && next === '"' && text[at + 1] === '"') row[row.length - 1] += text[++at];
    else if (next === '"') quoted = !quoted;
    else if (next === "," && !quoted) row.push("");
    else if (next === "\n" && !quoted) rows.push([""]);
    else if (next !== "\r" || quoted) row[row.length - 1] += next;
  }
  return rows.filter((row) => row.some((cell) => cell.trim() !== ""));
}

/** @param {string[][]} rows */
export const writeCsv = (rows) => rows.map((row) => row.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(",")).join("\n") + "\n";

/** What is wrong with a cell, as far as it can be seen here. @param {string} column @param {string} value */
function wrongWith(column, value) {
  const t = wa().import;
  if (REQUIRED.includes(column) && !value.trim()) return t.missing;
  if (column === "email" && !/^\S+@\S+$/.test(value.trim())) return t.noEmail;
  if (column === "role" && value && !["user", "manager", "admin"].includes(value.trim())) return t.noRole;
  return null;
}

/** @param {string[]} head @param {string[][]} rows @param {any[]} reports of the rows in their order, once they were sent */
function preview(head, rows, reports) {
  const t = wa().import;
  const cell = (/** @type {string[]} */ row, /** @type {number} */ place) => {
    const [column, value] = [head[place], row[place] ?? ""];
    const wrong = wrongWith(column, value);
    return td({ class: wrong ? "bad" : undefined, title: wrong ?? undefined }, column === "password" && value ? "••••" : value, wrong && span({ class: "sub bad" }, wrong));
  };
  const result = (/** @type {number} */ line) => {
    const report = reports[line];
    return report && (report.status === "created" ? span({ class: "ok" }, t.made) : span({ class: "bad" }, report.message ?? t.skipped));
  };
  return div({ class: "scroll", tabIndex: 0, role: "region", "aria-label": t.preview },
    table(thead(tr(th({ scope: "col" }, t.line), head.map((each) => th({ scope: "col" }, each)), reports.length > 0 && th({ scope: "col" }, t.result))),
      tbody(rows.map((row, at) => tr(td({ class: "num" }, reports[at]?.line ?? at + 2), head.map((_, place) => cell(row, place)), reports.length > 0 && td(result(at)))))));
}

export function Import() {
  const [text, setText] = useState("");
  const [report, setReport] = useState(/** @type {any[] | null} */ (null));
  const t = wa().import;
  const [head = [], ...rows] = parseCsv(text);
  const names = head.map((each) => each.trim());
  const unknown = names.filter((each) => !COLUMNS.includes(each));
  const missing = text && !names.includes("email");
  const faults = rows.flatMap((row) => names.map((column, place) => wrongWith(column, row[place] ?? ""))).filter(Boolean).length;
  const isSound = rows.length > 0 && unknown.length === 0 && !missing;
  const reports = report ?? [];
  const refused = rows.filter((_, at) => reports[at] && reports[at].status !== "created");
  const take = async (/** @type {FileList | null | undefined} */ files) => {
    if (!files?.[0]) return;
    setText(await files[0].text());
    setReport(null);
  };
  const send = async () => {
    /** @type {any[]} */
    const lines = [];
    /** @type {number | null} */
    let from = 0;
    // A large file goes in pieces: the report says where the next one begins.
    while (from !== null) {
      const answer = await write("POST", `api/v1/admin/users/import?from_line=${from}`, text);
      const { interrupted, next_line: next } = answer;
      lines.push(...answer.lines);
      if (interrupted) lines.push({ line: next, status: "refused", message: interrupted.message });
      setReport([...lines]);
      from = interrupted ? null : next;
    }
  };
  return h(Fragment, null,
    pageHead(w().places["admin/people/import"], t.about(COLUMNS.join(",")), a({ class: "btn", href: "#/admin/people" }, w().places["admin/people"])),
    div({ class: "stack" },
      section({ class: "card body stack", onDragOver: (/** @type {Event} */ event) => event.preventDefault(), onDrop: (/** @type {DragEvent} */ event) => { event.preventDefault(); void take(event.dataTransfer?.files); } },
        areaField(t.csv, text, (value) => { setText(value); setReport(null); }, { rows: 6, class: "input mono", placeholder: COLUMNS.join(","), spellcheck: false, hint: t.hint }),
        input({ type: "file", accept: ".csv,text/csv", "aria-label": t.file, onChange: (event) => void take(event.currentTarget.files) })),
      unknown.length > 0 && note("bad", p(t.unknown(unknown.join(", ")))),
      missing && note("bad", p(t.noEmailColumn)),
      rows.length > 0 && section({ class: "card" }, preview(names, rows, reports)),
      div({ class: "row" },
        isSound && !report && act("btn primary", send, t.send(rows.length)),
        faults > 0 && !report && span({ class: "bad small" }, t.faults(faults)),
        report && span({ role: "status" }, t.done(rows.length - refused.length, refused.length)),
        refused.length > 0 && button({ type: "button", class: "btn", onClick: () => saveFile("refused.csv", writeCsv([names, ...refused]), "text/csv") }, t.refused))));
}

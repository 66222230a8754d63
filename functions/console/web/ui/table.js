// Tables: a caption for screen readers, columns of which some are for wide screens, rows that may open.

import { h } from "../vendor/preact.js";
import { button, div, span, table, tbody, td, th, thead, tr } from "../dom.js";
import { ActButton } from "./parts.js";
import { w } from "../words.js";

/** @typedef {import("../dom.js").Child} Child */
/**
 * @template T
 * @typedef {{ name: string, cell: (row: T) => Child, class?: string }} Column a class of `num`, `wide`, `mono`, or `acts` for a column of buttons, `pick` for one of checkboxes
 */

/**
 * @template T
 * @param {string} name what the table is of
 * @param {Column<T>[]} columns @param {T[]} rows @param {(row: T) => string} key
 * @param {(row: T) => void} [open] makes the first cell that is no checkbox a button
 */
export function dataTable(name, columns, rows, key, open) {
  const opening = columns.findIndex((column) => column.class !== "pick");
  const cell = (/** @type {Column<T>} */ column, /** @type {number} */ place, /** @type {T} */ row) => {
    const content = column.cell(row);
    return td({ class: column.class }, open && place === opening ? button({ type: "button", class: "opens", onClick: () => open(row) }, content) : content);
  };
  return div({ class: "scroll", tabIndex: 0, role: "region", "aria-label": name },
    table(thead(tr(columns.map((column) => th({ scope: "col", class: column.class }, column.class === "acts" || column.class === "pick" ? span({ class: "sr" }, column.name) : column.name)))),
      tbody(rows.map((row) => h("tr", { key: key(row) }, columns.map((column, place) => cell(column, place, row)))))));
}

/** @param {{ next_cursor: string | null } | undefined} data @param {() => Promise<void>} more */
export const showMore = (data, more) => data?.next_cursor && div({ class: "row more" }, h(ActButton, { act: more }, w().showMore));

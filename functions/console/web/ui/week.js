// Hours as cells of half an hour, painted by mouse or by keyboard: arrows walk, Shift paints on the way, Space turns one.

import { h, useEffect, useRef, useState } from "../vendor/preact.js";
import { div, span } from "../dom.js";
import { w } from "../words.js";

/** @typedef {{ start: string, end: string, days?: string[] }} HourRange */
export const CELLS = 48;
const CELL_MINUTES = 30;

/** @param {string} time */
const minutesOf = (time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
/** @param {number} cell */
export const timeOf = (cell) => `${String(Math.floor(cell / 2)).padStart(2, "0")}:${cell % 2 ? "30" : "00"}`;

/** The cells of one day; no range means always. @param {HourRange[]} ranges @returns {boolean[]} */
export function cellsOf(ranges) {
  return Array.from({ length: CELLS }, (_, cell) => {
    const at = cell * CELL_MINUTES;
    return ranges.length === 0 || ranges.some(({ start, end }) => {
      const [from, to] = [minutesOf(start), minutesOf(end)];
      return from < to ? at >= from && at < to : at >= from || at < to;
    });
  });
}

/** The ranges of painted cells. @param {boolean[]} cells @returns {HourRange[]} */
export function rangesOf(cells) {
  if (cells.every(Boolean)) return [];
  const ranges = [];
  for (let cell = 0; cell < CELLS; cell++) {
    if (!cells[cell] || cells[cell - 1]) continue;
    let end = cell;
    while (cells[end]) end++;
    ranges.push({ start: timeOf(cell), end: timeOf(end) });
  }
  // What ends at midnight and goes on there is one range.
  const [first, last] = [ranges[0], ranges.at(-1)];
  if (first && last && first !== last && first.start === "00:00" && last.end === "24:00") return [{ start: last.start, end: first.end }, ...ranges.slice(1, -1)];
  return ranges;
}

/** @param {{ ranges: HourRange[], change: (ranges: HourRange[]) => void, name: string }} props */
export function Week({ ranges, change, name }) {
  const [at, setAt] = useState(0);
  const [stroke, setStroke] = useState(/** @type {{ cells: boolean[], on: boolean } | null} */ (null));
  const focused = useRef(false);
  const grid = useRef(/** @type {HTMLDivElement | null} */ (null));
  const cells = stroke?.cells ?? cellsOf(ranges);
  useEffect(() => {
    if (focused.current) /** @type {HTMLElement | null} */ (grid.current?.querySelector("[tabindex='0']"))?.focus();
  }, [at]);
  const paint = (/** @type {boolean[]} */ from, /** @type {number} */ cell, /** @type {boolean} */ on) => from.map((each, place) => (place === cell ? on : each));
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (event.key === " ") change(rangesOf(paint(cells, at, !cells[at])));
    else if (step) {
      const next = Math.min(CELLS - 1, Math.max(0, at + step));
      if (event.shiftKey) change(rangesOf(paint(paint(cells, at, cells[at]), next, cells[at])));
      focused.current = true;
      setAt(next);
    } else return;
    event.preventDefault();
  };
  const begin = (/** @type {number} */ cell) => {
    setAt(cell);
    setStroke({ cells: paint(cells, cell, !cells[cell]), on: !cells[cell] });
  };
  const end = () => {
    if (stroke) change(rangesOf(stroke.cells));
    setStroke(null);
  };
  const cellView = (/** @type {boolean} */ on, /** @type {number} */ cell) =>
    h("div", { key: cell, role: "gridcell", class: on ? "cell on" : "cell", tabIndex: cell === at ? 0 : -1, "aria-selected": on, "aria-label": `${timeOf(cell)} ${on ? w().policies.open : w().policies.closed}`, onPointerDown: () => begin(cell), onPointerEnter: () => stroke && setStroke({ ...stroke, cells: paint(stroke.cells, cell, stroke.on) }) });
  return div({ class: "week" },
    div({ role: "grid", "aria-label": name, "aria-multiselectable": true, class: "cells", ref: grid, onKeyDown, onPointerUp: end, onPointerLeave: end, onFocusOut: () => (focused.current = false) }, div({ role: "row", class: "cells-row" }, cells.map(cellView))),
    div({ class: "hours", "aria-hidden": true }, [0, 4, 8, 12, 16, 20, 24].map((hour) => span(String(hour)))));
}

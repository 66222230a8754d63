// A week of hours, painted by mouse or by keyboard: arrows walk, Shift paints on the way, Space turns one.

import { h, useEffect, useRef, useState } from "../vendor/preact.js";
import { div, span } from "../dom.js";
import { CELLS, DAYS, cellsOf, rangesOf, timeOf } from "../hours.js";
import { locale } from "../prefs.js";
import { wa } from "../words_admin.js";

/** Its short name; the first of January 2024 was a Monday. @param {number} day */
const weekdayName = (day) => new Intl.DateTimeFormat(locale(), { timeZone: "UTC", weekday: "short" }).format(Date.UTC(2024, 0, 1 + day));

/** @typedef {import("../hours.js").HourRange} HourRange */

/** @param {HourRange} range */
export const rangeName = ({ start, end, days }) => `${start}–${end}${days?.length ? ` ${days.map((day) => weekdayName(DAYS.indexOf(day))).join(" ")}` : ""}`;

/** @type {Record<string, number>} */
const MOVES = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: CELLS, ArrowUp: -CELLS };

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
  // Without any the policy would have no hours, which means always.
  const set = (/** @type {boolean[]} */ painted) => painted.some(Boolean) && change(rangesOf(painted));
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const step = MOVES[event.key];
    if (event.key === " ") set(paint(cells, at, !cells[at]));
    else if (step) {
      const next = at + step in cells ? at + step : at;
      if (event.shiftKey) set(paint(paint(cells, at, cells[at]), next, cells[at]));
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
    if (stroke) set(stroke.cells);
    setStroke(null);
  };
  const cellView = (/** @type {boolean} */ on, /** @type {number} */ cell) =>
    h("div", { key: cell, role: "gridcell", class: on ? "cell on" : "cell", tabIndex: cell === at ? 0 : -1, "aria-selected": on, "aria-label": `${weekdayName(Math.floor(cell / CELLS))} ${timeOf(cell % CELLS)} ${on ? wa().policies.open : wa().policies.closed}`, onPointerDown: () => begin(cell), onPointerEnter: () => stroke && setStroke({ ...stroke, cells: paint(stroke.cells, cell, stroke.on) }) });
  const row = (/** @type {string} */ key, /** @type {number} */ day) =>
    div({ role: "row", class: "cells-row", key }, span({ role: "rowheader", class: "small muted" }, weekdayName(day)), cells.slice(day * CELLS, (day + 1) * CELLS).map((on, cell) => cellView(on, day * CELLS + cell)));
  return div({ class: "week" },
    div({ role: "grid", "aria-label": name, "aria-multiselectable": true, class: "cells", ref: grid, onKeyDown, onPointerUp: end, onPointerLeave: end, onFocusOut: () => (focused.current = false) }, DAYS.map(row)),
    div({ class: "hours", "aria-hidden": true }, [0, 4, 8, 12, 16, 20, 24].map((hour) => span(String(hour)))));
}

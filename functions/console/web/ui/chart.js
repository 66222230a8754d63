// Columns, stacked: one stop for Tab, arrows walk them and say them; the table with all values is a click away.

import { h, useEffect, useRef, useState } from "../vendor/preact.js";
import { b, div, i, li, line, rect, span, svg, svgText, ul } from "../dom.js";

/** Until it is measured: it is drawn as wide as it is shown, so that its text is not made smaller. */
const WIDTH = 1130;
const HEIGHT = 230;
const LOW = 180;
/** From this width on it has its whole height. */
const WIDE = 700;
/** The room of a label. */
const LABEL = 76;
const LEFT = 52;
const BOTTOM = 22;
const TOP = 8;
const STEPS = 4;
/** The widest column: few of them are no slabs. */
const WIDEST = 56;

/** A round step that is at least `value`. @param {number} value */
function niceStep(value) {
  const power = 10 ** Math.floor(Math.log10(value || 1));
  return ([1, 2, 2.5, 5, 10].find((each) => each * power >= value) ?? 10) * power;
}

/** @typedef {{ name: string, color: number, values: number[] }} Series */

/** What the colours stand for, where there are several. @param {Series[]} series */
export const legendOf = (series) => series.length > 1 && ul({ class: "row small" }, series.map((each) => li(i({ class: `key c${each.color}` }), each.name)));

/** @param {{ name: string, whole?: boolean, series: Series[], labels: string[], format: (value: number) => string, together: string }} props */
export function Columns({ name, whole, series, labels, format, together }) {
  const [at, setAt] = useState(-1);
  const [shown, setShown] = useState(WIDTH);
  const plot = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setShown(Math.max(LEFT * 3, Math.round(entry.contentRect.width))));
    if (plot.current) observer.observe(plot.current);
    return () => observer.disconnect();
  }, []);
  const high = shown < WIDE ? LOW : HEIGHT;
  const totals = labels.map((_, place) => series.reduce((sum, each) => sum + each.values[place], 0));
  const fitting = niceStep(Math.max(...totals, 0) / STEPS);
  // There is no half of a request.
  const step = whole ? Math.max(1, Math.ceil(fitting)) : fitting;
  const most = step * Math.max(1, Math.ceil(Math.max(...totals, 0) / step));
  const y = (/** @type {number} */ value) => TOP + (high - TOP - BOTTOM) * (1 - value / most);
  const band = (shown - LEFT) / labels.length;
  const width = Math.min(WIDEST, band * 0.72);
  const middle = (/** @type {number} */ place) => LEFT + (place + 0.5) * band;
  const every = Math.max(Math.ceil(labels.length / 10), Math.ceil(LABEL / band));
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    const walk = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!walk) return;
    event.preventDefault();
    setAt(Math.min(labels.length - 1, Math.max(0, at + walk)));
  };
  const column = (/** @type {string} */ label, /** @type {number} */ place) => {
    let base = 0;
    const parts = series.map((each) => {
      const from = base;
      base += each.values[place];
      return rect({ key: each.name, class: `fill${each.color}`, x: middle(place) - width / 2, width, y: y(base), height: Math.max(0, y(from) - y(base) - 0.6) });
    });
    return h("g", { key: label, onPointerEnter: () => setAt(place) }, rect({ class: place === at ? "on" : "off", x: LEFT + place * band, width: band, y: TOP, height: high - TOP - BOTTOM }), parts);
  };
  const rules = Array.from({ length: Math.round(most / step) + 1 }, (_, place) => place * step);
  return div({ ref: plot, class: "plot", role: "application", "aria-label": name, tabIndex: 0, onKeyDown, onPointerLeave: () => setAt(-1), onFocus: () => setAt(Math.max(0, at)), onBlur: () => setAt(-1) },
    svg({ class: "chart", viewBox: `0 0 ${shown} ${high}`, "aria-hidden": "true" },
      rules.map((value) => [line({ class: "rule", x1: LEFT, x2: shown, y1: y(value), y2: y(value) }), svgText({ x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, format(value))]),
      labels.map(column),
      labels.map((label, place) => place % every === 0 && svgText({ x: middle(place), y: high - 5, "text-anchor": "middle" }, label))),
    at >= 0 && div({ class: "tip", role: "status", style: { left: `${Math.min(75, 5 + (at / labels.length) * 95)}%`, top: "0" } },
      b(labels[at]),
      ul(series.length > 1 && [...series].reverse().map((each) => li(i({ class: `key c${each.color}` }), span(each.name), span(format(each.values[at])))), li(span(together), span(format(totals[at]))))));
}

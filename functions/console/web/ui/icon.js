// Icons, the logo, and the shapes of states.

import { circle, path, rect, span, svg } from "../dom.js";

const PATHS = {
  gauge: "M3 12a7 7 0 1 1 14 0M10 12l3-4",
  chat: "M3 4.5h14v9H9l-4 3v-3H3z",
  key: "M7 13a3.5 3.5 0 1 1 2.6-5.8L17 7v3h-2v2h-3v-1.2M6.4 9.5h.1",
  chart: "M3 17h14M5.5 14V9M10 14V4M14.5 14v-7",
  list: "M7 5h10M7 10h10M7 15h10M3 5h.1M3 10h.1M3 15h.1",
  plug: "M7 3v4M13 3v4M5 7h10v3a5 5 0 0 1-10 0zM10 15v3",
  cube: "M10 2.5 17 6v8l-7 3.5L3 14V6zM3 6l7 3.5L17 6M10 9.5v8",
  shield: "M10 2.5 16.5 5v4.5c0 4-2.7 6.6-6.5 8-3.8-1.4-6.5-4-6.5-8V5z",
  people: "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 17c0-3 2-5 5-5s5 2 5 5M13 4a3 3 0 0 1 0 5.5M14.5 12.3c1.9.6 3 2.3 3 4.7",
  clock: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 6v4.2l2.8 1.6",
  door: "M11 3h5v14h-5M3 10h9M9 7l3 3-3 3",
  gear: "M10 12.6a2.6 2.6 0 1 0 0-5.2 2.6 2.6 0 0 0 0 5.2zM10 2.5v2.2M10 15.3v2.2M2.5 10h2.2M15.3 10h2.2M4.7 4.7l1.6 1.6M13.7 13.7l1.6 1.6M15.3 4.7l-1.6 1.6M6.3 13.7l-1.6 1.6",
  search: "M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM13.5 13.5 17 17",
  check: "M4 10.5 8 14.5 16 6",
  cross: "M5 5l10 10M15 5 5 15",
  warn: "M10 3 18 16.5H2zM10 8v4M10 14.3v.1",
  dots: "M4.5 10h.1M10 10h.1M15.5 10h.1",
  plus: "M10 4v12M4 10h12",
  right: "M8 5l5 5-5 5",
  copy: "M7 7h9v10H7zM4 13V3h9",
  refresh: "M16 8a6.2 6.2 0 1 0 .2 4M16.5 4v4.2h-4.2",
  stop: "M5.5 5.5h9v9h-9z",
  send: "M3 10 17 4l-5 13-2.5-5.5z",
  code: "M7 6 3 10l4 4M13 6l4 4-4 4",
  moon: "M16 12.5A6.8 6.8 0 0 1 7.5 4 6.8 6.8 0 1 0 16 12.5z",
  sun: "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 2v2M10 16v2M2 10h2M16 10h2M4.5 4.5l1.3 1.3M14.2 14.2l1.3 1.3M15.5 4.5l-1.3 1.3M5.8 14.2l-1.3 1.3",
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  info: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 9v5M10 6.4v.1",
  bolt: "M11 2.5 4.5 11.5H9.5L9 17.5 15.5 8.5H10.5z",
  sliders: "M4 6h7M15 6h1M4 14h1M9 14h7M13 4v4M7 12v4",
  half: "M10 2.5a7.5 7.5 0 1 0 0 15zM10 2.5a7.5 7.5 0 0 1 0 15",
};

/** @typedef {keyof typeof PATHS} IconName */

/** @param {IconName} name @param {number} [size] */
export const icon = (name, size = 18) =>
  svg({ width: size, height: size, viewBox: "0 0 20 20", fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true" }, path({ d: PATHS[name] }));

/** @typedef {"ok" | "warn" | "bad" | "off" | "info"} Kind */

/** @param {Kind} kind */
function shape(kind) {
  const ring = { cx: 6, cy: 6, r: 4, fill: "none", stroke: "currentColor", "stroke-width": 1.6 };
  if (kind === "ok" || kind === "info") return circle({ cx: 6, cy: 6, r: 4.5, fill: "currentColor" });
  if (kind === "warn") return [circle(ring), path({ d: "M6 2a4 4 0 0 1 0 8z", fill: "currentColor" })];
  if (kind === "bad") return rect({ x: 1.5, y: 1.5, width: 9, height: 9, rx: 1.5, fill: "currentColor" });
  return circle(ring);
}

/** A state by shape and word; its colour only helps. @param {Kind} kind @param {string} word */
export const state = (kind, word) =>
  span({ class: `state ${kind === "off" ? "muted" : kind}` }, svg({ width: 12, height: 12, viewBox: "0 0 12 12", "aria-hidden": "true" }, shape(kind)), word);

export const logo = () =>
  svg({ width: 26, height: 26, viewBox: "0 0 26 26", fill: "none", stroke: "currentColor", "stroke-width": 2.2, "stroke-linecap": "round", "aria-hidden": "true" },
    path({ d: "M3.5 6v14M13 6v7M22.5 6v14" }),
    path({ d: "M3.5 18.5c2.4 0 2.4-2 4.75-2s2.4 2 4.75 2 2.4-2 4.75-2 2.35 2 4.75 2", "stroke-width": 2 }));

// Elements as functions: `button({ class: "btn", onClick: save }, "Save")`. Their types are those of Preact, so that a wrong
// attribute is found by the type check.

import { h } from "./vendor/preact.js";

/** @typedef {import("preact").VNode<any>} VNode */
/** @typedef {VNode | string | number | boolean | bigint | null | undefined | import("preact").ComponentChild[]} Child */
/** @typedef {import("preact").JSX.IntrinsicElements} Elements */
/**
 * @template {keyof Elements} T
 * @typedef {{ (attributes: Elements[T], ...children: Child[]): VNode; (...children: Child[]): VNode }} Make
 */

/**
 * The function that makes elements called `name`; its first argument may be their attributes.
 * @template {keyof Elements} T
 * @param {T} name
 * @returns {Make<T>}
 */
function element(name) {
  return (/** @type {any} */ first, /** @type {any[]} */ ...rest) =>
    isAttributes(first) ? h(/** @type {any} */ (name), first, ...rest) : h(/** @type {any} */ (name), null, first, ...rest);
}

/** @param {any} value */
function isAttributes(value) {
  return value?.constructor === Object;
}

export const a = element("a");
export const article = element("article");
export const aside = element("aside");
export const b = element("b");
export const button = element("button");
export const circle = element("circle");
export const code = element("code");
export const datalist = element("datalist");
export const details = element("details");
export const dialog = element("dialog");
export const div = element("div");
export const em = element("em");
export const fieldset = element("fieldset");
export const footer = element("footer");
export const form = element("form");
export const h1 = element("h1");
export const h2 = element("h2");
export const h3 = element("h3");
export const h4 = element("h4");
export const header = element("header");
export const hr = element("hr");
export const i = element("i");
export const img = element("img");
export const input = element("input");
export const kbd = element("kbd");
export const label = element("label");
export const legend = element("legend");
export const li = element("li");
export const line = element("line");
export const main = element("main");
export const nav = element("nav");
export const ol = element("ol");
export const option = element("option");
export const p = element("p");
export const path = element("path");
export const polyline = element("polyline");
export const pre = element("pre");
export const rect = element("rect");
export const section = element("section");
export const select = element("select");
export const small = element("small");
export const span = element("span");
export const strong = element("strong");
export const summary = element("summary");
export const svg = element("svg");
export const table = element("table");
export const tbody = element("tbody");
export const td = element("td");
export const textarea = element("textarea");
export const th = element("th");
export const thead = element("thead");
export const tr = element("tr");
export const ul = element("ul");
/** Called apart from the word that is everywhere a text. */
export const svgText = element("text");
export const svgGroup = element("g");

/** Called apart from what the pages call a form. */
export const formElement = element("form");

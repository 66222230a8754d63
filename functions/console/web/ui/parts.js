// Small parts: buttons that wait, switches, segments, notes, meters, copying.

import { h, useRef, useState } from "../vendor/preact.js";
import { button, code, div, h1, i, input, label, p, pre, span } from "../dom.js";
import { icon } from "./icon.js";
import { toast, toastRefusal } from "./toast.js";
import { w } from "../words.js";

/** @typedef {import("../dom.js").Child} Child */

/**
 * A button that cannot be pressed twice: it waits for `act`, and tells when that is refused.
 * @param {{ act: () => unknown, class?: string, disabled?: boolean, label?: string, children?: any, type?: "button" | "submit" }} props
 */
export function ActButton({ act, class: look = "btn", disabled, label: name, children }) {
  const [busy, setBusy] = useState(false);
  const once = useRef(false);
  async function press() {
    if (once.current) return;
    once.current = true;
    setBusy(true);
    try {
      await act();
    } catch (error) {
      toastRefusal(error);
    } finally {
      once.current = false;
      setBusy(false);
    }
  }
  return button({ type: "button", class: look, disabled, "aria-label": name, "aria-busy": busy || undefined, onClick: press }, children);
}

/** @param {string} look @param {() => unknown} act @param {...Child} children */
export const act = (look, act, ...children) => h(ActButton, { class: look, act }, ...children);

/** @param {"ok" | "warn" | "bad" | "info"} kind @param {...Child} content */
export const note = (kind, ...content) =>
  div({ class: `note ${kind}`, role: kind === "bad" ? "alert" : undefined },
    span({ class: kind }, icon(kind === "ok" ? "check" : kind === "info" ? "info" : "warn", 16)), div({ class: "grow" }, ...content));

/**
 * One of a few.
 * @template {string} T
 * @param {string} name @param {[T, Child][]} options @param {T} value @param {(value: T) => void} choose
 */
export function segment(name, options, value, choose) {
  return div({ class: "seg", role: "group", "aria-label": name },
    options.map(([each, text]) => button({ type: "button", "aria-pressed": each === value, onClick: () => choose(each) }, text)));
}

/**
 * A switch that acts at once and goes back when it is refused.
 * @param {{ name: string, on: boolean, act: (on: boolean) => Promise<unknown> }} props
 */
export function Toggle({ name, on, act: change }) {
  const [wanted, setWanted] = useState(/** @type {boolean | null} */ (null));
  async function flip() {
    if (wanted !== null) return;
    setWanted(!on);
    try {
      await change(!on);
    } catch (error) {
      toastRefusal(error);
    }
    setWanted(null);
  }
  return input({ type: "checkbox", role: "switch", class: "switch", checked: wanted ?? on, "aria-label": name, onChange: flip });
}

/** @param {number} share from 0 to 1 @param {string} [kind] */
export const bar = (share, kind = "") =>
  span({ class: `bar ${kind}`, "aria-hidden": true }, i({ style: { width: `${Math.min(100, Math.max(0, share * 100))}%` } }));

/** Selects what cannot be copied: on plain http a page has no clipboard. @param {Element | null} element */
function selectText(element) {
  if (element) getSelection()?.selectAllChildren(element);
}

/** @param {{ text: string, from?: { current: Element | null }, label?: string, class?: string }} props */
export function CopyButton({ text, from, label: name, class: look = "btn small" }) {
  const [copied, setCopied] = useState(false);
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
      toast(w().copied);
    } catch {
      selectText(from?.current ?? null);
    }
  }
  const isIcon = look.includes("icon");
  return button({ type: "button", class: look, "aria-label": name ?? w().copy, onClick: copy }, icon(copied ? "check" : "copy", 14), !isIcon && w().copy);
}

/** A block of code that can be copied. @param {{ text: string, label: string }} props */
export function CodeBlock({ text, label: name }) {
  const block = useRef(/** @type {HTMLPreElement | null} */ (null));
  return div({ class: "code-block" }, pre({ ref: block, tabIndex: 0, "aria-label": name }, code(text)), h(CopyButton, { text, from: block, class: "btn small" }));
}

/** @param {string} title @param {Child} about @param {...Child} actions */
export const pageHead = (title, about, ...actions) =>
  div({ class: "head" }, div(h1({ tabIndex: -1 }, title), about && p({ class: "muted small" }, about)), actions.length > 0 && div({ class: "row" }, ...actions));

/** @param {Child} text @param {...Child} actions */
export const emptyState = (text, ...actions) => div({ class: "card empty" }, p(text), div({ class: "row" }, ...actions));

/** @param {string} text @param {boolean} checked @param {(on: boolean) => void} change */
export const checkbox = (text, checked, change) =>
  label({ class: "row check" }, input({ type: "checkbox", checked, onChange: (event) => change(event.currentTarget.checked) }), text);

/** Saves `text` as a file. @param {string} name @param {string} text @param {string} [type] */
export function saveFile(name, text, type = "text/plain") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

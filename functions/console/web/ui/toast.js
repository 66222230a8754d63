// Short messages at the edge of the page, which a screen reader says, and which can take back what was done.

import { h, signal } from "../vendor/preact.js";
import { button, div, span } from "../dom.js";
import { icon } from "./icon.js";
import { refusalText, w } from "../words.js";

const SHOWN_MS = 10_000;

/** @typedef {{ id: number, kind: "ok" | "bad", text: string, undo?: () => void }} Message */

/** @type {import("@preact/signals").Signal<Message[]>} */
const messages = signal([]);
let count = 0;

/** @param {number} id */
const dismiss = (id) => (messages.value = messages.value.filter((each) => each.id !== id));

/** @param {string} text @param {() => void} [undo] */
export function toast(text, undo) {
  showMessage({ id: ++count, kind: "ok", text, undo });
}

/** Tells of a write that was refused. @param {any} error */
export function toastRefusal(error) {
  if (error?.name !== "AbortError") showMessage({ id: ++count, kind: "bad", text: refusalText(error) });
}

/** @param {Message} message */
function showMessage(message) {
  messages.value = [...messages.value.slice(-2), message];
  setTimeout(() => dismiss(message.id), SHOWN_MS);
}

export function Toasts() {
  return div({ class: "toasts", role: "status", "aria-live": "polite" },
    messages.value.map(({ id, kind, text, undo }) =>
      h("div", { key: id, class: "toast" },
        span({ class: kind }, icon(kind === "ok" ? "check" : "warn", 16)),
        span({ class: "grow" }, text),
        undo && button({ type: "button", class: "btn small", onClick: () => { dismiss(id); undo(); } }, w().undo),
        button({ type: "button", class: "btn ghost small icon", "aria-label": w().close, onClick: () => dismiss(id) }, icon("cross", 14)))));
}

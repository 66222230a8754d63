// A secret that is written and never read.

import { h } from "../vendor/preact.js";
import { button, div, span } from "../dom.js";
import { Field, textField } from "./field.js";

/**
 * @param {string} name
 * @param {{ isSet: boolean, value: string | null | undefined, change: (value: string | null | undefined) => void, words: { isSet: string, replace: string, remove: string, removed: string, undo: string } } & import("./field.js").More} props
 */
export function secretField(name, { isSet, value, change, words, hint, error }) {
  if (isSet && typeof value !== "string") {
    const control = (/** @type {any} */ tie) => div({ class: "row", ...tie, "aria-label": name, role: "group" },
      span({ class: "grow muted" }, value === null ? words.removed : words.isSet),
      button({ type: "button", class: "btn small", onClick: () => change("") }, words.replace),
      value === null
        ? button({ type: "button", class: "btn small", onClick: () => change(undefined) }, words.undo)
        : button({ type: "button", class: "btn small danger", onClick: () => change(null) }, words.remove));
    return h(Field, { name, hint, error, control });
  }
  return textField(name, value ?? "", change, { type: "password", autocomplete: "off", hint, error, spellcheck: false });
}

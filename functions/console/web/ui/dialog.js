// Dialogs and sheets: the browser's own <dialog>, which keeps the focus and gives it back.

import { h, useEffect, useId, useRef, useState } from "../vendor/preact.js";
import { button, dialog, div, footer, h2, header, input, label, p } from "../dom.js";
import { icon } from "./icon.js";
import { note } from "./parts.js";
import { refusalText, w } from "../words.js";

/** @typedef {import("../dom.js").Child} Child */

/**
 * @param {{ title: string, about?: Child, close?: () => void, sheet?: boolean, actions?: Child, children?: any }} props
 *   without `close` it cannot be left but by its own actions
 */
export function Dialog({ title, about, close, sheet, actions, children }) {
  const element = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const id = useId();
  useEffect(() => {
    const shown = element.current;
    if (shown && !shown.open) shown.showModal();
    return () => shown?.close();
  }, []);
  const onCancel = (/** @type {Event} */ event) => {
    event.preventDefault();
    close?.();
  };
  const inside = div({ class: sheet ? "sheet-in" : "dialog-in" },
    header(div({ class: "grow" }, h2({ id }, title), about && p({ class: "muted small" }, about)),
      close && button({ type: "button", class: "btn ghost icon", "aria-label": w().close, onClick: close }, icon("cross"))),
    div({ class: "body" }, children),
    actions && footer(actions));
  return dialog({ ref: element, class: sheet ? "sheet" : "dialog", "aria-labelledby": id, onCancel }, inside);
}

/**
 * Asks before something that has a consequence; `word`, where something in use ends for good, has to be typed.
 * @param {{ title: string, text: Child, word?: string, wordLabel?: string, danger?: boolean, yes: string, act: () => Promise<unknown>, close: () => void }} props
 */
export function Confirm({ title, text, word, wordLabel, danger, yes, act, close }) {
  const [typed, setTyped] = useState("");
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  async function confirm() {
    if (busy) return;
    setBusy(true);
    try {
      await act();
      close();
    } catch (error) {
      setRefusal(error);
      setBusy(false);
    }
  }
  const actions = div({ class: "row grow end" },
    button({ type: "button", class: "btn", onClick: close }, w().cancel),
    button({ type: "button", class: danger ? "btn danger-fill" : "btn primary", disabled: busy || (!!word && typed !== word), onClick: confirm }, yes));
  return h(Dialog, { title, close, actions },
    p(text),
    word && div({ class: "field" }, label({ for: "confirm-word" }, wordLabel), input({ id: "confirm-word", class: "input mono", value: typed, autocomplete: "off", onInput: (event) => setTyped(event.currentTarget.value) })),
    refusal && note("bad", refusalText(refusal)));
}

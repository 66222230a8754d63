// A new key, shown once: held by this dialog alone, and gone with it.

import { h, useRef } from "../vendor/preact.js";
import { button, code, div, p, span } from "../dom.js";
import { Dialog } from "../ui/dialog.js";
import { CopyButton, note, saveFile } from "../ui/parts.js";
import { API_ROOT } from "../api_root.js";
import { w } from "../words.js";

/** @param {string} key */
const environment = (key) =>
  [`OPENAI_BASE_URL=${new URL("v1", API_ROOT).href}`, `OPENAI_API_KEY=${key}`, `ANTHROPIC_BASE_URL=${API_ROOT.href.replace(/\/$/, "")}`, `ANTHROPIC_API_KEY=${key}`, ""].join("\n");

/** @param {{ made: import("./keys.js").NewKey, close: () => void, more?: any }} props */
export function KeyMade({ made, close, more }) {
  const shownKey = useRef(/** @type {HTMLElement | null} */ (null));
  const t = w().keys;
  const actions = [span({ class: "grow" }), button({ type: "button", class: "btn primary", onClick: close }, t.haveIt)];
  return h(Dialog, { title: t.madeTitle(made.name), actions },
    note("warn", p(t.once)),
    div({ class: "secret" }, code({ ref: shownKey, id: "made", tabIndex: 0 }, made.key), h(CopyButton, { text: made.key, from: shownKey })),
    div({ class: "row" },
      button({ type: "button", class: "btn", onClick: () => saveFile(".env", environment(made.key)) }, t.saveEnv),
      span({ class: "muted small" }, t.envHint)),
    more);
}

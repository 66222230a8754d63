// A person's keys, for those who look after the person: switched off, deleted, or made and handed on.

import { h, useState } from "../vendor/preact.js";
import { button, code, div, form, h3, input, p, section, span } from "../dom.js";
import { Confirm } from "../ui/dialog.js";
import { state } from "../ui/icon.js";
import { shown, useLoad } from "../ui/load.js";
import { Toggle, note } from "../ui/parts.js";
import { dataTable } from "../ui/table.js";
import { ago, date } from "../format.js";
import { readAll, write } from "../api.js";
import { hasRole } from "../session.js";
import { KeyMade } from "./key_made.js";
import { hasEnded } from "./keys.js";
import { refusalText, w } from "../words.js";
import { wa } from "../words_admin.js";

/** @typedef {import("./keys.js").Key} Key */

/** @param {{ user: string }} props */
export function PersonKeys({ user }) {
  const path = `api/v1/admin/users/${user}/keys`;
  const keys = useLoad(() => readAll(path), [user]);
  const [asked, setAsked] = useState(/** @type {Key | null} */ (null));
  const [made, setMade] = useState(/** @type {any} */ (null));
  const [name, setName] = useState("");
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const admin = hasRole("admin");
  const [t, words] = [wa().people, w().keys];
  const change = async (/** @type {Key} */ key, /** @type {boolean} */ enabled) => {
    await write("PUT", `${path}/${key.id}`, { enabled }, key.version);
    await keys.reload();
  };
  const remove = async () => {
    await write("DELETE", `${path}/${asked?.id}`);
    await keys.reload();
  };
  async function make(/** @type {Event} */ event) {
    event.preventDefault();
    setRefusal(null);
    try {
      setMade(await write("POST", path, { name }));
      setName("");
      await keys.reload();
    } catch (error) {
      setRefusal(error);
    }
  }
  const stateOf = (/** @type {Key} */ key) => (hasEnded(key) ? state("bad", words.ended) : key.enabled ? state("ok", words.on) : state("off", words.off));
  return section({ class: "stack" },
    h3(w().places.keys),
    shown(keys, (all) => all.length === 0 ? p({ class: "muted small" }, t.noKeys) : div({ class: "card" }, dataTable(w().places.keys, [
      { name: words.name, cell: (key) => [span({ class: "strong" }, key.name), code({ class: "sub" }, `${key.key_prefix}…`)] },
      { name: words.state, cell: (key) => (admin && !hasEnded(key) ? h(Toggle, { name: words.switch(key.name), on: key.enabled, act: (on) => change(key, on) }) : stateOf(key)) },
      { name: words.lastUsed, class: "wide", cell: (key) => (key.last_used_at ? ago(key.last_used_at) : words.never) },
      { name: words.expires, class: "wide", cell: (key) => (key.expires_at ? date(key.expires_at) : words.noExpiry) },
      ...(admin ? [{ name: w().actions, class: "acts", cell: (/** @type {Key} */ key) => button({ type: "button", class: "btn small danger", "aria-label": `${w().delete}: ${key.name}`, onClick: () => setAsked(key) }, w().delete) }] : []),
    ], all, (key) => key.id)), 2),
    admin && form({ class: "row nowrap", onSubmit: make },
      input({ class: "input", "aria-label": t.keyName, placeholder: t.keyName, value: name, required: true, onInput: (event) => setName(event.currentTarget.value) }),
      button({ type: "submit", class: "btn", disabled: !name.trim() }, words.make)),
    refusal && note("bad", p(refusalText(refusal))),
    asked && h(Confirm, { title: words.deleteTitle(asked.name), text: asked.last_used_at ? words.deleteUsed(ago(asked.last_used_at)) : words.deleteText, danger: true, yes: w().delete, act: remove, close: () => setAsked(null) }),
    made && h(KeyMade, { made, close: () => setMade(null) }));
}

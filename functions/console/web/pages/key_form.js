// The sheet in which a key is made or changed.

import { h, useState } from "../vendor/preact.js";
import { button, div, form, p, span } from "../dom.js";
import { Dialog } from "../ui/dialog.js";
import { errorOf, selectField, textField } from "../ui/field.js";
import { ModelPicker } from "../ui/picker.js";
import { note } from "../ui/parts.js";
import { date } from "../format.js";
import { write } from "../api.js";
import { refusalText, w } from "../words.js";

/** @typedef {import("./keys.js").Key} Key */
const LIFETIMES = ["30", "90", "365"];

/** @param {string} choice @param {Key | null} of */
const expiryOf = (choice, of) => (choice === "kept" ? of?.expires_at ?? null : choice === "none" ? null : new Date(Date.now() + Number(choice) * 86_400_000).toISOString());

/** @param {{ of: Key | null, models: { id: string, name: string }[] | undefined, close: () => void, saved: (key: any) => void }} props */
export function KeyForm({ of, models, close, saved }) {
  const [name, setName] = useState(of?.name ?? "");
  const [chosen, setChosen] = useState(of?.models ?? []);
  const [expiry, setExpiry] = useState(of ? "kept" : "90");
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const t = w().keys;
  async function save(/** @type {Event} */ event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      /** @type {Record<string, unknown>} */
      const body = {};
      if (name !== of?.name) body.name = name;
      if (!of || chosen.join() !== of.models.join()) body.models = chosen;
      if (expiry !== "kept") body.expires_at = expiryOf(expiry, of);
      saved(of ? await write("PUT", `api/v1/user/keys/${of.id}`, body, of.version) : await write("POST", "api/v1/user/keys", body));
    } catch (error) {
      setRefusal(error);
      setBusy(false);
    }
  }
  /** @type {[string, string][]} */
  const expiries = [...LIFETIMES.map((days) => /** @type {[string, string]} */ ([days, t.days(Number(days))])), ["none", t.noExpiry]];
  if (of) expiries.unshift(["kept", of.expires_at ? date(of.expires_at) : t.noExpiry]);
  const wrong = (/** @type {string} */ field) => errorOf(refusal, field, refusalText);
  const actions = [span({ class: "grow" }), button({ type: "button", class: "btn", onClick: close }, w().cancel), button({ type: "submit", form: "key-form", class: "btn primary", disabled: busy }, of ? w().save : t.make)];
  return h(Dialog, { title: of ? t.changeTitle(of.name) : t.new, sheet: true, close, actions },
    form({ id: "key-form", class: "stack", onSubmit: save },
      textField(t.name, name, setName, { required: true, maxLength: 100, autofocus: true, hint: t.nameHint, error: wrong("name") }),
      h(ModelPicker, { name: t.models, options: models ?? [], chosen, change: setChosen, all: t.allModels, typed: models ? undefined : t.modelId }),
      wrong("models") && note("bad", p(wrong("models"))),
      selectField(t.expires, expiries, expiry, setExpiry, { hint: expiry === "kept" || expiry === "none" ? undefined : t.until(date(expiryOf(expiry, of) ?? 0)), error: wrong("expires_at") }),
      refusal && !refusal.field && note("bad", p(refusalText(refusal))),
      div()));
}

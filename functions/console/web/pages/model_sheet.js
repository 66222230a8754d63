// The sheet in which a model is made or changed.

import { h } from "../vendor/preact.js";
import { button, div, formElement, span } from "../dom.js";
import { Dialog } from "../ui/dialog.js";
import { areaField, textField } from "../ui/field.js";
import { formNotes, lines, numberOrNull, useForm } from "../ui/form.js";
import { read, write } from "../api.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

const FIELDS = ["id", "name", "description", "aliases", "input_price", "cached_input_price", "output_price", "context_window", "max_output_tokens"];
const EMPTY_MODEL = { id: "", name: "", description: null, aliases: [], input_price: null, cached_input_price: null, output_price: null, context_window: null, max_output_tokens: null };

/** @param {{ of: any, close: () => void, saved: () => void, remove: () => void }} props */
export function ModelSheet({ of, close, saved, remove }) {
  const form = useForm(of ?? EMPTY_MODEL, FIELDS);
  const t = wa().models;
  const path = of && `api/v1/admin/models/${encodeURIComponent(of.id)}`;
  async function save(/** @type {Event} */ event) {
    event.preventDefault();
    const newest = () => read(path);
    const result = await form.save((changes, version) => (of ? write("PUT", path, changes, version) : write("POST", "api/v1/admin/models", changes)), of && newest);
    if (result) saved();
  }
  const changed = (/** @type {string} */ field) => of && field in form.changes;
  const text = (/** @type {string} */ field, /** @type {string} */ name, /** @type {object} */ more) =>
    textField(name, form.now[field] ?? "", (value) => form.set(field, value), { error: form.error(field), changed: changed(field), ...more });
  const amount = (/** @type {string} */ field, /** @type {string} */ name, /** @type {object} */ more) =>
    textField(name, form.now[field]?.toString() ?? "", (value) => form.set(field, numberOrNull(value)), { type: "number", min: "0", step: "any", error: form.error(field), changed: changed(field), ...more });
  const actions = [of && button({ type: "button", class: "btn danger", onClick: remove }, w().delete), span({ class: "grow" }),
    button({ type: "button", class: "btn", onClick: close }, w().cancel), button({ type: "submit", form: "model-form", class: "btn primary", disabled: form.busy || !form.dirty }, form.conflicts.length ? wa().saveMine : of ? w().save : t.add)];
  return h(Dialog, { title: of ? of.name : t.add, about: of?.id, sheet: true, close, actions },
    formElement({ id: "model-form", class: "stack", onSubmit: save },
      formNotes(form, FIELDS),
      !of && text("id", t.id, { class: "input mono", required: true, hint: t.idHint, autofocus: true }),
      text("name", t.name, { required: true }),
      areaField(t.aliases, form.now.aliases.join("\n"), (value) => form.set("aliases", lines(value)), { rows: 2, class: "input mono", hint: t.aliasesHint, error: form.error("aliases"), changed: changed("aliases"), spellcheck: false }),
      div({ class: "grid three" },
        amount("input_price", t.inputPrice, {}), amount("cached_input_price", t.cachedPrice, {}), amount("output_price", t.outputPrice, {})),
      span({ class: "muted tiny" }, t.priceHint),
      div({ class: "grid two" },
        amount("context_window", t.contextWindow, { step: "1" }), amount("max_output_tokens", t.maxOutput, { step: "1" })),
      text("description", t.description, {})));
}

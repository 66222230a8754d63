// Settings of the gateway; each block saves by itself.

import { Fragment, h } from "../vendor/preact.js";
import { button, code, div, formElement, h2, header, p, section } from "../dom.js";
import { areaField, selectField, textField } from "../ui/field.js";
import { formNotes, lines, numberOrNull, useForm } from "../ui/form.js";
import { shown, useLoad } from "../ui/load.js";
import { CopyButton, checkbox, pageHead } from "../ui/parts.js";
import { toast } from "../ui/toast.js";
import { read, readAll, write } from "../api.js";
import { API_ROOT } from "../api_root.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

const SETTINGS = "api/v1/admin/settings";

/** What is wrong with an origin: a page's scheme, host and port, and nothing more. @param {string} text */
function originFault(text) {
  const t = wa().settings;
  if (!URL.canParse(text)) return t.noOrigin(text);
  return new URL(text).origin === text ? null : t.onlyOrigin(text, new URL(text).origin);
}

/** @param {{ title: string, settings: any, fields: string[], show: (form: import("../ui/form.js").Form) => import("../dom.js").Child, saved: () => void }} props */
function Block({ title, settings, fields, show, saved }) {
  const form = useForm(settings, fields);
  async function save(/** @type {Event} */ event) {
    event.preventDefault();
    const result = await form.save((changes, version) => write("PUT", SETTINGS, changes, version), () => read(SETTINGS));
    if (!result) return;
    toast(w().saved);
    saved();
  }
  return formElement({ class: "card", onSubmit: save }, header(h2(title)),
    div({ class: "body stack" }, formNotes(form, fields), show(form), div(button({ type: "submit", class: "btn", disabled: !form.dirty || form.busy }, form.conflicts.length ? wa().saveMine : w().save))));
}

/** @param {string} name @param {string} value */
const fact = (name, value) => div({ class: "row between small" }, p({ class: "muted" }, name), p({ class: "row" }, code(value), h(CopyButton, { text: value, class: "btn ghost small icon", label: `${w().copy}: ${name}` })));

export function Settings() {
  const loaded = useLoad(async () => {
    const [settings, models, options] = await Promise.all([read(SETTINGS), readAll("api/v1/admin/models"), read("api/v1/auth/options")]);
    return { settings, models, options };
  }, []);
  const t = wa().settings;
  return h(Fragment, null, pageHead(w().places["admin/settings"], null),
    shown(loaded, ({ settings, models, options }) => {
      const block = (/** @type {string} */ title, /** @type {string[]} */ fields, /** @type {(form: import("../ui/form.js").Form) => import("../dom.js").Child} */ show) =>
        // What another block saves does not touch what is typed in this one.
        h(Block, { key: title + JSON.stringify(fields.map((field) => settings[field])), title, settings, fields, show, saved: loaded.reload });
      return div({ class: "stack settings" },
        block(t.access, ["registration_enabled", "password_policy"], (form) => [
          checkbox(t.registration, form.now.registration_enabled, (on) => form.set("registration_enabled", on)),
          selectField(t.passwords, [["", t.asStarted], ["basic", t.basic], ["strict", t.strict]], form.now.password_policy ?? "", (value) => form.set("password_policy", value || null), { error: form.error("password_policy") })]),
        block(t.requests, ["default_model", "request_log", "log_retention_days", "show_backend_id"], (form) => [
          selectField(t.defaultModel, [["", w().none], ...models.map((each) => /** @type {[string, string]} */ ([each.id, each.id]))], form.now.default_model ?? "", (value) => form.set("default_model", value || null), { hint: t.defaultModelHint, error: form.error("default_model") }),
          checkbox(t.log, form.now.request_log, (on) => form.set("request_log", on)),
          textField(t.days, String(form.now.log_retention_days ?? ""), (value) => form.set("log_retention_days", numberOrNull(value)), { type: "number", min: "1", error: form.error("log_retention_days"), hint: t.daysHint }),
          checkbox(t.showBackend, form.now.show_backend_id, (on) => form.set("show_backend_id", on))]),
        block(t.pages, ["cors_origins"], (form) => [
          areaField(t.origins, form.now.cors_origins.join("\n"), (value) => form.set("cors_origins", lines(value)), { rows: 3, class: "input mono", hint: t.originsHint, spellcheck: false, error: form.error("cors_origins") ?? form.now.cors_origins.map(originFault).find(Boolean) })]),
        section({ class: "card" }, header(h2(t.gateway)), div({ class: "body stack" },
          fact("OpenAI", new URL("v1", options.api_url ?? API_ROOT).href), fact("Anthropic", (options.api_url ?? API_ROOT.href).replace(/\/$/, "")), options.version && fact(t.version, options.version))));
    }));
}

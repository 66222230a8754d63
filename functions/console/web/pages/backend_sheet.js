// The sheet in which a backend is made, tested and changed.

import { h, useState } from "../vendor/preact.js";
import { button, datalist, details, div, formElement, label, option, span, summary } from "../dom.js";
import { Dialog } from "../ui/dialog.js";
import { areaField, selectField, textField } from "../ui/field.js";
import { formNotes, numberOrNull, useForm } from "../ui/form.js";
import { errorCard, useLoad } from "../ui/load.js";
import { Toggle } from "../ui/parts.js";
import { secretField } from "../ui/secret_field.js";
import { percent } from "../format.js";
import { stepReport } from "../ui/steps.js";
import { read, write } from "../api.js";
import { completionsUrl } from "../presets.js";
import { toastRefusal } from "../ui/toast.js";
import { BackendSettings, asJson, readPresets } from "./backend_settings.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

const FIELDS_OF_BACKEND = ["name", "base_url", "model_name", "api_key", "protocol", "auth", "preset", "settings", "weight", "region", "enabled", "max_concurrency", "timeout_ms", "idle_timeout_ms", "headers"];
const EMPTY_BACKEND = { name: "", base_url: "", model_name: "", protocol: "openai", auth: null, preset: null, settings: {}, weight: 1, region: null, enabled: true, max_concurrency: 0, timeout_ms: null, idle_timeout_ms: null, headers: {} };

/** The header in which each protocol is shown a key anyway. @type {Record<string, string>} */
const KEY_HEADERS = { openai: "authorization", responses: "authorization", anthropic: "x-api-key", anthropic_vertex: "authorization" };

/** @param {{ of: any, model: any, siblings: any[], close: () => void, saved: () => void, remove: () => void }} props */
export function BackendSheet({ of, model, siblings, close, saved, remove }) {
  const form = useForm(of ?? { ...EMPTY_BACKEND, name: `${model.id}-${siblings.length + 1}` }, FIELDS_OF_BACKEND);
  const known = useLoad(readPresets, []);
  const [tested, setTested] = useState(/** @type {any} */ (null));
  const [testing, setTesting] = useState(false);
  const t = wa().backend;
  const { now } = form;
  const newest = () => read(`api/v1/admin/backends/${of.id}`);
  const send = (/** @type {object} */ changes, /** @type {number} */ version) =>
    of ? write("PUT", `api/v1/admin/backends/${of.id}`, changes, version) : write("POST", `api/v1/admin/models/${encodeURIComponent(model.id)}/backends`, { ...now, version: undefined });
  async function save(/** @type {Event} */ event) {
    event.preventDefault();
    if (await form.save(send, of && newest)) saved();
  }
  /** What is typed, without saving it. */
  async function test() {
    setTesting(true);
    try {
      const typed = of ? { id: of.id, ...form.changes } : { model_id: model.id, ...now, version: undefined };
      const report = await write("POST", "api/v1/admin/backends/test", typed);
      setTested(report);
    } catch (error) {
      setTested(null);
      toastRefusal(error);
    }
    setTesting(false);
  }
  const changed = (/** @type {string} */ field) => of && field in form.changes;
  const text = (/** @type {string} */ field, /** @type {string} */ name, /** @type {object} */ more = {}) =>
    textField(name, now[field] ?? "", (value) => form.set(field, value || (field === "region" ? null : "")), { error: form.error(field), changed: changed(field), ...more });
  const amount = (/** @type {string} */ field, /** @type {string} */ name, /** @type {object} */ more = {}) =>
    textField(name, now[field]?.toString() ?? "", (value) => form.set(field, numberOrNull(value)), { type: "number", min: "0", error: form.error(field), changed: changed(field), ...more });
  const presets = known.data?.presets ?? [];
  const preset = presets.find((each) => each.id === now.preset);
  const choose = (/** @type {string} */ name) => {
    const next = presets.find((each) => each.id === name);
    const endpoint = next?.endpoints[0];
    form.set("preset", next?.id ?? null);
    form.set("protocol", endpoint?.protocol ?? "openai");
    if (!endpoint || of) return;
    form.set("base_url", endpoint.base_url);
    form.set("auth", endpoint.auth?.header === KEY_HEADERS[endpoint.protocol] ? null : endpoint.auth);
  };
  const kinds = /** @type {[string, string][]} */ ([["", t.otherKind], ...presets.map((each) => [each.id, each.name]), ...(now.preset && !preset ? [[now.preset, now.preset]] : [])]);
  const total = siblings.filter((each) => each.enabled).reduce((sum, each) => sum + each.weight, 0) + (now.weight ?? 0);
  const actions = [of && button({ type: "button", class: "btn danger", onClick: remove }, w().delete),
    span({ class: "muted small grow" }, testing ? wa().setup.testing : form.dirty ? t.unsaved : ""),
    button({ type: "button", class: "btn", onClick: close }, w().cancel),
    button({ type: "button", class: "btn", disabled: testing || !now.base_url, onClick: () => void test() }, t.test),
    button({ type: "submit", form: "backend-form", class: "btn primary", disabled: form.busy || (of && !form.dirty) }, form.conflicts.length ? wa().saveMine : tested && !tested.passed ? t.saveAnyway : of ? w().save : t.add)];
  return h(Dialog, { title: of ? of.name : t.add, about: t.forModel(model.id), sheet: true, close, actions },
    formElement({ id: "backend-form", class: "stack", onSubmit: save },
      formNotes(form, FIELDS_OF_BACKEND),
      known.error && !known.data && errorCard(known.error, known.reload),
      selectField(t.kind, kinds, now.preset ?? "", choose, { hint: t.kindHint, error: form.error("preset"), changed: changed("preset") }),
      text("base_url", t.url, { class: "input mono", required: true, hint: completionsUrl(now.base_url) && `${t.urlHint} ${completionsUrl(now.base_url)}` }),
      secretField(t.key, { isSet: of?.has_api_key ?? false, value: now.api_key, change: (value) => form.set("api_key", value), words: { ...wa().secret, undo: w().undo }, hint: t.keyHint, error: form.error("api_key") }),
      text("model_name", t.there, { class: "input mono", required: true, list: "offered", hint: tested?.models.length > 0 && t.offered(tested.models.length) }),
      datalist({ id: "offered" }, (tested?.models ?? []).map((/** @type {string} */ each) => option({ value: each }))),
      text("name", t.name, { required: true }),
      amount("weight", t.weight, { max: "1000", step: "1", hint: now.weight === 0 ? t.reserveHint : t.weightHint(now.weight ?? 0, total, percent(now.weight ?? 0, total)) }),
      label({ class: "row small" }, h(Toggle, { name: wa().models.switch(now.name), on: now.enabled, act: async (on) => form.set("enabled", on) }), t.enabled),
      known.data && details({ class: "more-fields" }, summary(t.settings(Object.keys(now.settings).length)),
        h(BackendSettings, { settings: known.data.settings, preset, own: now.settings, change: (value) => form.set("settings", value), error: form.error })),
      details({ class: "more-fields" }, summary(t.more),
        div({ class: "stack" },
          selectField(
            t.protocol,
            [["openai", "OpenAI"], ["anthropic", "Anthropic"], ["responses", "OpenAI Responses"], ["anthropic_vertex", "Anthropic (Vertex AI)"]],
            now.protocol,
            (value) => form.set("protocol", value),
            { error: form.error("protocol"), changed: changed("protocol") },
          ),
          areaField(
            t.auth,
            typeof now.auth === "string" ? now.auth : now.auth ? JSON.stringify(now.auth) : "",
            (value) => form.set("auth", value.trim() ? asJson(value) : null),
            { rows: 2, class: "input mono", hint: t.authHint, error: form.error("auth"), changed: changed("auth"), spellcheck: false },
          ),
          text("region", t.region), amount("max_concurrency", t.concurrency, { hint: t.concurrencyHint }), amount("timeout_ms", t.timeout), amount("idle_timeout_ms", t.idle),
          areaField(t.headers, typeof now.headers === "string" ? now.headers : JSON.stringify(now.headers), (value) => form.set("headers", asJson(value)), { rows: 2, class: "input mono", error: form.error("headers"), spellcheck: false }))),
      tested && stepReport(tested)));
}

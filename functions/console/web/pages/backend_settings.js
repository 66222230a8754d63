// What is particular about a backend's server: settings of its own over those of its preset, as the API describes them.

import { useState } from "../vendor/preact.js";
import { button, code, div, option, p, section, select, span } from "../dom.js";
import { areaField, selectField, textField } from "../ui/field.js";
import { lines } from "../ui/form.js";
import { icon } from "../ui/icon.js";
import { read } from "../api.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

/** @typedef {{ name: string, kind: "choice" | "choices" | "bool" | "number" | "limit" | "text" | "texts" | "object", values?: string[], default: any, help: string }} Setting */
/** @typedef {{ id: string, name: string, docs: string, endpoints: { protocol: string, base_url: string, auth: any }[], settings: Record<string, any> }} Preset */

/** @returns {Promise<{ presets: Preset[], settings: Setting[] }>} */
export async function readPresets() {
  const [presets, settings] = await Promise.all([read("api/v1/admin/presets"), read("api/v1/admin/backend-settings")]);
  return { presets, settings };
}

/** What a new setting begins with, so that it can be seen to differ. @param {Setting} setting @param {any} now */
const begun = ({ kind, values }, now) => (kind === "bool" ? !now : kind === "choice" ? values?.find((each) => each !== now) ?? now : kind === "limit" && now === "none" ? 1 : now);

/** What was typed, where it is no JSON: the API says what is wrong with it. @param {string} text @returns {any} */
export function asJson(text) {
  try {
    return JSON.parse(text || "{}");
  } catch {
    return text;
  }
}

/** @param {Setting} setting @param {any} value @param {(value: any) => void} change @param {{ hint: any, error: string | null }} more */
function controlOf({ name, kind, values }, value, change, more) {
  const typed = { class: "input mono", spellcheck: false, ...more };
  switch (kind) {
    case "choice": return selectField(name, (values ?? []).map((each) => [each, each]), value, change, more);
    case "bool": return selectField(name, [["true", w().yes], ["false", w().no]], String(value), (text) => change(text === "true"), more);
    case "number": return textField(name, String(value), (text) => change(Number(text)), { type: "number", min: "0", ...more });
    case "limit": return textField(name, value === "none" ? "" : String(value), (text) => change(text ? Number(text) : "none"), { type: "number", min: "1", placeholder: "none", ...more });
    case "text": return textField(name, String(value), change, typed);
    case "object": return areaField(name, typeof value === "string" ? value : JSON.stringify(value), (text) => change(asJson(text)), { rows: 2, ...typed });
    default: return areaField(name, Array.isArray(value) ? value.join("\n") : String(value), (text) => change(lines(text)), { rows: 2, ...typed });
  }
}

/** @param {{ settings: Setting[], preset: Preset | undefined, own: Record<string, any>, change: (own: Record<string, any>) => void, error: (field: string) => string | null }} props */
export function BackendSettings({ settings, preset, own, change, error }) {
  const [adding, setAdding] = useState("");
  const t = wa().backend;
  const inherited = (/** @type {Setting} */ each) => preset?.settings[each.name] ?? each.default;
  const without = (/** @type {string} */ name) => change(Object.fromEntries(Object.entries(own).filter(([each]) => each !== name)));
  const chosen = settings.find((each) => each.name === adding);
  const add = () => {
    if (chosen) change({ ...own, [chosen.name]: begun(chosen, inherited(chosen)) });
    setAdding("");
  };
  return section({ class: "stack" },
    settings.filter((each) => each.name in own).map((each) => div({ class: "row nowrap", key: each.name },
      div({ class: "grow" }, controlOf(each, own[each.name], (value) => change({ ...own, [each.name]: value }), { hint: [each.help, " ", t.elseIs(JSON.stringify(inherited(each)))], error: error(`settings.${each.name}`) })),
      button({ type: "button", class: "btn ghost small icon", "aria-label": t.removeSetting(each.name), onClick: () => without(each.name) }, icon("cross", 14)))),
    div({ class: "row nowrap" },
      select({ class: "input", "aria-label": t.addSetting, value: adding, onChange: (event) => setAdding(event.currentTarget.value) },
        option({ value: "" }, t.addSetting), settings.filter((each) => !(each.name in own)).map((each) => option({ value: each.name }, each.name))),
      button({ type: "button", class: "btn", disabled: !chosen, onClick: add }, w().picker.add)),
    chosen && p({ class: "small muted" }, code(chosen.name), ": ", chosen.help, " ", span(t.now(JSON.stringify(inherited(chosen))))));
}

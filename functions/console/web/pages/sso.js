// Single sign-on in five steps, which may be left and resumed: it is saved switched off, tested step by step, then switched on.

import { Fragment, h, useState } from "../vendor/preact.js";
import { button, code, div, formElement, h2, header, li, ol, p, section, span } from "../dom.js";
import { Confirm } from "../ui/dialog.js";
import { textField } from "../ui/field.js";
import { formNotes, lines, useForm } from "../ui/form.js";
import { state } from "../ui/icon.js";
import { shown, useLoad } from "../ui/load.js";
import { stepReport } from "../ui/steps.js";
import { CopyButton, act, checkbox, note, pageHead, segment } from "../ui/parts.js";
import { secretField } from "../ui/secret_field.js";
import { toast } from "../ui/toast.js";
import { read, write } from "../api.js";
import { API_ROOT } from "../api_root.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

const FIELDS_OF_SSO = ["provider", "issuer_url", "client_id", "client_secret", "redirect_url", "console_url", "email_claim", "auto_provision", "allowed_domains"];
const STATUS = "api/v1/admin/sso/status";

/** @typedef {"azure" | "google" | "keycloak" | "other"} Vendor */

/** @param {any} now @returns {Vendor} */
const vendorOf = (now) => (now.provider === "azure" ? "azure" : now.issuer_url?.includes("accounts.google.com") ? "google" : now.issuer_url?.includes("/realms/") ? "keycloak" : "other");

/** @param {{ config: any, reload: () => Promise<void> }} props */
function Steps({ config, reload }) {
  const begin = { ...config, provider: config.provider ?? "generic-oidc", console_url: config.console_url ?? new URL("console/", API_ROOT).href, allowed_domains: config.allowed_domains ?? [], auto_provision: config.auto_provision ?? false };
  const form = useForm(begin, FIELDS_OF_SSO);
  const [vendor, setVendor] = useState(vendorOf(begin));
  const [report, setReport] = useState(config.last_test);
  const [claims, setClaims] = useState("");
  const [asking, setAsking] = useState(false);
  const t = wa().sso;
  const { now } = form;
  const isNew = config.issuer_url === null;
  const choose = (/** @type {Vendor} */ next) => {
    setVendor(next);
    form.set("provider", next === "azure" ? "azure" : "generic-oidc");
    if (next === "google") form.set("issuer_url", "https://accounts.google.com");
  };
  async function save(/** @type {Event} */ event) {
    event.preventDefault();
    const whole = Object.fromEntries(FIELDS_OF_SSO.filter((field) => now[field] !== undefined && now[field] !== null).map((field) => [field, now[field]]));
    const result = await form.save((changes, version) => write("PUT", "api/v1/admin/sso/config", isNew ? { ...whole, enabled: false } : changes, version), () => read(STATUS));
    if (!result) return;
    toast(w().saved);
    await reload();
  }
  const test = async () => setReport(await write("POST", "api/v1/admin/sso/test", { ...form.changes, ...(claims.trim() && { claims: JSON.parse(claims) }) }));
  const switchTo = async (/** @type {boolean} */ enabled) => {
    await write("PUT", "api/v1/admin/sso/config", { enabled }, config.version);
    toast(w().saved);
    await reload();
  };
  const changed = (/** @type {string} */ field) => !isNew && field in form.changes;
  const text = (/** @type {string} */ field, /** @type {string} */ name, /** @type {object} */ more = {}) =>
    textField(name, now[field] ?? "", (value) => form.set(field, value || null), { class: "input mono", error: form.error(field), changed: changed(field), ...more });
  const redirect = config.redirect_url ?? new URL("api/v1/auth/sso/callback", API_ROOT).href;
  const card = (/** @type {number} */ number, /** @type {string} */ title, /** @type {...import("../dom.js").Child} */ ...inside) => section({ class: "card" }, header(span({ class: "muted" }, number), h2(title)), div({ class: "body stack" }, ...inside));
  return div({ class: "stack settings" },
    formElement({ class: "stack", onSubmit: save },
      formNotes(form, FIELDS_OF_SSO),
      card(1, t.provider, segment(t.provider, [["azure", "Entra ID"], ["google", "Google"], ["keycloak", "Keycloak"], ["other", t.other]], vendor, choose), ol({ class: "guide" }, t.guides[vendor].map((each) => li(each)))),
      card(2, t.register, p(t.registerText), div({ class: "secret" }, code(redirect), h(CopyButton, { text: redirect }))),
      card(3, t.client,
        text("issuer_url", t.issuer, { type: "url", required: true, hint: t.issuers[vendor] }), text("client_id", t.clientId, { required: true }),
        secretField(t.secret, { isSet: config.has_client_secret, value: now.client_secret, change: (value) => form.set("client_secret", value), words: { ...wa().secret, undo: w().undo }, error: form.error("client_secret") }),
        textField(t.domains, now.allowed_domains.join(", "), (value) => form.set("allowed_domains", lines(value)), { class: "input mono", placeholder: "example.com", hint: t.domainsHint, error: form.error("allowed_domains"), changed: changed("allowed_domains") }),
        checkbox(t.provision, now.auto_provision, (on) => form.set("auto_provision", on)),
        text("console_url", t.console, { type: "url" }),
        div(button({ type: "submit", class: "btn primary", disabled: form.busy || (!isNew && !form.dirty) }, form.conflicts.length ? wa().saveMine : isNew ? t.saveOff : w().save)))),
    card(4, t.test, p(t.testText),
      textField(t.claims, claims, setClaims, { class: "input mono", placeholder: '{"email": "ada@example.com", "email_verified": true}', hint: t.claimsHint }),
      div(act("btn", test, t.test)), report && stepReport(report)),
    card(5, t.on,
      config.enabled ? state("ok", t.isOn) : state("off", t.isOff), note("warn", p(t.ownPassword)),
      div(config.enabled ? act("btn danger", () => switchTo(false), t.switchOff) : button({ type: "button", class: "btn primary", disabled: isNew || form.dirty, onClick: () => setAsking(true) }, t.switchOn))),
    asking && h(Confirm, { title: t.switchOn, text: report?.passed ? t.switchText : t.switchUntested, yes: t.switchOn, act: () => switchTo(true), close: () => setAsking(false) }));
}

export function Sso() {
  const loaded = useLoad(() => read(STATUS), []);
  return h(Fragment, null, pageHead(w().places["admin/sso"], wa().sso.about), shown(loaded, (config) => h(Steps, { key: config.version, config, reload: loaded.reload })));
}

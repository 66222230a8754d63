// One's own account: name, password, how the console looks, and the end of sessions.

import { Fragment, h, useState } from "../vendor/preact.js";
import { button, div, form, h2, header, p, section } from "../dom.js";
import { Confirm } from "../ui/dialog.js";
import { errorOf, selectField, textField } from "../ui/field.js";
import { shown, useLoad } from "../ui/load.js";
import { checkbox, note, pageHead, segment } from "../ui/parts.js";
import { toast } from "../ui/toast.js";
import { read, signOut, write } from "../api.js";
import { BROWSERS_ZONE, language, shortcuts, theme, zone } from "../prefs.js";
import { keepSession, renamePerson, session } from "../session.js";
import { refusalText, w } from "../words.js";

/** @param {string} title @param {...import("../dom.js").Child} inside */
const block = (title, ...inside) => section({ class: "card" }, header(h2(title)), div({ class: "body stack" }, ...inside));

/** @param {{ profile: any, changed: () => void }} props */
function NameForm({ profile, changed }) {
  const [name, setName] = useState(profile.name);
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const t = w().account;
  async function save(/** @type {Event} */ event) {
    event.preventDefault();
    try {
      await write("PUT", "api/v1/user/profile", { name });
      renamePerson({ name });
      toast(w().saved);
      changed();
    } catch (error) {
      setRefusal(error);
    }
  }
  return form({ class: "stack", onSubmit: save },
    textField(w().login.name, name, setName, { required: true, autocomplete: "name", error: refusal && refusalText(refusal), changed: name !== profile.name }),
    p({ class: "muted small" }, `${profile.email} · ${w().roles[/** @type {import("../session.js").Role} */ (profile.role)]}${profile.department ? ` · ${profile.department}` : ""} · ${t.policy(profile.quota_policy)}`),
    div(button({ type: "submit", class: "btn", disabled: name === profile.name }, w().save)));
}

function PasswordChange() {
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const t = w().account;
  async function save(/** @type {Event} */ event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      const begun = await write("PUT", "api/v1/user/password", { old_password: old, new_password: next });
      if (session.value) keepSession({ ...session.value, ...begun });
      setOld("");
      setNext("");
      setRefusal(null);
      toast(t.passwordChanged);
    } catch (error) {
      setRefusal(error);
    }
    setBusy(false);
  }
  const wrong = (/** @type {string} */ field) => errorOf(refusal, field, refusalText);
  return form({ class: "stack", onSubmit: save },
    textField(t.oldPassword, old, setOld, { type: "password", autocomplete: "current-password", required: true, error: wrong("old_password") }),
    textField(t.newPassword, next, setNext, { type: "password", autocomplete: "new-password", required: true, error: wrong("new_password") }),
    refusal && !wrong("old_password") && !wrong("new_password") && note("bad", p(refusalText(refusal))),
    p({ class: "muted small" }, t.passwordHint),
    div(button({ type: "submit", class: "btn", disabled: busy || !old || !next }, t.changePassword)));
}

function Looks() {
  const t = w().account;
  const zones = [...new Set([BROWSERS_ZONE, "UTC", ...Intl.supportedValuesOf("timeZone")])];
  return div({ class: "stack" },
    div({ class: "field" }, p({ class: "label" }, t.language), div(segment(t.language, [["en", "English"], ["zh", "中文"]], language.value, (value) => (language.value = value)))),
    div({ class: "field" }, p({ class: "label" }, t.theme), div(segment(t.theme, [["system", t.themes.system], ["light", t.themes.light], ["dark", t.themes.dark]], theme.value, (value) => (theme.value = value)))),
    selectField(t.zone, zones.map((each) => [each, each === BROWSERS_ZONE ? t.browsersZone(each) : each]), zone.value, (value) => (zone.value = value), { hint: t.zoneHint }),
    checkbox(t.shortcuts, shortcuts.value === "on", (on) => (shortcuts.value = on ? "on" : "off")));
}

export function Account() {
  const profile = useLoad(() => read("api/v1/user/profile"), []);
  const [ending, setEnding] = useState(false);
  const t = w().account;
  return h(Fragment, null,
    pageHead(w().places.account, null),
    div({ class: "stack settings" },
      shown(profile, (mine) => block(t.profile, h(NameForm, { key: mine.version, profile: mine, changed: profile.reload }))),
      profile.data?.has_password && block(t.password, h(PasswordChange, {})),
      block(t.looks, h(Looks, {})),
      block(t.sessions, p({ class: "muted small" }, t.sessionsAbout), div({ class: "row" },
        button({ type: "button", class: "btn", onClick: () => void signOut(false) }, t.signOut),
        button({ type: "button", class: "btn danger", onClick: () => setEnding(true) }, t.signOutEverywhere)))),
    ending && h(Confirm, { title: t.signOutEverywhere, text: t.everywhereText, yes: t.signOutEverywhere, danger: true, act: () => signOut(true), close: () => setEnding(false) }));
}

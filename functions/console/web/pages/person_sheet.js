// The sheet of a person, in parts: the account and its end, limits, keys, and what was used.

import { Fragment, h, useState } from "../vendor/preact.js";
import { button, div, formElement, p, section, span } from "../dom.js";
import { Confirm, Dialog } from "../ui/dialog.js";
import { selectField, textField } from "../ui/field.js";
import { formNotes, useForm } from "../ui/form.js";
import { note, segment } from "../ui/parts.js";
import { dateTime } from "../format.js";
import { read, write } from "../api.js";
import { hasRole } from "../session.js";
import { PersonKeys } from "./person_keys.js";
import { PersonLimits } from "./person_limits.js";
import { PersonUse } from "./person_use.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

const FIELDS_OF_PERSON = ["email", "name", "role", "department", "quota_policy", "status", "password", "identity"];
const EMPTY_PERSON = { email: "", name: "", role: "user", department: null, quota_policy: "default", status: "active" };

/** @param {{ of: any, policies: any[], close: () => void, saved: () => void }} props */
export function PersonSheet({ of, policies, close, saved }) {
  const form = useForm(of ?? EMPTY_PERSON, FIELDS_OF_PERSON);
  const [asked, setAsked] = useState(/** @type {"delete" | "password" | "identity" | null} */ (null));
  const [part, setPart] = useState("account");
  const t = wa().people;
  const { now } = form;
  const path = of && `api/v1/admin/users/${of.id}`;
  async function save(/** @type {Event} */ event) {
    event.preventDefault();
    const newest = () => read(path);
    const result = await form.save((changes, version) => (of ? write("PUT", path, changes, version) : write("POST", "api/v1/admin/users", { ...now, version: undefined })), of && newest);
    if (result) saved();
  }
  const may = hasRole("admin");
  const changed = (/** @type {string} */ field) => of && field in form.changes;
  const more = (/** @type {string} */ field) => ({ error: form.error(field), changed: changed(field) });
  const end = async () => {
    if (asked === "delete") await write("DELETE", path);
    else await write("PUT", path, { [asked ?? ""]: null }, of.version);
    saved();
  };
  const confirm = asked && h(Confirm, asked === "delete"
    ? { title: t.deleteTitle(of.name), text: t.deleteText, word: of.email, wordLabel: t.typeEmail, danger: true, yes: w().delete, act: end, close: () => setAsked(null) }
    : { title: asked === "password" ? t.clearPassword : t.forgetIdentity, text: asked === "password" ? t.clearPasswordText : t.forgetIdentityText, yes: w().yes, act: end, close: () => setAsked(null) });
  // What was typed stays while another part is looked at, and is told by a point.
  const names = /** @type {[string, string][]} */ (Object.entries(t.parts)).map(([name, text]) => /** @type {[string, string]} */ ([name, name === "account" && form.dirty ? `${text} •` : text]));
  const actions = part !== "account" ? [span({ class: "grow" }), button({ type: "button", class: "btn", onClick: close }, w().close)] : [of && may && button({ type: "button", class: "btn danger", onClick: () => setAsked("delete") }, w().delete), span({ class: "grow" }),
    button({ type: "button", class: "btn", onClick: close }, w().cancel), button({ type: "submit", form: "person-form", class: "btn primary", disabled: form.busy || !form.dirty }, form.conflicts.length ? wa().saveMine : of ? w().save : t.add)];
  const policyNames = [...new Set(["default", now.quota_policy, ...policies.map((each) => each.name)])];
  return h(Fragment, null,
    h(Dialog, { title: of ? of.name : t.add, about: of && `${of.email} · ${dateTime(of.created_at)}`, sheet: true, close, actions },
      of && div(segment(t.partsName, names, part, setPart)),
      part === "account" && formElement({ id: "person-form", class: "stack", onSubmit: save },
        formNotes(form, FIELDS_OF_PERSON),
        !of && textField(t.email, now.email, (value) => form.set("email", value), { type: "email", required: true, autofocus: true, ...more("email") }),
        may && textField(t.name, now.name, (value) => form.set("name", value), { required: true, ...more("name") }),
        !of && textField(t.password, now.password ?? "", (value) => form.set("password", value || undefined), { type: "password", autocomplete: "new-password", hint: t.passwordHint, ...more("password") }),
        div({ class: "grid two" },
          selectField(t.status, /** @type {[string, string][]} */ (Object.entries(t.statuses)), now.status, (value) => form.set("status", value), more("status")),
          may && selectField(t.role, /** @type {[string, string][]} */ (Object.entries(w().roles)), now.role, (value) => form.set("role", value), more("role"))),
        may && textField(t.department, now.department ?? "", (value) => form.set("department", value || null), more("department")),
        may && selectField(t.policy, policyNames.map((each) => [each, each]), now.quota_policy, (value) => form.set("quota_policy", value), more("quota_policy")),
        of && section({ class: "stack" },
          note("info", p(of.has_password ? t.withPassword : t.withoutPassword, of.identity && ` ${t.withIdentity}`)),
          may && div({ class: "row" },
            of.has_password && button({ type: "button", class: "btn small", onClick: () => setAsked("password") }, t.clearPassword),
            of.identity && button({ type: "button", class: "btn small", onClick: () => setAsked("identity") }, t.forgetIdentity)))),
      of && part === "limits" && h(PersonLimits, { user: of.id, name: of.name }),
      of && part === "keys" && h(PersonKeys, { user: of.id }),
      of && part === "use" && h(PersonUse, { user: of.id })),
    confirm);
}

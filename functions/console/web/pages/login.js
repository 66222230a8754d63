// Signing in: single sign-on first where it is on, a password, or a new account where that is allowed.

import { h, useEffect, useState } from "../vendor/preact.js";
import { a, button, div, form, h1, main, p } from "../dom.js";
import { choices, useArrival } from "../ui/frame.js";
import { errorOf, textField } from "../ui/field.js";
import { logo } from "../ui/icon.js";
import { note } from "../ui/parts.js";
import { Toasts } from "../ui/toast.js";
import { useLoad } from "../ui/load.js";
import { read, write } from "../api.js";
import { IS_DEMO } from "../prefs.js";
import { place } from "../router.js";
import { keepSession } from "../session.js";
import { beginSso, canSignOn } from "../sso.js";
import { refusalText, w } from "../words.js";

/** Seconds that are left of a refusal's `Retry-After`. @param {any} refusal */
export function useCountdown(refusal) {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const end = Date.now() + (refusal?.retryAfter ?? 0) * 1000;
    const tick = () => setLeft(Math.max(0, Math.ceil((end - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [refusal]);
  return left;
}

/** E-mail and password, as a page and in the dialog over a page whose session has ended. @param {{ email: string | undefined }} props */
export function PasswordForm({ email: known }) {
  const [email, setEmail] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const left = useCountdown(refusal);
  async function submit(/** @type {Event} */ event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      keepSession(await write("POST", "api/v1/auth/login", { email, password }));
    } catch (error) {
      setRefusal(error);
      setBusy(false);
    }
  }
  return form({ class: "stack", onSubmit: submit },
    textField(w().login.email, email, setEmail, { type: "email", name: "email", autocomplete: "username", required: true }),
    textField(w().login.password, password, setPassword, { type: "password", name: "password", autocomplete: "current-password", required: true }),
    refusal && note("bad", p(refusalText(refusal), left > 0 && ` ${w().login.again(left)}`)),
    button({ type: "submit", class: "btn primary", disabled: busy || left > 0 }, w().login.signIn));
}

function RegisterForm() {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [done, setDone] = useState(false);
  const [busy, setBusy] = useState(false);
  async function submit(/** @type {Event} */ event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      await write("POST", "api/v1/auth/register", { name, email, password });
      setDone(true);
    } catch (error) {
      setRefusal(error);
    }
    setBusy(false);
  }
  if (done) return note("ok", p(w().login.registered));
  const wrong = (/** @type {string} */ field) => errorOf(refusal, field, refusalText);
  return form({ class: "stack", onSubmit: submit },
    textField(w().login.name, name, setName, { autocomplete: "name", required: true, error: wrong("name") }),
    textField(w().login.email, email, setEmail, { type: "email", autocomplete: "username", required: true, error: wrong("email") }),
    textField(w().login.password, password, setPassword, { type: "password", autocomplete: "new-password", required: true, error: wrong("password") }),
    refusal && !["name", "email", "password"].includes(refusal.field) && note("bad", p(refusalText(refusal))),
    button({ type: "submit", class: "btn primary", disabled: busy }, w().login.register));
}

/** @param {boolean} only single sign-on is the first choice where it is on */
function signOnButton(only) {
  const can = canSignOn();
  return div({ class: "stack" },
    button({ type: "button", class: only ? "btn primary" : "btn", disabled: !can, onClick: () => void beginSso() }, w().login.sso),
    !can && p({ class: "muted small" }, w().login.insecure));
}

/** @param {{ refusal: any }} props what single sign-on has come back with */
export function Login({ refusal }) {
  const registers = place.value.path === "register";
  const options = useLoad(() => read("api/v1/auth/options"), []);
  useArrival(registers ? w().login.register : w().login.signIn);
  const mayRegister = options.data?.registration_enabled;
  return main({ class: "login" },
    div({ class: "row between" }, div({ class: "brand" }, logo(), "tidegate"), div({ class: "row" }, choices())),
    div({ class: "card body stack" },
      IS_DEMO && note("info", p(w().demo, " ", w().demoSignIn)),
      h1({ tabIndex: -1 }, registers ? w().login.register : w().login.signIn),
      refusal && note("bad", p(refusalText(refusal))),
      !registers && options.data?.sso?.enabled && signOnButton(true),
      registers ? h(RegisterForm, {}) : h(PasswordForm, { email: "" })),
    registers
      ? p({ class: "small" }, a({ href: "#/" }, w().login.haveAccount))
      : mayRegister && p({ class: "small" }, a({ href: "#/register" }, w().login.noAccount)),
    h(Toasts, {}));
}

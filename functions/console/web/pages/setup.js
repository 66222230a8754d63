// First steps: where a model is, what it is called here, a first answer, a key and the client that it is for.

import { Fragment, h, useState } from "../vendor/preact.js";
import { button, datalist, details, div, form, h2, header, li, ol, option, p, section, span, summary } from "../dom.js";
import { errorOf, textField } from "../ui/field.js";
import { icon } from "../ui/icon.js";
import { stepReport } from "../ui/steps.js";
import { CodeBlock, note, pageHead } from "../ui/parts.js";
import { read, write } from "../api.js";
import { API_ROOT } from "../api_root.js";
import { loadMarkdown, markdown } from "../markdown.js";
import { SERVER_KINDS, completionsUrl, idFrom } from "../presets.js";
import { go } from "../router.js";
import { sessionKey } from "../session_key.js";
import { complete } from "../stream.js";
import { Snippets } from "./connect.js";
import { KeyMade } from "./key_made.js";
import { refusalText, w } from "../words.js";
import { wa } from "../words_admin.js";

/** The call that a step makes, for a terminal. @param {string} path @param {object} body */
const asCurl = (path, body) => details({ class: "small" }, summary({ class: "muted" }, wa().setup.asCurl),
  h(CodeBlock, { label: wa().setup.asCurl, text: `curl ${new URL(path, API_ROOT).href} -H "authorization: Bearer $TOKEN" \\\n  -H 'content-type: application/json' -d '${JSON.stringify(body)}'` }));

/** @param {number} number @param {string} title @param {boolean} open @param {boolean} done @param {...import("../dom.js").Child} inside */
const step = (number, title, open, done, ...inside) =>
  li({ class: "card", "aria-current": open && !done ? "step" : undefined },
    header(span({ class: done ? "ok" : "muted" }, done ? icon("check") : number), h2(title)),
    open && div({ class: "body stack" }, ...inside));

/** @param {{ made: (model: string) => void }} props */
function WhereAndName({ made }) {
  const [kind, setKind] = useState(SERVER_KINDS[0]);
  const [url, setUrl] = useState(kind.url);
  const [key, setKey] = useState("");
  const [there, setThere] = useState("");
  const [id, setId] = useState("");
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [check, setCheck] = useState(/** @type {any} */ (null));
  const [busy, setBusy] = useState(false);
  const t = wa().setup;
  const modelBody = { id: id || idFrom(there), name: there };
  const backendBody = { name: `${kind.id}-1`, base_url: url, model_name: there, ...(kind.preset && { preset: kind.preset }), ...(key && { api_key: key }) };
  const choose = (/** @type {typeof kind} */ next) => {
    setKind(next);
    setUrl(next.url);
    setCheck(null);
    setRefusal(null);
  };
  async function make(/** @type {Event} */ event) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setRefusal(null);
    try {
      const report = await write("POST", "api/v1/admin/backends/test", backendBody);
      setCheck(report);
      if (!report.passed) return setBusy(false);
      // A model that an earlier try has made is used.
      await write("POST", "api/v1/admin/models", modelBody).catch((error) => { if (error.code !== "conflict") throw error; });
      const path = `api/v1/admin/models/${encodeURIComponent(modelBody.id)}/backends`;
      const known = (await read(path)).find((/** @type {any} */ each) => each.name === backendBody.name);
      const backend = known ? await write("PUT", `api/v1/admin/backends/${known.id}`, backendBody, known.version) : await write("POST", path, backendBody);
      if (backend) made(modelBody.id);
    } catch (error) {
      setRefusal(error);
    }
    setBusy(false);
  }
  const wrong = (/** @type {string} */ field) => errorOf(refusal, field, refusalText);
  const known = ["base_url", "api_key", "model_name", "id"];
  return form({ class: "stack", onSubmit: make },
    div({ class: "kinds", role: "group", "aria-label": t.where }, SERVER_KINDS.map((each) => button({ type: "button", class: "btn", "aria-pressed": each.id === kind.id, onClick: () => choose(each) }, each.title))),
    textField(wa().backend.url, url, setUrl, { class: "input mono", type: "url", required: true, hint: completionsUrl(url) && `${wa().backend.urlHint} ${completionsUrl(url)}`, error: wrong("base_url") }),
    kind.key && textField(wa().backend.key, key, setKey, { type: "password", autocomplete: "off", required: true, hint: wa().backend.keyHint, error: wrong("api_key") }),
    textField(wa().backend.there, there, setThere, { class: "input mono", required: true, placeholder: kind.model, list: "names-there", hint: check?.models.length > 0 && wa().backend.offered(check.models.length), error: wrong("model_name") }),
    textField(t.id, id, setId, { class: "input mono", placeholder: idFrom(there) || idFrom(kind.model), hint: t.idHint, error: wrong("id") }),
    refusal && !known.some((each) => wrong(each)) && note("bad", p(refusalText(refusal))),
    datalist({ id: "names-there" }, (check?.models ?? []).map((/** @type {string} */ each) => option({ value: each }))),
    check && !check.passed && stepReport(check),
    div(button({ type: "submit", class: "btn primary", disabled: busy || !there }, busy ? t.testing : t.make)),
    asCurl("api/v1/admin/models", modelBody));
}

/** @param {{ model: string, done: () => void }} props */
function FirstAnswer({ model, done }) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const t = wa().setup;
  const ask = { model, system: "", temperature: null, max: null, thinking: "", tools: "", turns: [{ asked: { text: t.hello, images: [] } }] };
  async function say() {
    if (busy) return;
    setBusy(true);
    setRefusal(null);
    try {
      await loadMarkdown();
      let whole = "";
      for await (const event of complete("openai", await sessionKey(), ask, new AbortController().signal)) {
        if (event.kind === "text") setText((whole += event.text));
      }
      done();
    } catch (error) {
      setRefusal(error);
    }
    setBusy(false);
  }
  return div({ class: "stack" },
    div({ class: "turn asked" }, p(t.hello)),
    text && div({ class: "turn", id: "answer" }, markdown(text)),
    refusal && note("bad", p(refusalText(refusal))),
    div(button({ type: "button", class: "btn primary", disabled: busy, onClick: say }, icon("send", 15), w().play.send)));
}

export function Setup() {
  const [model, setModel] = useState("");
  const [answered, setAnswered] = useState(false);
  const [made, setMade] = useState(/** @type {any} */ (null));
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const t = wa().setup;
  const makeKey = () => write("POST", "api/v1/user/keys", { name: w().connect.keyName }).then(setMade, setRefusal);
  return h(Fragment, null,
    pageHead(w().places["admin/setup"], t.about),
    ol({ class: "stack settings" },
      step(1, t.where, true, !!model, model ? p(t.made(model)) : h(WhereAndName, { made: setModel })),
      step(2, t.try, !!model, answered, h(FirstAnswer, { model, done: () => setAnswered(true) })),
      step(3, t.use, answered, false,
        p(t.useAbout), refusal && note("bad", p(refusalText(refusal))),
        section({ class: "row" },
          button({ type: "button", class: "btn primary", onClick: makeKey }, w().connect.newKey),
          button({ type: "button", class: "btn", onClick: () => go("admin/people") }, t.invite),
          button({ type: "button", class: "btn", onClick: () => go("admin/policies") }, t.limits),
          button({ type: "button", class: "btn", onClick: () => go("admin/sso") }, w().places["admin/sso"])))),
    made && h(KeyMade, { made, close: () => setMade(null), more: h(Snippets, { model, secret: made.key }) }));
}

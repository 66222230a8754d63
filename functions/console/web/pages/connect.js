// Connect: what each client needs, for the model and key that are chosen.

import { Fragment, h, useEffect, useState } from "../vendor/preact.js";
import { a, button, code, div, h2, header, p, section } from "../dom.js";
import { plainSelect } from "../ui/field.js";
import { errorCard } from "../ui/load.js";
import { CodeBlock, emptyState, note, pageHead } from "../ui/parts.js";
import { write } from "../api.js";
import { loadModels, userModels } from "../catalog.js";
import { go, place, setQuery } from "../router.js";
import { CLIENTS } from "../snippets.js";
import { KeyMade } from "./key_made.js";
import { draft } from "./play_draft.js";
import { toastRefusal } from "../ui/toast.js";
import { w } from "../words.js";

/** The snippets, with a client to choose. @param {{ model: string, secret: string }} props */
export function Snippets({ model, secret }) {
  const [client, setClient] = useState(place.value.query.get("client") ?? CLIENTS[0].id);
  const chosen = CLIENTS.find((each) => each.id === client) ?? CLIENTS[0];
  return div({ class: "stack" },
    div({ class: "clients", role: "group", "aria-label": w().connect.client }, CLIENTS.map((each) => button({ type: "button", class: "btn", "aria-pressed": each.id === chosen.id, onClick: () => setClient(each.id) }, each.name))),
    chosen.file && p({ class: "muted small" }, code(chosen.file)),
    h(CodeBlock, { key: chosen.id, text: chosen.text(model, secret), label: chosen.name }));
}

export function Connect() {
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  const [made, setMade] = useState(/** @type {any} */ (null));
  const t = w().connect;
  const models = userModels.value;
  const load = () => loadModels().then(() => setFailed(null), setFailed);
  useEffect(() => void load(), []);
  const model = place.value.query.get("model") ?? models?.[0]?.id ?? "";
  const tryIt = () => {
    draft.value = "Say hello.";
    go(`play?model=${encodeURIComponent(model)}`);
  };
  const make = () => write("POST", "api/v1/user/keys", { name: t.keyName }).then(setMade, toastRefusal);
  if (failed) return errorCard(failed, load);
  return h(Fragment, null,
    pageHead(w().places.connect, t.about),
    models?.length === 0 ? emptyState(t.noModel) : models && section({ class: "card" },
      header(h2(t.title), div({ class: "row" },
        plainSelect(models.map((each) => [each.id, each.id]), model, (value) => setQuery({ model: value }), { "aria-label": w().play.model, class: "input auto mono" }),
        button({ type: "button", class: "btn", onClick: make }, t.newKey),
        button({ type: "button", class: "btn primary", onClick: tryIt }, t.tryIt))),
      div({ class: "body stack" },
        note("info", p(t.keyHint, " ", a({ href: "#/keys" }, w().places.keys))),
        h(Snippets, { key: model, model, secret: "sk-tg-…" }))),
    made && h(KeyMade, { made, close: () => setMade(null), more: h(Snippets, { model, secret: made.key }) }));
}

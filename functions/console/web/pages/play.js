// The playground: up to three models side by side over one composer. What is said stays in this tab's memory.

import { h, useEffect, useRef, useState } from "../vendor/preact.js";
import { button, div, h1, header, img, span, textarea } from "../dom.js";
import { Dialog } from "../ui/dialog.js";
import { icon } from "../ui/icon.js";
import { errorCard, useLoad } from "../ui/load.js";
import { CodeBlock, segment } from "../ui/parts.js";
import { toastRefusal } from "../ui/toast.js";
import { read } from "../api.js";
import { loadModels, userModels } from "../catalog.js";
import { loadMarkdown } from "../markdown.js";
import { place } from "../router.js";
import { snippet } from "../snippets.js";
import { completionRequest } from "../stream.js";
import { lanes, Lane, restart, say, settings, stopAll } from "./play_lane.js";
import { draft } from "./play_draft.js";
import { PlaySettings } from "./play_settings.js";
import { w } from "../words.js";

const MOST_LANES = 3;
const IMAGE_BYTES = 3_000_000;

/** @param {File} file @returns {Promise<string>} */
const dataUrl = (file) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });

/** @param {{ send: (text: string, images: string[]) => void, busy: boolean }} props */
function Composer({ send, busy }) {
  const [images, setImages] = useState(/** @type {string[]} */ ([]));
  const box = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const t = w().play;
  useEffect(() => box.current?.focus(), []);
  const submit = () => {
    if (busy || !draft.value.trim()) return;
    send(draft.value, images);
    draft.value = "";
    setImages([]);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  };
  const onPaste = async (/** @type {ClipboardEvent} */ event) => {
    const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/") && file.size < IMAGE_BYTES);
    if (files.length === 0) return;
    event.preventDefault();
    const added = await Promise.all(files.map(dataUrl));
    setImages([...images, ...added]);
  };
  return div({ class: "card composer" },
    images.length > 0 && div({ class: "row" }, images.map((each, at) => span({ class: "thumb" }, img({ src: each, alt: t.picture }), button({ type: "button", class: "btn small icon", "aria-label": w().picker.remove(t.picture), onClick: () => setImages(images.filter((_, other) => other !== at)) }, icon("cross", 12))))),
    textarea({ ref: box, rows: 2, placeholder: t.write, "aria-label": t.write, value: draft.value, onInput: (event) => (draft.value = event.currentTarget.value), onKeyDown, onPaste }),
    div({ class: "row" }, span({ class: "grow" }), span({ class: "muted tiny wide" }, t.keys),
      busy ? button({ type: "button", class: "btn primary", onClick: stopAll }, icon("stop", 15), t.stop) : button({ type: "button", class: "btn primary", disabled: !draft.value.trim(), onClick: submit }, icon("send", 15), t.send)));
}

/** The same request for a program. @param {{ close: () => void }} props */
function AsCode({ close }) {
  const [kind, setKind] = useState(/** @type {"curl" | "python" | "node"} */ ("curl"));
  const { dialect } = settings.value;
  const { path, body } = completionRequest(dialect, { ...settings.value, model: lanes.value[0].model, turns: lanes.value[0].turns.length ? [...lanes.value[0].turns] : [{ asked: { text: draft.value || "Say hello.", images: [] } }] });
  return h(Dialog, { title: w().play.asCode, close },
    segment(w().play.asCode, [["curl", "curl"], ["python", "Python"], ["node", "Node"]], kind, setKind),
    h(CodeBlock, { text: snippet(kind, dialect, path, body), label: w().play.asCode }));
}

export function Play() {
  const quota = useLoad(() => read("api/v1/user/quota"), []);
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  const [asCode, setAsCode] = useState(false);
  const [narrowSettings, setNarrowSettings] = useState(false);
  const t = w().play;
  const all = lanes.value;
  const busy = all.some((lane) => lane.stop !== null);
  async function load() {
    setFailed(null);
    try {
      const [models] = await Promise.all([loadModels(), loadMarkdown()]);
      const wanted = place.value.query.get("model") ?? models[0]?.id ?? "";
      if (!all[0].model || place.value.query.has("model")) lanes.value = [{ ...all[0], model: wanted }, ...all.slice(1)];
    } catch (error) {
      setFailed(error);
    }
  }
  useEffect(() => {
    void load();
    const onKey = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && !document.querySelector("dialog[open]") && stopAll();
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const send = (/** @type {string} */ text, /** @type {string[]} */ images) => {
    void Promise.all(lanes.value.map((_, at) => say(at, text, images))).then(() => quota.reload(), toastRefusal);
  };
  const compare = (/** @type {"one" | "compare"} */ how) => {
    const models = userModels.value ?? [];
    const used = new Set(all.map((lane) => lane.model));
    const other = models.find((model) => !used.has(model.id)) ?? models[0];
    if (how === "one") lanes.value = all.slice(0, 1);
    else if (all.length < MOST_LANES) lanes.value = [...all, { model: other?.id ?? "", turns: [], stop: null, tick: 0 }];
  };
  if (failed) return errorCard(failed, load);
  return div({ class: "play" },
    div({ class: "talk" },
      header(h1({ class: "grow", tabIndex: -1 }, w().places.play),
        div({ class: "row" },
          div({ class: "wide" }, segment(t.lanes, [["one", t.one], ["compare", all.length > 1 && all.length < MOST_LANES ? t.oneMore : t.compare]], all.length > 1 ? "compare" : "one", compare)),
          button({ type: "button", class: "btn wide", onClick: () => setAsCode(true) }, icon("code", 16), t.asCode),
          button({ type: "button", class: "btn icon narrow", "aria-label": t.settings, onClick: () => setNarrowSettings(true) }, icon("sliders")),
          button({ type: "button", class: "btn", onClick: restart }, icon("plus", 16), t.fresh))),
      div({ class: "lanes" }, all.map((lane, at) => h(Lane, { key: at, lane, at }))),
      h(Composer, { send, busy })),
    h(PlaySettings, { quota: quota.data }),
    narrowSettings && h(Dialog, { title: t.settings, sheet: true, close: () => setNarrowSettings(false) }, h(PlaySettings, { quota: quota.data, inside: true })),
    asCode && h(AsCode, { close: () => setAsCode(false) }));
}

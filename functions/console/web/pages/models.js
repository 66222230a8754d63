// Models and their backends: a card a model, a row a backend, as they are now.

import { Fragment, h, useState } from "../vendor/preact.js";
import { button, code, div, h2, header, input, section, span } from "../dom.js";
import { Confirm } from "../ui/dialog.js";
import { icon, state } from "../ui/icon.js";
import { shown, useLoad } from "../ui/load.js";
import { CopyButton, Toggle, act, bar, emptyState, pageHead, segment } from "../ui/parts.js";
import { dataTable } from "../ui/table.js";
import { toast } from "../ui/toast.js";
import { ago, compact, duration, money, number, percent } from "../format.js";
import { get, readAll, withQuery, write } from "../api.js";
import { place, setQuery } from "../router.js";
import { DAY_MS, HOUR_MS } from "../sums.js";
import { BackendSheet } from "./backend_sheet.js";
import { ModelSheet } from "./model_sheet.js";
import { backendState, healthOf } from "./backend_state.js";
import { w } from "../words.js";
import { wa } from "../words_admin.js";

/** @typedef {any} Backend */
/** @typedef {any} Model */
const LIVE_SECONDS = 10;

/** Models with their backends and how often each was asked in 24 hours. */
async function catalog() {
  // Sums are kept by the hour.
  const from = new Date(Math.floor((Date.now() - DAY_MS) / HOUR_MS) * HOUR_MS).toISOString();
  const [models, backends, usage] = await Promise.all([
    readAll("api/v1/admin/models"),
    readAll("api/v1/admin/backends"),
    get(withQuery("api/v1/admin/usage", { group_by: "backend", from })).catch(() => ({ data: [] })),
  ]);
  return { models, backends, asked: new Map(usage.data.map((/** @type {any} */ each) => [each.backend, each.requests])) };
}

/** The share of a backend by its weight, among those that are enabled. @param {Backend} backend @param {Backend[]} siblings */
function shareCell(backend, siblings) {
  const t = wa().models;
  const total = siblings.filter((each) => each.enabled).reduce((sum, each) => sum + each.weight, 0);
  const inUse = siblings.filter((each) => healthOf(each) === "ok");
  const now = inUse.reduce((sum, each) => sum + each.weight, 0);
  const part = healthOf(backend) === "ok" ? (now === 0 ? 1 / inUse.length : backend.weight / now) : 0;
  return [div({ class: "row nowrap" }, bar(part), span({ class: "num share" }, percent(part, 1))), span({ class: "sub" }, backend.weight === 0 ? t.reserve : t.weightOf(backend.weight, total))];
}

/** @param {Model} model @param {Backend[]} backends @param {Map<string, number>} asked @param {{ edit: (what: any) => void, reload: () => Promise<void> }} does */
function modelCard(model, backends, asked, { edit, reload }) {
  const t = wa().models;
  const alive = backends.filter((each) => healthOf(each) === "ok").length;
  const requests = backends.reduce((sum, each) => sum + (asked.get(each.id) ?? 0), 0);
  const summaryState = !model.enabled ? state("off", t.off) : backends.length === 0 ? state("bad", t.noBackend) : state(alive === backends.length ? "ok" : alive ? "warn" : "bad", t.alive(alive, backends.length));
  const prices = model.input_price === null ? t.free : `${money(model.input_price)} / ${model.cached_input_price === null ? "–" : money(model.cached_input_price)} / ${model.output_price === null ? "–" : money(model.output_price)} ${t.perMillion}`;
  const switchModel = async (/** @type {boolean} */ enabled) => { await write("PUT", `api/v1/admin/models/${encodeURIComponent(model.id)}`, { enabled }, model.version); await reload(); };
  const check = async (/** @type {Backend} */ backend) => {
    const result = await write("POST", `api/v1/admin/backends/${backend.id}/health`);
    toast(result.healthy ? t.checkedWell(backend.name, duration(result.latency_ms)) : t.checkedBadly(backend.name, result.error ?? ""));
    await reload();
  };
  return h("section", { class: "card", key: model.id, "aria-labelledby": `m-${model.id}` },
    header(
      div({ class: "grow model-head" },
        div({ class: "row" }, h2({ id: `m-${model.id}` }, model.name), code({ class: "muted small" }, model.id), h(CopyButton, { text: model.id, class: "btn ghost small icon", label: `${w().copy}: ${model.id}` }), summaryState),
        div({ class: "row small muted facts" },
          model.aliases.length > 0 && span(t.answersTo, " ", model.aliases.map((/** @type {string} */ each) => [span({ class: "tag mono" }, each), " "])),
          span(prices), model.context_window !== null && span(`${compact(model.context_window)} ${t.window}`), span(t.requests(number(requests))))),
      div({ class: "row" },
        h(Toggle, { name: t.switch(model.name), on: model.enabled, act: switchModel }),
        button({ type: "button", class: "btn small", onClick: () => edit({ model }), "aria-label": `${w().edit}: ${model.name}` }, w().edit),
        button({ type: "button", class: "btn small", onClick: () => edit({ backendOf: model }), "aria-label": `${t.addBackend}: ${model.name}` }, icon("plus", 14), t.addBackend))),
    backends.length > 0 && dataTable(t.backendsOf(model.name), [
      { name: t.backend, cell: (each) => [span({ class: "strong" }, each.name), each.last_check_at && span({ class: "sub" }, t.checked(ago(each.last_check_at)))] },
      { name: t.state, cell: backendState },
      { name: t.address, class: "mono wide", cell: (each) => new URL(each.base_url).host },
      { name: t.there, class: "mono wide", cell: (each) => each.model_name },
      { name: t.share, class: "wide", cell: (each) => shareCell(each, backends) },
      { name: t.latency, class: "num wide", cell: (each) => duration(each.health?.latency_ms) },
      { name: t.underWay, class: "num wide", cell: (each) => (each.health?.under_way === undefined ? "–" : each.max_concurrency ? `${each.health.under_way} / ${each.max_concurrency}` : each.health.under_way) },
      { name: w().actions, class: "acts", cell: (each) => div({ class: "row nowrap end" }, act("btn small", () => check(each), t.check), button({ type: "button", class: "btn small", onClick: () => edit({ backend: each, backendOf: model }), "aria-label": `${w().edit}: ${each.name}` }, w().edit)) },
    ], backends, (each) => each.id));
}

export function Models() {
  const loaded = useLoad(catalog, [], LIVE_SECONDS);
  const [edited, setEdited] = useState(/** @type {any} */ (null));
  const [asked, setAsked] = useState(/** @type {any} */ (null));
  const t = wa().models;
  const query = place.value.query;
  const [find, only] = [query.get("find") ?? place.value.path.slice("admin/models/".length), query.get("only") ?? "all"];
  const close = () => setEdited(null);
  const saved = () => { close(); void loaded.reload(); };
  const remove = async () => {
    await write("DELETE", asked.backend ? `api/v1/admin/backends/${asked.backend.id}` : `api/v1/admin/models/${encodeURIComponent(asked.model.id)}?cascade=true`);
    await loaded.reload();
  };
  const isShown = (/** @type {Model} */ model, /** @type {Backend[]} */ backends) => {
    const text = [model.id, model.name, ...model.aliases, ...backends.map((each) => `${each.name} ${each.base_url}`)].join(" ").toLowerCase();
    if (!text.includes(find.toLowerCase())) return false;
    return only === "all" || (only === "off" ? !model.enabled : backends.length === 0 || backends.some((each) => each.enabled && healthOf(each) !== "ok"));
  };
  const summary = loaded.data && t.summary(loaded.data.models.length, loaded.data.backends.length, loaded.data.backends.filter((/** @type {any} */ each) => healthOf(each) === "bad").length);
  return h(Fragment, null,
    pageHead(w().places["admin/models"], summary,
      input({ type: "search", class: "input", placeholder: t.find, "aria-label": t.find, value: find, onInput: (event) => setQuery({ find: event.currentTarget.value }) }),
      segment(t.state, [["all", w().all], ["trouble", t.inTrouble], ["off", t.off]], only, (value) => setQuery({ only: value === "all" ? null : value })),
      button({ type: "button", class: "btn primary", onClick: () => setEdited({ model: null }) }, icon("plus", 16), t.add)),
    shown(loaded, ({ models, backends, asked: counts }) => models.length === 0
      ? emptyState(t.none, button({ type: "button", class: "btn primary", onClick: () => (location.hash = "#/admin/setup") }, w().places["admin/setup"]))
      : section({ class: "stack", "aria-label": w().places["admin/models"] }, models.filter((model) => isShown(model, backends.filter((each) => each.model_id === model.id))).map((model) => modelCard(model, backends.filter((each) => each.model_id === model.id), counts, { edit: setEdited, reload: loaded.reload })))),
    edited && "backendOf" in edited && h(BackendSheet, { of: edited.backend ?? null, model: edited.backendOf, siblings: (loaded.data?.backends ?? []).filter((/** @type {any} */ each) => each.model_id === edited.backendOf.id && each.id !== edited.backend?.id), close, saved, remove: () => { close(); setAsked(edited); } }),
    edited && "model" in edited && h(ModelSheet, { of: edited.model, close, saved, remove: () => { close(); setAsked(edited); } }),
    asked && h(Confirm, asked.backend
      ? { title: t.deleteBackend(asked.backend.name), text: t.deleteBackendText, danger: true, yes: w().delete, act: remove, close: () => setAsked(null) }
      : { title: t.deleteModel(asked.model.name), text: t.deleteModelText, word: asked.model.id, wordLabel: t.typeId, danger: true, yes: w().delete, act: remove, close: () => setAsked(null) }));
}

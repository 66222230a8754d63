// A person's own keys.

import { Fragment, h, useEffect, useState } from "../vendor/preact.js";
import { button, code, div, input, section, span } from "../dom.js";
import { Confirm } from "../ui/dialog.js";
import { icon, state } from "../ui/icon.js";
import { shown, useLoad } from "../ui/load.js";
import { Toggle, emptyState, pageHead } from "../ui/parts.js";
import { toast } from "../ui/toast.js";
import { dataTable } from "../ui/table.js";
import { ago, date, dateTime, dayOf, money } from "../format.js";
import { get, readAll, withQuery, write } from "../api.js";
import { loadModels, userModels } from "../catalog.js";
import { place, setQuery } from "../router.js";
import { inShownZone } from "../sums.js";
import { KeyForm } from "./key_form.js";
import { KeyMade } from "./key_made.js";
import { w } from "../words.js";

/** @typedef {{ id: string, name: string, key_prefix: string, models: string[], expires_at: string | null, enabled: boolean, created_at: string, last_used_at: string | null, version: number }} Key */
/** @typedef {Key & { key: string }} NewKey */

const KEYS_FILTER_FROM = 11;
const WEEK_MS = 7 * 86_400_000;
const ROLL_MS = 86_400_000;

/** @param {Key} key */
const isInUse = (key) => key.last_used_at !== null && Date.now() - Date.parse(key.last_used_at) < WEEK_MS;
/** @param {Key} key */
export const hasEnded = (key) => key.expires_at !== null && Date.parse(key.expires_at) < Date.now();

/** What each key has cost this month. @returns {Promise<Map<string, number>>} */
async function costs() {
  const { data } = await inShownZone((timezone) => {
    const today = dayOf(new Date(), timezone);
    return get(withQuery("api/v1/user/usage", { group_by: "key", from: `${today.slice(0, 8)}01`, to: today, timezone }));
  });
  return new Map(data.map((/** @type {any} */ each) => [each.key, each.cost_usd]));
}

export function Keys() {
  const keys = useLoad(() => /** @type {Promise<Key[]>} */ (readAll("api/v1/user/keys")), []);
  const spent = useLoad(costs, []);
  const [form, setForm] = useState(/** @type {Key | "new" | null} */ (null));
  const [made, setMade] = useState(/** @type {NewKey | null} */ (null));
  const [asked, setAsked] = useState(/** @type {{ what: "roll" | "delete", key: Key } | null} */ (null));
  const find = place.value.query.get("find") ?? "";
  useEffect(() => void loadModels().catch(() => undefined), []);
  const t = w().keys;

  const change = async (/** @type {Key} */ key, /** @type {object} */ body) => {
    await write("PUT", `api/v1/user/keys/${key.id}`, body, key.version);
    await keys.reload();
  };
  const roll = async (/** @type {Key} */ key) => {
    const next = await write("POST", "api/v1/user/keys", { name: key.name, models: key.models, expires_at: key.expires_at });
    // The new key is shown even if the old one cannot be ended: it would be lost.
    setMade(next);
    await change(key, { expires_at: new Date(Date.now() + ROLL_MS).toISOString() });
  };
  const remove = async (/** @type {Key} */ key) => {
    await write("DELETE", `api/v1/user/keys/${key.id}`);
    toast(t.deleted(key.name));
    await keys.reload();
  };

  const confirm = asked && (asked.what === "roll"
    ? h(Confirm, { title: t.rollTitle(asked.key.name), text: t.rollText, yes: t.roll, act: () => roll(asked.key), close: () => setAsked(null) })
    : h(Confirm, { title: t.deleteTitle(asked.key.name), text: isInUse(asked.key) ? t.deleteUsed(ago(asked.key.last_used_at ?? 0)) : t.deleteText, word: isInUse(asked.key) ? asked.key.name : undefined, wordLabel: t.typeName, danger: true, yes: t.delete, act: () => remove(asked.key), close: () => setAsked(null) }));
  const rows = (/** @type {Key[]} */ all) => all.filter((key) => `${key.name} ${key.key_prefix}`.toLowerCase().includes(find.toLowerCase()));
  const search = (keys.data?.length ?? 0) >= KEYS_FILTER_FROM || find
    ? input({ type: "search", class: "input", placeholder: w().find, "aria-label": w().find, value: find, onInput: (event) => setQuery({ find: event.currentTarget.value }) }) : null;

  return h(Fragment, null,
    pageHead(w().places.keys, t.about, search, button({ type: "button", class: "btn primary", onClick: () => setForm("new") }, icon("plus", 16), t.new)),
    shown(keys, (all) => all.length === 0
      ? emptyState(t.none, button({ type: "button", class: "btn primary", onClick: () => setForm("new") }, t.new))
      : section({ class: "card" }, keyTable(rows(all), spent.data, change, setForm, setAsked))),
    form && h(KeyForm, { of: form === "new" ? null : form, models: userModels.value, close: () => setForm(null), saved: (result) => { setForm(null); if ("key" in result) setMade(/** @type {NewKey} */ (result)); void keys.reload(); } }),
    confirm,
    made && h(KeyMade, { made, close: () => setMade(null) }));
}

/**
 * @param {Key[]} rows @param {Map<string, number> | undefined} spent
 * @param {(key: Key, body: object) => Promise<void>} change @param {(key: Key) => void} edit @param {(asked: { what: "roll" | "delete", key: Key }) => void} ask
 */
function keyTable(rows, spent, change, edit, ask) {
  const t = w().keys;
  const states = (/** @type {Key} */ key) => (hasEnded(key) ? state("bad", t.ended) : key.enabled ? state("ok", t.on) : state("off", t.off));
  const expiry = (/** @type {Key} */ key) => (key.expires_at ? span({ title: dateTime(key.expires_at) }, date(key.expires_at)) : span({ class: "muted" }, t.noExpiry));
  return dataTable(w().places.keys, [
    { name: t.name, cell: (key) => [span({ class: "strong" }, key.name), code({ class: "sub" }, `${key.key_prefix}…`)] },
    { name: t.state, cell: states },
    { name: t.models, class: "wide", cell: (key) => (key.models.length ? key.models.map((each) => [span({ class: "tag mono" }, each), " "]) : span({ class: "muted" }, t.allModels)) },
    { name: t.lastUsed, class: "wide", cell: (key) => (key.last_used_at ? span({ title: dateTime(key.last_used_at) }, ago(key.last_used_at)) : span({ class: "muted" }, t.never)) },
    { name: t.cost, class: "num wide", cell: (key) => (spent ? money(spent.get(key.id) ?? 0) : "–") },
    { name: t.expires, class: "wide", cell: expiry },
    { name: w().actions, class: "acts", cell: (key) => div({ class: "row nowrap end" },
      h(Toggle, { name: t.switch(key.name), on: key.enabled, act: (on) => change(key, { enabled: on }) }),
      button({ type: "button", class: "btn small wide", onClick: () => ask({ what: "roll", key }), "aria-label": `${t.roll}: ${key.name}` }, t.roll),
      button({ type: "button", class: "btn small", onClick: () => edit(key), "aria-label": `${t.change}: ${key.name}` }, t.change),
      button({ type: "button", class: "btn small danger", onClick: () => ask({ what: "delete", key }), "aria-label": `${t.delete}: ${key.name}` }, t.delete)) },
  ], rows, (key) => key.id);
}

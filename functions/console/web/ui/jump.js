// *Jump to…*: pages, and what a place has offered to find; a pasted request id goes to its record.

import { h, signal, useEffect, useState } from "../vendor/preact.js";
import { div, input, span, ul } from "../dom.js";
import { Dialog } from "./dialog.js";
import { readAll } from "../api.js";
import { go } from "../router.js";
import { hasRole } from "../session.js";
import { w } from "../words.js";

export const jumpOpen = signal(false);

/** @typedef {{ to: string, text: string, kind: string }} Target */

const MOST = 12;

/** What can be found besides pages: of administrators models, people, policies. @returns {Promise<Target[]>} */
async function targets() {
  if (!hasRole("admin")) return [];
  const [models, policies, people] = await Promise.all(["models", "policies", "users"].map((each) => readAll(`api/v1/admin/${each}`)));
  return [
    ...models.map((each) => ({ to: `admin/models/${encodeURIComponent(each.id)}`, text: `${each.name} ${each.id}`, kind: w().places["admin/models"] })),
    ...policies.map((each) => ({ to: `admin/policies/${encodeURIComponent(each.name)}`, text: each.name, kind: w().places["admin/policies"] })),
    ...people.map((each) => ({ to: `admin/people/${each.id}`, text: `${each.name} ${each.email}`, kind: w().places["admin/people"] })),
  ];
}

/** @param {{ pages: Target[] }} props */
export function Jump({ pages }) {
  const [text, setText] = useState("");
  const [more, setMore] = useState(/** @type {Target[]} */ ([]));
  const [chosen, setChosen] = useState(0);
  useEffect(() => void targets().then(setMore, () => undefined), []);
  const wanted = text.trim().toLowerCase();
  const request = /^req_\w+$/.test(wanted) ? [{ to: `${hasRole("manager") ? "admin/" : ""}requests/${wanted}`, text: wanted, kind: w().places.requests }] : [];
  const key = wanted.startsWith("sk-tg-") ? [{ to: `keys?find=${wanted.slice(0, 10)}`, text: wanted.slice(0, 10), kind: w().places.keys }] : [];
  const found = [...request, ...key, ...[...pages, ...more].filter((each) => each.text.toLowerCase().includes(wanted))].slice(0, MOST);
  const close = () => (jumpOpen.value = false);
  const take = (/** @type {Target | undefined} */ target) => {
    if (!target) return;
    close();
    go(target.to);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setChosen((chosen + (event.key === "ArrowDown" ? 1 : found.length - 1)) % Math.max(1, found.length));
    } else if (event.key === "Enter") take(found[chosen]);
  };
  const onInput = (/** @type {any} */ event) => {
    setText(event.currentTarget.value);
    setChosen(0);
  };
  return h(Dialog, { title: w().jump, close },
    input({ class: "input", role: "combobox", "aria-expanded": true, "aria-controls": "jump-list", "aria-activedescendant": found.length ? `jump-${chosen}` : undefined, "aria-label": w().jump, autofocus: true, value: text, onInput, onKeyDown }),
    ul({ id: "jump-list", role: "listbox", "aria-label": w().jump, class: "targets" },
      found.map((each, place) => h("li", { key: each.to, id: `jump-${place}`, role: "option", "aria-selected": place === chosen, onClick: () => take(each) }, span({ class: "grow" }, each.text), span({ class: "muted tiny" }, each.kind)))),
    found.length === 0 && div({ class: "muted small" }, w().nothingFound));
}

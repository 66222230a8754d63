// Picking models: all, or some of a list; names that the list does not have can be typed.

import { useState } from "../vendor/preact.js";
import { button, div, fieldset, input, legend, span } from "../dom.js";
import { icon } from "./icon.js";
import { checkbox } from "./parts.js";
import { w } from "../words.js";

const PICKER_FILTER_FROM = 9;

/**
 * @param {{ name: string, options: { id: string, name: string }[], chosen: string[], change: (chosen: string[]) => void, all: string, typed?: string }} props
 *   `all` says what an empty choice means, `typed` how a further name is called
 */
export function ModelPicker({ name, options, chosen, change, all, typed }) {
  const [find, setFind] = useState("");
  const [some, setSome] = useState(chosen.length > 0);
  const [more, setMore] = useState("");
  const known = new Set(options.map((each) => each.id));
  const wanted = find.toLowerCase();
  const listed = options.filter((each) => `${each.id} ${each.name}`.toLowerCase().includes(wanted));
  const flip = (/** @type {string} */ id, /** @type {boolean} */ on) => change(on ? [...chosen, id] : chosen.filter((each) => each !== id));
  const add = () => {
    const text = more.trim();
    if (text && !chosen.includes(text)) change([...chosen, text]);
    setMore("");
  };
  const switchTo = (/** @type {boolean} */ on) => {
    setSome(on);
    if (!on) change([]);
  };
  return fieldset({ class: "picker" },
    legend(name),
    div({ class: "seg", role: "group", "aria-label": name },
      button({ type: "button", "aria-pressed": !some, onClick: () => switchTo(false) }, all),
      button({ type: "button", "aria-pressed": some, onClick: () => switchTo(true) }, w().picker.some)),
    some && options.length >= PICKER_FILTER_FROM && input({ type: "search", class: "input", "aria-label": w().find, placeholder: w().find, value: find, onInput: (event) => setFind(event.currentTarget.value) }),
    some && div({ class: "picks" }, listed.map((each) => checkbox(each.name === each.id ? each.id : `${each.name} (${each.id})`, chosen.includes(each.id), (on) => flip(each.id, on)))),
    some && chosen.some((each) => !known.has(each)) && div({ class: "row" }, chosen.filter((each) => !known.has(each)).map((each) =>
      span({ class: "tag mono" }, each, button({ type: "button", class: "untag", "aria-label": w().picker.remove(each), onClick: () => flip(each, false) }, icon("cross", 12))))),
    some && typed && div({ class: "row nowrap" },
      input({ class: "input mono", "aria-label": typed, placeholder: typed, value: more, onInput: (event) => setMore(event.currentTarget.value), onKeyDown: (event) => { if (event.key === "Enter") { event.preventDefault(); add(); } } }),
      button({ type: "button", class: "btn", disabled: !more.trim(), onClick: add }, w().picker.add)));
}

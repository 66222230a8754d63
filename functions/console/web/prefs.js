// What a person has chosen for this browser: language, theme, time zone. Nothing else is kept in local storage.

import { effect, signal } from "./vendor/preact.js";

/** @typedef {"en" | "zh"} Language */
/** @typedef {"system" | "light" | "dark"} Theme */

/**
 * A choice that outlives the tab.
 * @template {string} T
 * @param {string} name
 * @param {T} initial
 */
function kept(name, initial) {
  const choice = signal(/** @type {T} */ (localStorage.getItem(name) ?? initial));
  effect(() => (choice.value === initial ? localStorage.removeItem(name) : localStorage.setItem(name, choice.value)));
  return choice;
}

/** True for a gateway whose people and figures are made up. */
export const IS_DEMO = document.documentElement.dataset.demo !== undefined;

/** @type {Language} */
const BROWSERS_LANGUAGE = navigator.languages.find((each) => /^(en|zh)/.test(each))?.startsWith("zh") ? "zh" : "en";

export const BROWSERS_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** @type {import("@preact/signals").Signal<Language>} */
export const language = kept("language", BROWSERS_LANGUAGE);

/** @type {import("@preact/signals").Signal<Theme>} */
export const theme = kept("theme", /** @type {Theme} */ ("system"));

export const zone = kept("zone", BROWSERS_ZONE);

/** Off for people whose screen reader or habit needs the letters. */
export const shortcuts = kept("shortcuts", /** @type {"on" | "off"} */ ("on"));

export const locale = () => (language.value === "zh" ? "zh-CN" : "en");

effect(() => {
  document.documentElement.lang = locale();
});
effect(() => {
  if (theme.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme.value;
});

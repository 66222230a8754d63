// The frame around every page: navigation, who is signed in, the line on top when the gateway cannot serve.

import { Fragment, h, signal, useEffect } from "../vendor/preact.js";
import { a, aside, b, button, div, h2, header, kbd, main, nav, p, span } from "../dom.js";
import { icon, logo } from "./icon.js";
import { Dialog } from "./dialog.js";
import { Toasts } from "./toast.js";
import { jumpOpen } from "./jump.js";
import { IS_DEMO, language, shortcuts, theme } from "../prefs.js";
import { hasRole, session } from "../session.js";
import { unavailable } from "../api.js";
import { initials } from "../format.js";
import { go, place } from "../router.js";
import { w } from "../words.js";

/** @typedef {import("../places.js").Place} Place */

/** How much waits at a place. @type {import("@preact/signals").Signal<Record<string, number>>} */
export const waiting = signal({});
const menuOpen = signal(false);

export function toggleLanguage() {
  language.value = language.value === "zh" ? "en" : "zh";
}

function nextTheme() {
  theme.value = theme.value === "system" ? "light" : theme.value === "light" ? "dark" : "system";
}

/** The two choices that are always at hand. */
export const choices = () => [
  button({ type: "button", class: "btn ghost icon small", "aria-label": w().otherLanguage, lang: w().otherLang, onClick: toggleLanguage }, w().otherShort),
  button({ type: "button", class: "btn ghost icon small", "aria-label": w().themes[theme.value], title: w().themes[theme.value], onClick: nextTheme }, icon(theme.value === "light" ? "sun" : theme.value === "dark" ? "moon" : "half", 16)),
];

/** @param {Place} each @param {string} path */
function link(each, path) {
  const count = waiting.value[each.path];
  return a({ href: `#/${each.path}`, "aria-current": each.path === path ? "page" : undefined, onClick: () => (menuOpen.value = false) },
    icon(each.icon ?? "list"), w().places[/** @type {keyof ReturnType<typeof w>["places"]} */ (each.path)],
    count > 0 && span({ class: "count" }, count, span({ class: "sr" }, w().waiting)));
}

/** @param {Place[]} places @param {string} path */
function navigation(places, path) {
  const group = (/** @type {"yours" | "gateway"} */ name) => {
    const inside = places.filter((each) => each.group === name && hasRole(each.role));
    return inside.length > 0 && [h2(w().groups[name]), inside.map((each) => link(each, path))];
  };
  return nav({ class: "nav", "aria-label": w().mainNavigation }, group("yours"), group("gateway"));
}

function who() {
  const person = session.value?.user;
  return person && div({ class: "who" },
    span({ class: "face", "aria-hidden": true }, initials(person.name)),
    a({ class: "person", href: "#/account", onClick: () => (menuOpen.value = false) }, b(person.name), span({ class: "muted" }, w().roles[person.role])),
    choices());
}

/** @param {{ places: Place[], at: Place, title: string, children?: any }} props */
export function Frame({ places, at, title, children }) {
  useShortcuts(places);
  const jump = () => (jumpOpen.value = true);
  const inside = () => [
    div({ class: "brand" }, logo(), "tidegate"),
    button({ type: "button", class: "jump", onClick: jump }, icon("search", 16), w().jump, kbd("Ctrl K")),
    navigation(places, at.path),
    who(),
  ];
  return h(Fragment, null,
    a({ class: "skip", href: "#page", onClick: focusPage }, w().skip),
    div({ class: "app" },
      aside({ class: "side" }, inside()),
      div({ class: "frame" },
        header({ class: "top" },
          button({ type: "button", class: "btn ghost icon", "aria-label": w().menu, onClick: () => (menuOpen.value = true) }, icon("menu")),
          span({ class: "grow", "aria-hidden": true }, title),
          button({ type: "button", class: "btn ghost icon", "aria-label": w().jump, onClick: jump }, icon("search"))),
        IS_DEMO && p({ class: "demo" }, icon("info", 16), span(w().demo)),
        unavailable.value && p({ class: "outage", role: "status" }, icon("warn", 16), w().unavailable),
        main({ id: "page", tabIndex: -1 }, children))),
    menuOpen.value && h(Dialog, { title: "tidegate", sheet: true, close: () => (menuOpen.value = false) }, div({ class: "menu" }, navigation(places, at.path), who())),
    h(Toasts, {}));
}

/** @param {Event} event */
function focusPage(event) {
  event.preventDefault();
  document.getElementById("page")?.focus();
}

/** `Ctrl K` jumps, `/` goes to the filter, `g` and a letter to a page. @param {Place[]} places */
function useShortcuts(places) {
  useEffect(() => {
    let afterG = 0;
    const onKey = (/** @type {KeyboardEvent} */ event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        jumpOpen.value = true;
        return;
      }
      const target = /** @type {HTMLElement} */ (event.target);
      if (shortcuts.value !== "on" || event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, dialog")) return;
      if (event.key === "/") {
        const filter = document.querySelector("input[type=search]");
        if (filter instanceof HTMLElement) {
          event.preventDefault();
          filter.focus();
        }
      } else if (Date.now() - afterG < 1000) {
        const to = places.find((each) => each.letter === event.key && hasRole(each.role));
        if (to) go(to.path);
      }
      afterG = event.key === "g" ? Date.now() : 0;
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [places]);
}

/** Takes the focus to the heading, unless it is in the page already. */
export function focusHeading() {
  const focused = document.activeElement;
  if (focused && focused !== document.body && focused.closest("main, dialog")) return;
  requestAnimationFrame(() => document.querySelector("h1")?.focus({ preventScroll: true }));
}

/** Titles the document and takes the focus to the heading, on arrival at another place. @param {string} title */
export function useArrival(title) {
  useEffect(() => {
    document.title = `${title} · tidegate`;
  }, [title]);
  useEffect(focusHeading, [place.value.path]);
}

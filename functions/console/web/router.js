// The place that the address names: `#/admin/models/glm?state=out` is the path `admin/models/glm` with a query.

import { computed, signal } from "./vendor/preact.js";

const hash = signal(location.hash);

/** Says whether the page may be left: a form with unsaved changes asks first. @type {Set<() => boolean>} */
const guards = new Set();
let standing = location.hash;

addEventListener("hashchange", () => {
  if (location.hash === standing) return;
  for (const mayLeave of guards) {
    if (!mayLeave()) {
      history.replaceState(null, "", standing || "#/");
      return;
    }
  }
  standing = location.hash;
  hash.value = location.hash;
});

addEventListener("beforeunload", (event) => {
  for (const mayLeave of guards) if (!mayLeave()) event.preventDefault();
});

/** Holds the page until `mayLeave` says yes; returns what lets it go. @param {() => boolean} mayLeave */
export function guardPage(mayLeave) {
  guards.add(mayLeave);
  return () => void guards.delete(mayLeave);
}

export const place = computed(() => {
  const [path, query] = hash.value.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").map(decodeURIComponent).join("/"), query: new URLSearchParams(query) };
});

/** @param {string} path */
export function go(path) {
  location.hash = `#/${path}`;
}

/** Changes the query of this place without a new entry in the history. @param {Record<string, string | null>} change */
export function setQuery(change) {
  const query = new URLSearchParams(place.value.query);
  for (const [name, value] of Object.entries(change)) value ? query.set(name, value) : query.delete(name);
  const [path] = location.hash.split("?");
  standing = query.size ? `${path}?${query}` : path;
  history.replaceState(null, "", standing || "#/");
  hash.value = standing;
}

/** Reads the address again after it was replaced. */
export function rereadPlace() {
  standing = location.hash;
  hash.value = standing;
}

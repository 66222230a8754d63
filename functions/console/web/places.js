// The places of the console: what each address shows, for whom, and where it stands in the navigation.

import { Account } from "./pages/account.js";
import { Connect } from "./pages/connect.js";
import { Keys } from "./pages/keys.js";
import { Play } from "./pages/play.js";
import { Setup } from "./pages/setup.js";

/** @typedef {import("./session.js").Role} Role */
/** @typedef {{ path: string, page: import("preact").FunctionComponent<any>, role: Role, icon?: import("./ui/icon.js").IconName, group?: "yours" | "gateway", letter?: string }} Place */

/** @type {Place[]} */
export const PLACES = [
  { path: "play", page: Play, role: "user", icon: "chat", group: "yours", letter: "p" },
  { path: "keys", page: Keys, role: "user", icon: "key", group: "yours", letter: "k" },
  { path: "connect", page: Connect, role: "user", icon: "plug", group: "yours", letter: "c" },
  { path: "admin/setup", page: Setup, role: "admin" },
  { path: "account", page: Account, role: "user" },
];

/** What is shown at `path`, with what stands after the place's own part. @param {string} path @returns {{ at: Place, rest: string } | null} */
export function findPlace(path) {
  // Who has just signed in is at none of them.
  if (["", "login", "register"].includes(path)) return { at: PLACES[0], rest: "" };
  const fitting = PLACES.filter((each) => path === each.path || (each.path && path.startsWith(`${each.path}/`)));
  const at = fitting.sort((one, other) => other.path.length - one.path.length)[0];
  return at ? { at, rest: path.slice(at.path.length + 1) } : null;
}

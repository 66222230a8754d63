// The places of the console: what each address shows, for whom, and where it stands in the navigation.

import { AdminPage } from "./admin_page.js";
import { Account } from "./pages/account.js";
import { Connect } from "./pages/connect.js";
import { Keys } from "./pages/keys.js";
import { Overview } from "./pages/overview.js";
import { Play } from "./pages/play.js";
import { AllRequests, Requests } from "./pages/requests.js";
import { Traffic, Usage } from "./pages/usage.js";

/** @typedef {import("./session.js").Role} Role */
/** @typedef {{ path: string, page: import("preact").FunctionComponent<any>, role: Role, icon?: import("./ui/icon.js").IconName, group?: "yours" | "gateway", letter?: string }} Place */

/** @type {Place[]} */
export const PLACES = [
  { path: "", page: Overview, role: "user", icon: "gauge", group: "yours", letter: "o" },
  { path: "play", page: Play, role: "user", icon: "chat", group: "yours", letter: "p" },
  { path: "keys", page: Keys, role: "user", icon: "key", group: "yours", letter: "k" },
  { path: "connect", page: Connect, role: "user", icon: "plug", group: "yours", letter: "c" },
  { path: "usage", page: Usage, role: "user", icon: "chart", group: "yours", letter: "u" },
  { path: "requests", page: Requests, role: "user", icon: "list", group: "yours", letter: "r" },
  { path: "admin", page: AdminPage, role: "manager", icon: "bolt", group: "gateway", letter: "g" },
  { path: "admin/models", page: AdminPage, role: "admin", icon: "cube", group: "gateway", letter: "m" },
  { path: "admin/policies", page: AdminPage, role: "admin", icon: "shield", group: "gateway" },
  { path: "admin/people", page: AdminPage, role: "manager", icon: "people", group: "gateway" },
  { path: "admin/people/import", page: AdminPage, role: "admin" },
  { path: "admin/traffic", page: Traffic, role: "manager", icon: "chart", group: "gateway" },
  { path: "admin/requests", page: AllRequests, role: "manager", icon: "list", group: "gateway" },
  { path: "admin/audit", page: AdminPage, role: "admin", icon: "clock", group: "gateway" },
  { path: "admin/sso", page: AdminPage, role: "admin", icon: "door", group: "gateway" },
  { path: "admin/settings", page: AdminPage, role: "admin", icon: "gear", group: "gateway" },
  { path: "admin/setup", page: AdminPage, role: "admin" },
  { path: "account", page: Account, role: "user" },
];

/** Places whose further part is one of their own: a record in a sheet. */
const WITH_PART = ["requests", "admin/requests", "admin/models", "admin/people", "admin/policies"];

/** What is shown at `path`, with what stands after the place's own part. @param {string} path @returns {{ at: Place, rest: string } | null} */
export function findPlace(path) {
  // Who has just signed in is at none of them.
  const wanted = ["login", "register"].includes(path) ? "" : path;
  const exact = PLACES.find((each) => each.path === wanted);
  if (exact) return { at: exact, rest: "" };
  const above = WITH_PART.find((each) => wanted.startsWith(`${each}/`));
  const at = PLACES.find((each) => each.path === above);
  return at && above ? { at, rest: wanted.slice(above.length + 1) } : null;
}

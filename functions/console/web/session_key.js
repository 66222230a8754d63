// The key that the console itself calls models with: it ends with the session, and is in this tab's memory alone.

import { write } from "./api.js";
import { session } from "./session.js";

/** @type {{ user: string, until: number, key: Promise<string> } | null} */
let current = null;
const EARLY_MS = 60_000;

/** @returns {Promise<string>} */
export function sessionKey() {
  const user = session.value?.user.id ?? "";
  if (current && current.user === user && Date.now() < current.until) return current.key;
  const made = write("POST", "api/v1/user/keys/session");
  const mine = { user, until: Infinity, key: made.then((answer) => answer.key) };
  current = mine;
  made.then((answer) => (mine.until = Date.parse(answer.expires_at) - EARLY_MS), () => (current = null));
  return mine.key;
}

// Who is signed in. The token is in this tab's memory and session storage, and in no cookie: nothing is sent along by itself,
// so no other site can act in a person's name. Open tabs tell a new one, and one another when they sign out.

import { signal } from "./vendor/preact.js";

/** @typedef {"user" | "manager" | "admin"} Role */
/** @typedef {{ id: string, email: string, name: string, role: Role }} Person */
/** @typedef {{ token: string, expires_at: string, user: Person, since?: number }} Session */

const STORED = "session";
const tabs = new BroadcastChannel("tidegate");

/** @type {import("@preact/signals").Signal<Session | null>} */
export const session = signal(readStored());

/** True while the API does not take the token any more: the page stays, and a dialog asks to sign in. */
export const expired = signal(false);

/** True until other tabs have had their time to answer. */
export const asking = signal(!session.value);

/** @returns {Session | null} */
function readStored() {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? "null");
  } catch {
    return null;
  }
}

/** @param {Session | null} next */
function setSession(next) {
  session.value = next;
  expired.value = false;
  asking.value = false;
  if (next) sessionStorage.setItem(STORED, JSON.stringify(next));
  else sessionStorage.removeItem(STORED);
}

/** Begins a session, or goes on with a new token of it; other tabs hear of it. @param {Session} next */
export function keepSession(next) {
  setSession({ ...next, since: Date.now() });
  tabs.postMessage({ session: session.value });
}

/** The person's name or role has changed. @param {Partial<Person>} change */
export function renamePerson(change) {
  if (session.value) setSession({ ...session.value, user: { ...session.value.user, ...change } });
}

/** Forgets the session in all tabs. */
export function forgetSession() {
  setSession(null);
  tabs.postMessage("left");
}

tabs.onmessage = ({ data }) => {
  if (data === "ask" && session.value && !expired.value) tabs.postMessage({ session: session.value });
  else if (data === "left") setSession(null);
  else if (data.session && (!session.value || expired.value || data.session.user.id === session.value.user.id)) setSession(data.session);
};

if (!session.value) {
  tabs.postMessage("ask");
  setTimeout(() => (asking.value = false), 120);
}

/** Gives what is to be done with a person's role. @param {Role} needed */
export function hasRole(needed) {
  const roles = ["user", "manager", "admin"];
  return roles.indexOf(session.value?.user.role ?? "user") >= roles.indexOf(needed);
}

// The page's side of single sign-on: the code in the address belongs to the verifier that this tab has made.

import { IS_DEMO } from "./prefs.js";
import { keepSession } from "./session.js";
import { Refusal, read, write } from "./api.js";

const PENDING = "sso";
const VERIFIER_BYTES = 32;

/** @param {Uint8Array} bytes */
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** False on plain http but localhost: browsers have no SHA-256 there. */
export const canSignOn = () => !!globalThis.crypto?.subtle;

/** Goes to the identity provider, to come back to this place. */
export async function beginSso() {
  const options = await read("api/v1/auth/options");
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(VERIFIER_BYTES)));
  const challenge = base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
  sessionStorage.setItem(PENDING, JSON.stringify({ verifier, place: location.hash }));
  const url = new URL(options.sso.login_url, document.baseURI);
  url.searchParams.set("code_challenge", challenge);
  location.assign(url);
}

/**
 * Takes a code or an error out of the address at once, and redeems a code that this tab has asked for.
 * @returns {Promise<Refusal | null>} what went wrong
 */
export async function finishSso() {
  const given = new URLSearchParams(location.hash.slice(1));
  const [code, error, setup] = [given.get("code"), given.get("error"), given.get("setup")];
  if (setup !== null) return redeemSetup(setup);
  if (code === null && error === null) return null;
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null");
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", pending?.place || "#/");
  if (error) return new Refusal(403, { code: error, message: error });
  if (!pending) return new Refusal(403, { code: "sso_foreign" });
  try {
    keepSession(await write("POST", "api/v1/auth/sso/token", { code, code_verifier: pending.verifier }));
    return null;
  } catch (refusal) {
    return /** @type {Refusal} */ (refusal);
  }
}

/** The link that a fresh local gateway and a demo print: it signs its administrator in, once. @param {string} code @returns {Promise<Refusal | null>} */
async function redeemSetup(code) {
  history.replaceState(null, "", IS_DEMO ? "#/admin" : "#/admin/setup");
  try {
    keepSession(await write("POST", "api/v1/auth/setup", { code }));
    return null;
  } catch (refusal) {
    return /** @type {Refusal} */ (refusal);
  }
}

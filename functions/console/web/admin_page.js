// A page of the administrators' script, which is loaded with the first of them.

import { Fragment, h, useEffect } from "./vendor/preact.js";
import { focusHeading } from "./ui/frame.js";
import { shown, useLoad } from "./ui/load.js";
import { pageHead } from "./ui/parts.js";
import { Refusal } from "./api.js";
import { w } from "./words.js";

/** @type {Promise<typeof import("./admin.js")> | null} */
let loading = null;
let failures = 0;

/** Browsers remember that a script could not be loaded, so another try asks for it by another address. */
function adminScript() {
  loading ??= import(`./admin.js${failures ? `?${failures}` : ""}`).catch(() => {
    loading = null;
    failures++;
    throw new Refusal(0, { code: "network" });
  });
  return loading;
}

const OUTLINE_LINES = 8;

/** @param {{ path: string, rest: string }} props */
export function AdminPage({ path, rest }) {
  const script = useLoad(adminScript, []);
  useEffect(focusHeading, [script.data]);
  if (script.data) return h(script.data.ADMIN_PAGES[path], { rest });
  return h(Fragment, null, pageHead(/** @type {Record<string, string>} */ (w().places)[path], null), shown(script, () => null, OUTLINE_LINES));
}

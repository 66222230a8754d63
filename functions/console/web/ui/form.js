// Forms over objects with a version: only what was changed is sent, and nothing that somebody else has changed is overwritten
// unseen.

import { useEffect, useRef, useState } from "../vendor/preact.js";
import { code, div, li, p, ul } from "../dom.js";
import { note } from "./parts.js";
import { errorOf } from "./field.js";
import { guardPage } from "../router.js";
import { refusalText, w } from "../words.js";
import { wa } from "../words_admin.js";

/** @param {unknown} one @param {unknown} other */
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** The members of `after` that are not those of `before`. @param {any} before @param {any} after @returns {Record<string, any>} */
const differences = (before, after) => Object.fromEntries(Object.entries(after).filter(([name, value]) => name !== "version" && !same(before[name], value)));

/**
 * @typedef {object} Form
 * @property {any} now what the form says
 * @property {(name: string, value: any) => void} set
 * @property {Record<string, any>} changes
 * @property {boolean} dirty
 * @property {boolean} busy
 * @property {any} refusal
 * @property {(field: string) => string | null} error
 * @property {{ field: string, theirs: any }[]} conflicts
 * @property {(send: (changes: Record<string, any>, version: number) => Promise<any>, reread?: () => Promise<any>) => Promise<any>} save
 */

/** @param {any} initial an object of the API, or what a new one begins with @param {readonly string[]} fields that the form has @returns {Form} */
export function useForm(initial, fields) {
  const pick = (/** @type {any} */ from) => Object.fromEntries(fields.map((field) => [field, from[field]]));
  const [base, setBase] = useState(() => ({ ...pick(initial), version: initial.version }));
  const [now, setNow] = useState(base);
  const [refusal, setRefusal] = useState(/** @type {any} */ (null));
  const [conflicts, setConflicts] = useState(/** @type {{ field: string, theirs: any }[]} */ ([]));
  const [busy, setBusy] = useState(false);
  const changes = differences(base, now);
  const dirty = Object.keys(changes).length > 0;
  const leaving = useRef(false);
  leaving.current = dirty;
  useEffect(() => guardPage(() => !leaving.current || confirm(w().unsaved)), []);

  /** What was saved is no change any more, and the page may be left. @param {any} result */
  function sent(result) {
    if (result) {
      leaving.current = false;
      setBase({ ...now, version: result.version });
    }
    return result;
  }

  /** @type {Form["save"]} */
  async function save(send, reread) {
    if (busy) return undefined;
    setBusy(true);
    setRefusal(null);
    try {
      const result = await send(changes, base.version);
      setConflicts([]);
      return sent(result);
    } catch (error) {
      const { code: why } = /** @type {any} */ (error);
      if (why !== "version_conflict" || !reread) {
        setRefusal(error);
        return undefined;
      }
      const newest = await reread();
      const next = { ...pick(newest), version: newest.version };
      const theirs = differences(base, next);
      const both = Object.keys(changes).filter((field) => field in theirs && !same(theirs[field], changes[field]));
      setBase(next);
      setNow({ ...next, ...changes });
      setConflicts(both.map((field) => ({ field, theirs: theirs[field] })));
      if (both.length > 0) return undefined;
      return sent(await send(changes, next.version).catch(setRefusal));
    } finally {
      setBusy(false);
    }
  }
  return { now, set: (name, value) => setNow((before) => ({ ...before, [name]: value })), changes, dirty, busy, refusal, error: (field) => errorOf(refusal, field, refusalText), conflicts, save };
}

/** What stands over a form: what was refused and belongs to no field, and what others have changed. @param {Form} form @param {readonly string[]} fields */
export const formNotes = (form, fields) => [
  form.refusal && !fields.some((field) => form.error(field)) && note("bad", p(refusalText(form.refusal), form.refusal.field && [" ", code(form.refusal.field)])),
  form.conflicts.length > 0 && note("warn", div(p(wa().conflict), ul(form.conflicts.map(({ field, theirs }) => li(code(field), ": ", wa().theirs, " ", code(JSON.stringify(theirs))))))),
];

/** A number, or `null` for an empty field. @param {string} text */
export const numberOrNull = (text) => (text.trim() === "" ? null : Number(text));

/** @param {string} text */
export const lines = (text) => text.split(/[\n,]/).map((each) => each.trim()).filter(Boolean);

// A list as a CSV file: followed to its end, says how far it is, and can be stopped.

import { useRef, useState } from "../vendor/preact.js";
import { button } from "../dom.js";
import { request, withQuery } from "../api.js";
import { saveFile } from "./parts.js";
import { toastRefusal } from "./toast.js";
import { w } from "../words.js";

/** @param {{ path: string, name: string }} props */
export function CsvButton({ path, name }) {
  const [rows, setRows] = useState(/** @type {number | null} */ (null));
  const stop = useRef(/** @type {AbortController | null} */ (null));
  async function follow() {
    stop.current = new AbortController();
    let [text, cursor] = ["", /** @type {string | null} */ (null)];
    setRows(0);
    try {
      do {
        const response = await request("GET", withQuery(path, { limit: 200, cursor }), { accept: "text/csv", signal: stop.current.signal });
        const part = await response.text();
        text += cursor ? part.slice(part.indexOf("\n") + 1) : part;
        cursor = response.headers.get("x-next-cursor");
        setRows(text.split("\n").length - 2);
      } while (cursor);
      saveFile(name, text, "text/csv");
    } catch (error) {
      toastRefusal(error);
    }
    setRows(null);
  }
  return button({ type: "button", class: "btn", onClick: () => (rows === null ? void follow() : stop.current?.abort()) }, rows === null ? "CSV" : w().usage.stopCsv(rows));
}

// The words of the console in the language that is chosen: `w().keys.title`.

import { language } from "./prefs.js";
import { en } from "./words/en.js";
import { zh } from "./words/zh.js";

export const w = () => (language.value === "zh" ? zh : en);

/**
 * What a refusal means, by its code; else the API's own text.
 * @param {{ code: string, message: string }} refusal
 */
export function refusalText(refusal) {
  const texts = /** @type {Record<string, string>} */ (w().refusals);
  return texts[refusal.code] ?? refusal.message;
}

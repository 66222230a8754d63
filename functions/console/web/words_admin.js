// The words of the pages on which the gateway is run: with them in the administrators' file, so that nobody else loads them.

import { language } from "./prefs.js";
import { enAdmin } from "./words/en_admin.js";
import { zhAdmin } from "./words/zh_admin.js";

export const wa = () => (language.value === "zh" ? zhAdmin : enAdmin);

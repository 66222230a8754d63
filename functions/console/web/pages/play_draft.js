// What is being typed in the playground, which another page may have begun.

import { signal } from "../vendor/preact.js";

export const draft = signal("");

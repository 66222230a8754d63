// The models that this person may use, read once and again when somebody asks anew.

import { signal } from "./vendor/preact.js";
import { read } from "./api.js";

/**
 * @typedef {{ id: string, name: string, description: string | null, aliases: string[], context_window: number | null, max_output_tokens: number | null,
 *   input_price: number | null, cached_input_price: number | null, output_price: number | null, available: boolean, vision?: boolean, thinking?: string[] }} UserModel
 */

/** @type {import("@preact/signals").Signal<UserModel[] | undefined>} */
export const userModels = signal(undefined);

/** @returns {Promise<UserModel[]>} */
export async function loadModels() {
  userModels.value = await read("api/v1/user/models");
  return userModels.value ?? [];
}

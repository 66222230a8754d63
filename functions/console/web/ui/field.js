// Fields of forms: a control with its label, what helps to fill it in, and what is wrong with it.

import { h, useId } from "../vendor/preact.js";
import { div, input, label, option, select, span, textarea } from "../dom.js";
import { icon } from "./icon.js";

/** @typedef {import("../dom.js").Child} Child */
/**
 * @typedef {object} FieldProps
 * @property {string} name what is shown
 * @property {string} [id] the API's name of the field, to which its refusals are tied
 * @property {Child} [hint]
 * @property {string | null} [error]
 * @property {boolean} [changed]
 * @property {(attributes: { id: string, "aria-describedby": string | undefined, "aria-invalid": boolean | undefined }) => Child} control
 */

/** @param {FieldProps} props */
export function Field({ name, hint, error, changed, control }) {
  const id = useId();
  const described = [hint && `${id}-h`, error && `${id}-e`].filter(Boolean).join(" ") || undefined;
  return div({ class: changed ? "field changed" : "field" },
    label({ for: id }, name),
    control({ id, "aria-describedby": described, "aria-invalid": error ? true : undefined }),
    error && span({ class: "error", id: `${id}-e` }, icon("warn", 14), error),
    hint && span({ class: "hint", id: `${id}-h` }, hint));
}

/** @typedef {{ hint?: Child, error?: string | null, changed?: boolean }} More */
/** @typedef {Omit<import("preact").JSX.IntrinsicElements["input"], "onInput"> & { list?: string }} InputAttributes */

/** @param {string} name @param {string} value @param {(text: string) => void} change @param {InputAttributes & More} [more] */
export function textField(name, value, change, { hint, error, changed, class: look = "input", ...attributes } = {}) {
  const control = (/** @type {object} */ tie) => input({ class: look, value, .../** @type {any} */ (attributes), ...tie, onInput: (/** @type {any} */ event) => change(event.currentTarget.value) });
  return h(Field, { name, hint, error, changed, control });
}

/** @param {string} name @param {string} value @param {(text: string) => void} change @param {{ rows?: number, placeholder?: string, spellcheck?: boolean, class?: string } & More} [more] */
export function areaField(name, value, change, { hint, error, changed, class: look = "input", ...attributes } = {}) {
  const control = (/** @type {object} */ tie) => textarea({ class: look, value, ...attributes, ...tie, onInput: (event) => change(event.currentTarget.value) });
  return h(Field, { name, hint, error, changed, control });
}

/**
 * @template {string} T
 * @param {string} name @param {[T, string][]} options @param {T} value @param {(value: T) => void} change @param {More} [more]
 */
export function selectField(name, options, value, change, { hint, error, changed } = {}) {
  const control = (/** @type {object} */ tie) => plainSelect(options, value, change, tie);
  return h(Field, { name, hint, error, changed, control });
}

/**
 * @template {string} T
 * @param {[T, string][]} options @param {T} value @param {(value: T) => void} change @param {object} [attributes]
 */
export const plainSelect = (options, value, change, attributes = {}) =>
  select({ class: "input", value, ...attributes, onChange: (event) => change(/** @type {T} */ (event.currentTarget.value)) },
    options.map(([each, text]) => option({ value: each, selected: each === value }, text)));

/**
 * The refusal of a field, for the field alone.
 * @param {import("../api.js").Refusal | null} refusal @param {string} field @param {(refusal: any) => string} text
 */
export const errorOf = (refusal, field, text) =>
  refusal && (refusal.field === field || refusal.field?.startsWith(`${field}.`) || refusal.field?.startsWith(`${field}[`)) ? text(refusal) : null;

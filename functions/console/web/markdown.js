// Markdown of models as elements, never as HTML: links lead to the web or to mail, and pictures are links, so that none can
// carry a prompt away.

import { signal } from "./vendor/preact.js";
import { a, code, em, h3, hr, li, ol, p, pre, span, strong, table, tbody, td, th, thead, tr, ul } from "./dom.js";

/** @typedef {import("./dom.js").Child} Child */

/** @type {import("@preact/signals").Signal<((text: string) => any[]) | null>} */
const lexer = signal(null);

/** Loads the lexer; until it is there, texts are shown as they are. */
export async function loadMarkdown() {
  const library = "./vendor/marked.js";
  lexer.value ??= (await import(library)).lexer;
}

/** @param {string} href @param {Child} text */
const linkTo = (href, text) => (/^(https?:|mailto:)/i.test(href) ? a({ href, rel: "noreferrer noopener", target: "_blank" }, text) : span(text));

/** @param {any} token @returns {Child} */
function inline(token) {
  const inside = () => (token.tokens ? token.tokens.map(inline) : token.text ?? token.raw);
  switch (token.type) {
    case "strong": return strong(inside());
    case "em": return em(inside());
    case "codespan": return code(token.text);
    case "link": return linkTo(token.href, inside());
    case "image": return linkTo(token.href, token.text || token.href);
    case "br": return "\n";
    case "text": return inside();
    case "escape": return token.text;
    default: return token.raw;
  }
}

/** @param {any} token @returns {Child} */
function blockOf(token) {
  switch (token.type) {
    case "space": return null;
    case "heading": return h3(token.tokens.map(inline));
    case "paragraph": return p(token.tokens.map(inline));
    case "code": return pre({ tabIndex: 0 }, token.text);
    case "blockquote": return p({ class: "muted" }, token.tokens.map(blockOf));
    case "hr": return hr({});
    case "list": return (token.ordered ? ol : ul)(token.items.map((/** @type {any} */ item) => li(item.tokens.map((/** @type {any} */ each) => (each.type === "text" ? inline(each) : blockOf(each))))));
    case "table": return table(thead(tr(token.header.map((/** @type {any} */ cell) => th(cell.tokens.map(inline))))), tbody(token.rows.map((/** @type {any[]} */ row) => tr(row.map((cell) => td(cell.tokens.map(inline)))))));
    case "text": return inline(token);
    default: return p(token.raw);
  }
}

/** @param {string} text @returns {Child} */
export const markdown = (text) => (lexer.value ? lexer.value(text).map(blockOf) : p({ class: "as-typed" }, text));

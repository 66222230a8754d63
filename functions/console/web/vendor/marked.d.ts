// The types of vendor/marked.js.
export { lexer } from "marked";

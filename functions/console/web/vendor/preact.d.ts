// The types of vendor/preact.js, which come from npm where types are checked (tests/console).
export * from "preact";
export * from "preact/hooks";
export * from "@preact/signals";

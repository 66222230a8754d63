// The address that all calls are relative to.

/** The address of the API: beside the console, whatever stands before both. */
export const API_ROOT = new URL("../", document.baseURI);

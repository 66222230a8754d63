// The address that all calls are relative to.

/** Where the API is, beside the console, whatever stands before both in the address. */
export const API_ROOT = new URL("../", document.baseURI);

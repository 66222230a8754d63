// The pages of those who run the gateway. With all that only they import they are a script of their own, which is loaded with
// the first of them.

import { Audit } from "./pages/audit.js";
import { Import } from "./pages/import.js";
import { Models } from "./pages/models.js";
import { Operations } from "./pages/operations.js";
import { People } from "./pages/people.js";
import { Policies } from "./pages/policies.js";
import { Settings } from "./pages/settings.js";
import { Setup } from "./pages/setup.js";
import { Sso } from "./pages/sso.js";

/** By their place. @type {Record<string, import("preact").FunctionComponent<any>>} */
export const ADMIN_PAGES = {
  admin: Operations,
  "admin/models": Models,
  "admin/policies": Policies,
  "admin/people": People,
  "admin/people/import": Import,
  "admin/audit": Audit,
  "admin/sso": Sso,
  "admin/settings": Settings,
  "admin/setup": Setup,
};

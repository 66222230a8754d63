// The console: the page that the address names, for the person who is signed in.

import { Fragment, h, render, signal } from "./vendor/preact.js";
import { Dialog } from "./ui/dialog.js";
import { Frame, useArrival } from "./ui/frame.js";
import { Jump, jumpOpen } from "./ui/jump.js";
import { emptyState, pageHead } from "./ui/parts.js";
import { Login, PasswordForm } from "./pages/login.js";
import { PLACES, findPlace } from "./places.js";
import { place, rereadPlace } from "./router.js";
import { asking, expired, forgetSession, hasRole, session } from "./session.js";
import { finishSso } from "./sso.js";
import { w } from "./words.js";

/** What the address has brought back from single sign-on. */
const arrival = signal(/** @type {any} */ (null));

function Missing() {
  return h(Fragment, null, pageHead(w().missing.title, null), emptyState(w().missing.text));
}

function Page() {
  const found = findPlace(place.value.path);
  const allowed = found && hasRole(found.at.role) ? found : null;
  const at = allowed?.at ?? { path: "", page: Missing, role: /** @type {const} */ ("user") };
  const title = allowed ? w().places[/** @type {keyof ReturnType<typeof w>["places"]} */ (at.path)] : w().missing.title;
  useArrival(title);
  const pages = PLACES.filter((each) => hasRole(each.role)).map((each) => ({ to: each.path, text: w().places[/** @type {keyof ReturnType<typeof w>["places"]} */ (each.path)], kind: w().page }));
  return h(Frame, { places: PLACES, at, title },
    h(at.page, { key: at.path, path: at.path, rest: allowed?.rest ?? "" }),
    jumpOpen.value && h(Jump, { pages }));
}

/** Over a page whose session has ended: what was typed stays. */
function SignInAgain() {
  return h(Dialog, { title: w().login.expired, about: w().login.expiredAbout, close: forgetSession }, h(PasswordForm, { email: session.value?.user.email }));
}

function App() {
  if (asking.value) return null;
  if (!session.value) return h(Login, { refusal: arrival.value });
  return h(Fragment, null, h(Page, { key: session.value.user.id }), expired.value && h(SignInAgain, {}));
}

const root = document.getElementById("root");
if (root) {
  const redeeming = finishSso();
  rereadPlace();
  void redeeming.then((refusal) => {
    arrival.value = refusal;
    render(h(App, {}), root);
  });
}

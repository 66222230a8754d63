// The pictures of the README, of an empty installation and of the demo: made by `UPDATE=1 npm test`, and else only looked at,
// since fonts differ from machine to machine, and the demo ends today.
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch, openSignedIn } from "./browser.js";
import { startGateway } from "./gateway.js";

const FOLDER = new URL("../../docs/pictures/", import.meta.url).pathname;
const VIEWPORT = { width: 1200, height: 720 };

let empty, full, browser;
before(async () => {
  [empty, full, browser] = await Promise.all([startGateway(), startGateway("--demo"), launch()]);
});
after(async () => {
  await browser?.close();
  empty?.stop();
  full?.stop();
});

/** Signed in at `path`, at rest. */
async function openAt(gateway, path, colorScheme, viewport = VIEWPORT) {
  const { page, check } = await openSignedIn(browser, gateway, { path, browser: { colorScheme, viewport } });
  await page.getByRole("heading", { level: 1 }).waitFor({ state: "attached" });
  await page.waitForLoadState("networkidle");
  return { page, check };
}

async function keep(page, name) {
  // No ring of the focus.
  await page.evaluate(() => document.activeElement?.blur());
  const path = `${FOLDER}${name}.png`;
  if (process.env.UPDATE) {
    mkdirSync(FOLDER, { recursive: true });
    await page.screenshot({ path, caret: "hide", animations: "disabled" });
  }
  assert.ok(existsSync(path), `${path} is missing: UPDATE=1 makes it`);
}

for (const colorScheme of ["light", "dark"]) {
  test(`an empty installation begins with the first steps: ${colorScheme}`, async () => {
    const { page, check } = await openAt(empty, "admin/setup", colorScheme);
    await page.getByRole("heading", { name: "Where is a model?" }).waitFor();
    await keep(page, `first-steps-${colorScheme}`);
    check();
  });

  test(`operations tell what needs somebody and what goes on: ${colorScheme}`, async () => {
    const { page, check } = await openAt(full, "admin?days=7", colorScheme, { ...VIEWPORT, height: 900 });
    await page.getByText("2 people wait for approval.").waitFor();
    await page.getByText("trial, in shadow mode, would have refused").waitFor();
    await keep(page, `operations-${colorScheme}`);
    check();
  });

  test(`the playground compares two models: ${colorScheme}`, async () => {
    const { page, check } = await openAt(full, "play", colorScheme);
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByRole("textbox", { name: "Write a message" }).fill("Say hello.");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("Complete", { exact: true }).nth(1).waitFor();
    await keep(page, `playground-${colorScheme}`);
    check();
  });
}

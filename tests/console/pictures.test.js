// The pictures of the README, of an empty installation and of one with people, models and requests: made by `UPDATE=1 npm
// test`, and else only looked at, since fonts differ from machine to machine.
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch, openSignedIn } from "./browser.js";
import { addModel, complete, startGateway, startServer } from "./gateway.js";

const FOLDER = new URL("../../docs/pictures/", import.meta.url).pathname;
const VIEWPORT = { width: 1200, height: 720 };
/** Each with so many requests. */
const MODELS = { "glm-4.7": 14, "qwen3-coder": 9, "kimi-k2.5": 5, "gpt-oss-120b": 3 };

let empty, full, server, browser;
before(async () => {
  [empty, full, server, browser] = await Promise.all([startGateway(), startGateway(), startServer(), launch()]);
  for (const model of Object.keys(MODELS)) await addModel(full, model, server);
  await full.admin("POST", "policies", { name: "trial", mode: "shadow", request_quota_daily: 20 });
  await full.admin("POST", "users", { email: "ruth@example.com", name: "Ruth Adler", department: "Support", status: "pending" });
  const { id } = (await full.admin("POST", "users", { email: "ada@example.com", name: "Ada Okafor", department: "Research", quota_policy: "trial" })).data;
  const { key } = (await full.admin("POST", `users/${id}/keys`, { name: "laptop" })).data;
  for (const [model, count] of Object.entries(MODELS)) for (let number = 0; number < count; number++) await (await complete(full, key, model)).text();
  await (await complete(full, key, "gpt-4o")).text();
  server.replies.push(500);
  await (await complete(full, key, "kimi-k2.5")).text();
  // Usage is written behind the answers.
  const attention = async () => (await full.admin("GET", "overview")).data.attention.map((each) => each.kind);
  while (!(await attention()).includes("shadow") || (await full.admin("GET", "logs?outcome=failed")).data.length === 0) continue;
});
after(async () => {
  await browser?.close();
  empty?.stop();
  full?.stop();
  server?.stop();
});

/** Signed in at `path`, at rest. */
async function openAt(gateway, path, colorScheme) {
  const { page, check } = await openSignedIn(browser, gateway, { path, browser: { colorScheme, viewport: VIEWPORT } });
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
    const { page, check } = await openAt(full, "admin?days=7", colorScheme);
    await page.getByText("1 person waits for approval.").waitFor();
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

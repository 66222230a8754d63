// The demo: it says on every page what it is, and a person can look around in it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage, openSignedIn } from "./browser.js";
import { startGateway } from "./gateway.js";

const SAYS = "This is a demo: its people and figures are made up";

let demo, browser;
before(async () => ([demo, browser] = await Promise.all([startGateway("--demo"), launch()])));
after(async () => {
  await browser?.close();
  demo?.stop();
});

test("the printed link signs in, once, and leads to what needs somebody", async () => {
  const link = demo.printed.find((line) => line.startsWith("Look around at ")).split(" ")[3];
  const { page, check } = await openPage(browser, demo);
  await page.goto("about:blank");
  await page.goto(link);
  await page.getByText("2 people wait for approval.").waitFor();
  await page.getByText("Rented is out").waitFor();
  await page.getByText(SAYS).waitFor();
  assert.match(page.url(), /#\/admin$/);
  check();
});

test("who is not signed in is told too", async () => {
  const { page, check } = await openPage(browser, demo);
  await page.getByText(SAYS).waitFor();
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  check();
});

test("a policy's further limits are told, and changed", async () => {
  const { page, check } = await openSignedIn(browser, demo, { path: "admin/policies" });
  await page.getByText("Cost a week: $5.00").waitFor();
  await page.getByText("engineering", { exact: true }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("How much").first().fill("7.5");
  await sheet.getByRole("button", { name: /^Delete: Tokens in all/ }).click();
  await sheet.getByRole("button", { name: "Add a limit" }).click();
  await sheet.getByLabel("Of what").last().selectOption("concurrency");
  await sheet.getByLabel("How much").last().fill("2");
  await sheet.getByLabel("Of which models").last().fill("kimi*");
  await sheet.getByRole("button", { name: "Save" }).click();
  await sheet.waitFor({ state: "detached" });
  await page.getByText("Requests at once, kimi*: 2").waitFor();
  const { limits } = (await demo.admin("GET", "policies/engineering")).data;
  assert.deepEqual(limits.map(({ what, per, amount }) => [what, per ?? null, amount]), [["cost", "week", 7.5], ["concurrency", null, 2]]);
  check();
});

// First steps: from a fresh gateway to a first token, in the machine's part of two minutes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage, signIn } from "./browser.js";
import { startGateway, startServer } from "./gateway.js";

const MACHINE_MS = 15_000;

let gateway, server, browser, began;
before(async () => {
  began = performance.now();
  [gateway, server, browser] = await Promise.all([startGateway(), startServer(), launch()]);
});
after(async () => {
  await browser?.close();
  gateway?.stop();
  server?.stop();
});

test("a newcomer makes a model, sees a first answer, and gets a key with its snippet", async () => {
  const { page, check } = await openPage(browser, gateway, { path: "admin/setup" });
  await signIn(page);
  await page.getByRole("button", { name: "vLLM" }).click();
  await page.getByLabel("Address").fill("http://127.0.0.1:9/v1");
  await page.getByLabel("Name of the model there").fill("acme/Served-Model");
  await page.getByRole("button", { name: "Make it and test" }).click();
  await page.getByText("Not all steps passed").waitFor();
  await page.getByLabel("Address").fill(server.url);
  await page.getByRole("button", { name: "Make it and test" }).click();
  await page.getByText("served-model is there.").waitFor();
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator("#answer").getByText("Hello").waitFor();
  assert.ok(performance.now() - began < MACHINE_MS, `${performance.now() - began} ms`);
  await page.getByRole("button", { name: "Make a key" }).click();
  const key = await page.locator("#made").innerText();
  assert.ok((await page.getByRole("dialog").innerText()).includes(`ANTHROPIC_AUTH_TOKEN=${key}`));
  const { data } = await gateway.admin("GET", "backends");
  assert.equal(data.length, 1, "a second try changes the backend of the first");
  check();
});

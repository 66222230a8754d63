// Keys: made once, switched, changed, rolled, deleted.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openSignedIn } from "./browser.js";
import { addModel, startGateway, startServer } from "./gateway.js";

let gateway, server, browser;
before(async () => {
  [gateway, server, browser] = await Promise.all([startGateway(), startServer(), launch()]);
  await addModel(gateway, "demo", server);
});
after(async () => {
  await browser?.close();
  gateway?.stop();
  server?.stop();
});

const ask = (key) =>
  fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", headers: { authorization: `Bearer ${key}`, "content-type": "application/json" }, body: JSON.stringify({ model: "demo", messages: [{ role: "user", content: "hi" }] }) });

test("a key is shown once, works, is rolled, and is deleted by its name while it is in use", async () => {
  const { page, check } = await openSignedIn(browser, gateway, { path: "keys" });
  await page.getByRole("button", { name: "New key" }).first().click();
  await page.getByLabel("Name").fill("laptop");
  await page.getByRole("button", { name: "Make key" }).click();
  const key = await page.locator("#made").innerText();
  assert.match(key, /^sk-tg-\w+$/);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#made").count(), 1, "only a button closes it");
  await page.getByRole("button", { name: "I have it" }).click();
  assert.equal(await page.getByText(key).count(), 0);
  assert.equal((await ask(key)).status, 200);

  const state = await page.evaluate(() => JSON.stringify([localStorage, { ...sessionStorage, session: "" }, location.href]));
  assert.ok(!state.includes(key), state);

  await page.getByRole("button", { name: "Roll: laptop" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Roll" }).click();
  const second = await page.locator("#made").innerText();
  assert.notEqual(second, key);
  await page.getByRole("button", { name: "I have it" }).click();
  const { data } = await gateway.call("GET", "/api/v1/user/keys", undefined, gateway.token);
  assert.equal(data.length, 2);
  assert.equal(data.filter((each) => each.expires_at && Date.parse(each.expires_at) - Date.now() < 86_400_001).length, 1);
  assert.equal((await ask(second)).status, 200);

  await page.reload();
  const used = page.getByRole("row").filter({ hasText: second.slice(0, 10) });
  await used.getByRole("button", { name: "Delete: laptop" }).click();
  const dialog = page.getByRole("dialog");
  assert.ok(await dialog.getByRole("button", { name: "Delete" }).isDisabled());
  await dialog.getByLabel("Type the key's name").fill("laptop");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await used.waitFor({ state: "detached" });
  assert.equal((await gateway.call("GET", "/api/v1/user/keys", undefined, gateway.token)).data.length, 1);
  check();
});

test("a switch acts at once, and goes back with the reason when it is refused", async () => {
  const { data: made } = await gateway.call("POST", "/api/v1/user/keys", { name: "switched" }, gateway.token);
  const { page, check } = await openSignedIn(browser, gateway, { path: "keys" });
  const toggle = page.getByRole("switch", { name: "switched: on" });
  await toggle.click();
  await page.getByRole("row").filter({ hasText: "switched" }).getByText("Off").waitFor();
  await gateway.call("PUT", `/api/v1/user/keys/${made.id}`, { name: "switched" , models: ["demo"] }, gateway.token);
  await toggle.click();
  await page.getByText("Somebody else has changed this").waitFor();
  assert.equal(await toggle.isChecked(), false);
  check();
});

test("what is wrong with a field stands at the field", async () => {
  const { page, check } = await openSignedIn(browser, gateway, { path: "keys" });
  await page.getByRole("button", { name: "New key" }).first().click();
  await page.getByLabel("Name").fill("\u0007");
  await page.getByRole("button", { name: "Make key" }).click();
  const name = page.getByLabel("Name");
  await page.locator("[aria-invalid=true]").waitFor();
  const id = await name.getAttribute("aria-describedby");
  assert.ok((await page.locator(`[id="${id.split(" ").at(-1)}"]`).innerText()).length > 0);
  check();
});

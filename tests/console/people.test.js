// Looking after people: their limits and keys, several of them at once, and what a policy in shadow mode would have refused.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openSignedIn } from "./browser.js";
import { addModel, complete, startGateway, startServer } from "./gateway.js";

const MIA = { email: "mia@example.com", password: "correct horse battery" };

let gateway, server, browser, ann, key;
before(async () => {
  [gateway, server, browser] = await Promise.all([startGateway(), startServer(), launch()]);
  await addModel(gateway, "demo", server);
  await gateway.admin("POST", "policies", { name: "small", request_quota_daily: 2, token_quota_daily: 100_000, mode: "shadow" });
  ann = (await gateway.admin("POST", "users", { email: "ann@example.com", name: "Ann", department: "Sea", quota_policy: "small" })).data;
  await gateway.admin("POST", "users", { ...MIA, name: "Mia", role: "manager", department: "Sea" });
  key = (await gateway.admin("POST", `users/${ann.id}/keys`, { name: "laptop" })).data;
  for (let number = 0; number < 3; number++) await (await complete(gateway, key.key, "demo")).text();
  while ((await gateway.admin("GET", "policies/small/shadow")).data.length === 0) continue;
});
after(async () => {
  await browser?.close();
  gateway?.stop();
  server?.stop();
});

const open = (path, account) => openSignedIn(browser, gateway, { path, account });

test("a policy in shadow mode tells what it would have refused, and of whom", async () => {
  const { page, check } = await open("admin");
  await page.getByText("small, in shadow mode, would have refused 1 request.").waitFor();
  await page.getByRole("listitem").filter({ hasText: "in shadow mode" }).getByRole("link").click();
  const sheet = page.getByRole("dialog");
  await sheet.getByText("1 request of 1 person").click();
  await sheet.getByText("Ann: 1").waitFor();
  check();
});

test("what a person has used of a limit is reset, and the limit raised for a time", async () => {
  const { page, check } = await open(`admin/people/${ann.id}`);
  const sheet = page.getByRole("dialog").first();
  await sheet.getByRole("button", { name: "Limits" }).click();
  await sheet.getByText("3 of 2").waitFor();
  await sheet.getByRole("button", { name: "Reset: Requests a day" }).click();
  await page.getByRole("dialog").last().getByRole("button", { name: "Reset", exact: true }).click();
  await sheet.getByText("0 of 2").waitFor();
  await sheet.getByText("Raise a limit for a time").click();
  await sheet.getByLabel("How much more").fill("5");
  await sheet.getByLabel("Reason").fill("a demonstration");
  await sheet.getByRole("button", { name: "Raise", exact: true }).click();
  await sheet.getByText("0 of 7").waitFor();
  await sheet.getByText("a demonstration").waitFor();
  await sheet.getByRole("button", { name: "End" }).click();
  await sheet.getByText("0 of 2").waitFor();
  assert.deepEqual((await gateway.admin("GET", `top-ups?account=${ann.id}`)).data, []);
  check();
});

test("a person's keys are switched off, deleted, and made for the person", async () => {
  const { page, check } = await open(`admin/people/${ann.id}`);
  const sheet = page.getByRole("dialog").first();
  const keys = async () => (await gateway.admin("GET", `users/${ann.id}/keys`)).data.map((each) => [each.name, each.enabled]);
  await sheet.getByRole("button", { name: "Keys", exact: true }).click();
  const changed = page.waitForResponse((response) => response.request().method() === "PUT");
  await sheet.getByRole("switch", { name: "laptop: on" }).uncheck();
  await changed;
  await sheet.getByLabel("Name of a new key").fill("terminal");
  await sheet.getByRole("button", { name: "Make key" }).click();
  assert.match(await page.locator("#made").textContent(), /^sk-tg-/);
  assert.deepEqual((await keys()).sort(), [["laptop", false], ["terminal", true]]);
  await page.getByRole("button", { name: "I have it" }).click();
  await sheet.getByRole("button", { name: "Delete: laptop" }).click();
  await page.getByRole("dialog").last().getByRole("button", { name: "Delete", exact: true }).click();
  await sheet.getByText("laptop", { exact: true }).waitFor({ state: "detached" });
  assert.deepEqual(await keys(), [["terminal", true]]);
  check();
});

test("a manager sees limits and keys of a person, and changes neither", async () => {
  const { page, check } = await open(`admin/people/${ann.id}`, MIA);
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("button", { name: "Limits" }).click();
  await sheet.getByText("0 of 2").waitFor();
  await sheet.getByRole("button", { name: "Keys", exact: true }).click();
  await sheet.getByText("terminal").waitFor();
  assert.equal(await sheet.getByRole("button", { name: /Reset|Delete|Make key/ }).count(), 0);
  check();
});

test("what was typed in one part of a person's sheet stays while another is looked at", async () => {
  const { page, check } = await open(`admin/people/${ann.id}`);
  const sheet = page.getByRole("dialog").first();
  await sheet.getByLabel("Name").fill("Ann Lee");
  await sheet.getByRole("button", { name: "Use", exact: true }).click();
  await sheet.getByRole("cell", { name: "demo" }).first().waitFor();
  assert.equal(await sheet.getByRole("button", { name: "Save" }).count(), 0);
  await sheet.getByRole("button", { name: "Account •" }).click();
  assert.equal(await sheet.getByLabel("Name").inputValue(), "Ann Lee");
  await sheet.getByLabel("Name").fill("Ann");
  await sheet.getByRole("button", { name: "Account", exact: true }).waitFor();
  check();
});

test("several people are changed at once, and who is refused is told with the reason", async () => {
  await gateway.admin("POST", "users", { email: "bo@example.com", name: "Bo" });
  const { page, check } = await open("admin/people");
  await page.getByLabel("Any department").selectOption("Sea");
  await page.getByRole("row", { name: /Bo/ }).waitFor({ state: "detached" });
  await page.getByLabel("Any department").selectOption("");
  for (const name of ["Bo", "Ann", "Administrator"]) await page.getByLabel(`Choose ${name}`, { exact: true }).check();
  await page.getByLabel("What changes").selectOption("role");
  await page.getByLabel("To what").selectOption("user");
  await page.getByRole("button", { name: "Change 3" }).click();
  await page.getByText("Administrator: This is the last active administrator.").waitFor();
  await page.getByText("2 changed").waitFor();
  await page.getByLabel("Choose Administrator").uncheck();
  await page.getByLabel("Choose Bo", { exact: true }).check();
  await page.getByLabel("What changes").selectOption("department");
  await page.getByLabel("To what").fill("Land");
  await page.getByRole("button", { name: "Change 1" }).click();
  await page.getByRole("row", { name: /Bo/ }).getByText("Land").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  assert.equal(download.suggestedFilename(), "people.csv");
  check();
});

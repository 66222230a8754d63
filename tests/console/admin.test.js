// Running the gateway: models and backends, policies and hours, people and imports, settings, single sign-on's configuration.
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

const open = (path, account) => openSignedIn(browser, gateway, { path, account });

test("a backend is tested as it is typed, added, changed, and its model deleted by its id", async () => {
  await gateway.admin("POST", "models", { id: "second", name: "Second" });
  const { page, check } = await open("admin/models");
  await page.getByRole("button", { name: "Add a backend: Second" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Address").fill(server.url);
  await sheet.getByLabel("Name of the model there").fill("served-model");
  await sheet.getByRole("button", { name: "Test", exact: true }).click();
  await sheet.getByText("All steps passed").waitFor();
  assert.equal((await gateway.admin("GET", "models/second/backends")).data.length, 0, "a test saves nothing");
  await sheet.getByRole("button", { name: "Add backend" }).click();
  await sheet.waitFor({ state: "detached" });
  await page.getByText("1 of 1 in").nth(1).waitFor();

  await page.getByRole("button", { name: "Edit: second-1" }).click();
  await sheet.getByLabel("Share of the requests").fill("3");
  await sheet.getByRole("button", { name: "Save" }).click();
  await sheet.waitFor({ state: "detached" });
  assert.equal((await gateway.admin("GET", "models/second/backends")).data[0].weight, 3);

  await page.getByRole("button", { name: "Edit: Second", exact: true }).click();
  await sheet.getByRole("button", { name: "Delete" }).click();
  await page.getByLabel("Type the model's id").fill("second");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "Second", exact: true }).waitFor({ state: "detached" });
  assert.equal((await gateway.admin("GET", "backends")).data.length, 1);
  check();
});

test("the kind of a server fills in its address and protocol, and settings of its own lie over those of the preset", async () => {
  await gateway.admin("POST", "models", { id: "third", name: "Third" });
  const { page, check } = await open("admin/models");
  await page.getByRole("button", { name: "Add a backend: Third" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Kind of server").selectOption("Anthropic");
  assert.equal(await sheet.getByLabel("Address").inputValue(), "https://api.anthropic.com");
  await sheet.getByText("Protocol, region, limits").click();
  assert.equal(await sheet.getByLabel("Protocol", { exact: true }).inputValue(), "anthropic");
  await sheet.getByLabel("Kind of server").selectOption("vLLM");
  await sheet.getByLabel("Name of the model there").fill("served-model");
  await sheet.getByText("How it speaks").click();
  for (const name of ["vision", "max_tools", "extra_body"]) {
    await sheet.getByLabel("Add a setting").selectOption(name);
    await sheet.getByRole("button", { name: "Add", exact: true }).click();
  }
  await sheet.getByLabel("max_tools", { exact: true }).fill("8");
  await sheet.getByLabel("extra_body", { exact: true }).fill("nonsense");
  await sheet.getByRole("button", { name: "Add backend" }).click();
  await sheet.locator(".error").waitFor();
  await sheet.getByLabel("extra_body", { exact: true }).fill('{"seed": 1}');
  await sheet.getByRole("button", { name: "Remove vision" }).click();
  await sheet.getByRole("button", { name: "Add backend" }).click();
  await sheet.waitFor({ state: "detached" });
  const [backend] = (await gateway.admin("GET", "models/third/backends")).data;
  assert.deepEqual([backend.preset, backend.protocol, backend.settings], ["vllm", "openai", { extra_body: { seed: 1 }, max_tools: 8 }]);
  check();
});

test("a cloud's way to show who the gateway is comes with its kind, and is changed as it is documented", async () => {
  await gateway.admin("POST", "models", { id: "fourth", name: "Fourth" });
  const { page, check } = await open("admin/models");
  await page.getByRole("button", { name: "Add a backend: Fourth" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Kind of server").selectOption("Claude in Vertex AI");
  await sheet.getByText("Protocol, region, limits").click();
  assert.equal(await sheet.getByLabel("Protocol", { exact: true }).inputValue(), "anthropic_vertex");
  const auth = sheet.getByLabel("How it is shown who the gateway is");
  assert.deepEqual(JSON.parse(await auth.inputValue()), { type: "gcp", credential: "service_account_key" });
  await sheet.getByLabel("Name of the model there").fill("claude");
  await sheet.getByLabel("Address").fill("http://127.0.0.1:9/v1/projects/p/locations/global");
  await auth.fill('{"type":"api_key"}');
  await sheet.getByRole("button", { name: "Add backend" }).click();
  await sheet.locator(".error").first().waitFor();
  await auth.fill('{"type":"none"}');
  await sheet.getByRole("button", { name: "Add backend" }).click();
  await sheet.waitFor({ state: "detached" });
  const [backend] = (await gateway.admin("GET", "models/fourth/backends")).data;
  assert.deepEqual([backend.protocol, backend.auth], ["anthropic_vertex", { type: "none" }]);
  check();
});

test("what two people change at once is joined, and what both have changed is asked about", async () => {
  const { page, check } = await open("admin/models");
  await page.getByRole("button", { name: "Edit: DEMO", exact: true }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Name", { exact: true }).fill("Mine");
  const other = await gateway.admin("PUT", "models/demo", { description: "theirs", name: "Theirs" });
  assert.equal(other.status, 200);
  await sheet.getByRole("button", { name: "Save" }).click();
  await sheet.getByText('"Theirs"').waitFor();
  assert.equal((await gateway.admin("GET", "models/demo")).data.name, "Theirs", "nothing is overwritten unseen");
  await sheet.getByRole("button", { name: "Save mine" }).click();
  await sheet.waitFor({ state: "detached" });
  const { data } = await gateway.admin("GET", "models/demo");
  assert.deepEqual([data.name, data.description], ["Mine", "theirs"]);
  await gateway.admin("PUT", "models/demo", { name: "DEMO" });
  check();
});

test("hours of a policy are painted by keyboard, and what changes is shown before it is saved", async () => {
  await gateway.admin("POST", "policies", { name: "night", available_time_ranges: [{ start: "08:00", end: "18:00", days: ["mon", "tue"] }, { start: "22:00", end: "06:00", days: ["sun"] }], timezone: "UTC" });
  const { page, check } = await open("admin/policies/night");
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("gridcell", { name: /^Mon 00:00/ }).focus();
  for (const key of ["ArrowDown", "ArrowRight", "ArrowRight", "Space"]) await page.keyboard.press(key);
  await page.keyboard.press("Shift+ArrowDown");
  await sheet.getByLabel("Requests a day").fill("100");
  await sheet.getByText("request_quota_daily").waitFor();
  await sheet.getByText(/08:00–18:00 Mon Tue, 22:00–06:00 Sun → /).waitFor();
  await sheet.getByRole("button", { name: "Save" }).click();
  await sheet.waitFor({ state: "detached" });
  const { data } = await gateway.admin("GET", "policies/night");
  assert.deepEqual(data.available_time_ranges.map(({ start, end, days }) => [start, end, days]), [
    ["08:00", "18:00", ["mon", "tue"]], ["01:00", "01:30", ["tue", "wed"]], ["22:00", "06:00", ["sun"]]]);
  assert.equal(data.request_quota_daily, 100);
  check();
});

test("a manager approves the people of the department, and takes it back", async () => {
  const account = { email: "mia@example.com", password: "correct horse battery" };
  await gateway.admin("POST", "users", { ...account, name: "Mia", role: "manager", department: "Sea" });
  await gateway.admin("POST", "users", { email: "new@example.com", name: "Newcomer", department: "Sea", status: "pending" });
  const { page, check } = await open("admin/people", account);
  await page.getByText("Waiting for approval").waitFor();
  await page.getByRole("button", { name: "Approve", exact: true }).click();
  const status = async () => (await gateway.admin("GET", "users?q=new@example.com")).data[0].status;
  await page.getByRole("button", { name: "Undo" }).waitFor();
  assert.equal(await status(), "active");
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("row", { name: /Newcomer/ }).getByText("Disabled").waitFor();
  assert.equal(await status(), "disabled");
  assert.equal(await page.getByRole("link", { name: "Settings" }).count(), 0);
  check();
});

test("an import shows what is wrong before it is sent, and reports by line", async () => {
  const { page, check } = await open("admin/people/import");
  await page.getByLabel("CSV", { exact: true }).fill('email,name,department\nada@example.com,"Lovelace, Ada",Sea\nnobody,No,Sea\n');
  await page.getByText("1 cell is wrong").waitFor();
  await page.getByRole("cell", { name: "Lovelace, Ada" }).waitFor();
  await page.getByRole("button", { name: "Import 2 people" }).click();
  await page.getByText("1 made, 1 refused").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save the refused lines" }).click()]);
  assert.equal(download.suggestedFilename(), "refused.csv");
  assert.equal((await gateway.admin("GET", "users?q=ada@example.com")).data[0].name, "Lovelace, Ada");
  check();
});

test("a person is made, changed, and deleted by the e-mail address", async () => {
  const { page, check } = await open("admin/people");
  await page.getByRole("button", { name: "Add a person" }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("E-mail").fill("kay@example.com");
  await sheet.getByLabel("Name").fill("Kay");
  await sheet.getByRole("button", { name: "Add a person" }).click();
  await page.getByRole("button", { name: /Kay/ }).click();
  await sheet.getByLabel("Department").fill("Land");
  await sheet.getByRole("button", { name: "Save" }).click();
  await page.getByRole("cell", { name: "Land" }).waitFor();
  await page.getByRole("button", { name: /Kay/ }).click();
  await sheet.getByRole("button", { name: "Delete" }).click();
  await page.getByLabel("Type the e-mail address").fill("kay@example.com");
  await page.getByRole("dialog").last().getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: /Kay/ }).waitFor({ state: "detached" });
  check();
});

test("settings save by block, and an origin is checked as it is typed", async () => {
  const { page, check } = await open("admin/settings");
  await page.getByLabel("Origins that may call the API").fill("https://chat.example.com/path");
  await page.getByText("an origin is https://chat.example.com").waitFor();
  await page.getByLabel("Origins that may call the API").fill("https://chat.example.com");
  await page.getByRole("button", { name: "Save" }).nth(2).click();
  await page.getByText("Saved").waitFor();
  assert.deepEqual((await gateway.admin("GET", "settings")).data.cors_origins, ["https://chat.example.com"]);
  await page.getByLabel("Responses name their backend").check();
  page.once("dialog", (dialog) => void dialog.dismiss());
  await page.getByRole("link", { name: "Keys" }).click();
  await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
  check();
});

test("single sign-on is saved switched off, tested step by step, and switched on after a warning", async () => {
  const { page, check } = await open("admin/sso");
  await page.getByRole("button", { name: "Other" }).click();
  await page.getByLabel("Issuer").fill("https://127.0.0.1:9/issuer");
  await page.getByLabel("Client id").fill("tidegate");
  await page.getByLabel("Client secret").fill("a secret of this test");
  await page.getByRole("button", { name: "Save, switched off" }).click();
  await page.getByText("Saved").waitFor();
  const { data } = await gateway.admin("GET", "sso/status");
  assert.deepEqual([data.enabled, data.has_client_secret], [false, true]);
  await page.getByRole("button", { name: "Test", exact: true }).click();
  await page.getByText("Not all steps passed").waitFor();
  await page.getByRole("button", { name: "Switch on" }).click();
  await page.getByText("The test has not passed").waitFor();
  check();
});

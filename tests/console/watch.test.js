// Seeing what happens: overview, usage, requests, operations, audit; and pages whose calls fail.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openSignedIn } from "./browser.js";
import { addModel, startGateway, startServer } from "./gateway.js";

let gateway, server, browser, requestId;
before(async () => {
  [gateway, server, browser] = await Promise.all([startGateway(), startServer(), launch()]);
  await addModel(gateway, "demo", server);
  const { data } = await gateway.call("POST", "/api/v1/user/keys", { name: "laptop" }, gateway.token);
  const ask = (model) => fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", headers: { authorization: `Bearer ${data.key}`, "content-type": "application/json" }, body: JSON.stringify({ model, messages: [{ role: "user", content: "hi" }] }) });
  const answer = await ask("demo");
  requestId = answer.headers.get("x-request-id");
  await answer.text();
  server.replies.push(500);
  await (await ask("demo")).text();
  // Usage is written behind the answers.
  for (let records = []; records.length < 2; ) records = (await gateway.call("GET", "/api/v1/user/logs", undefined, gateway.token)).data;
});
after(async () => {
  await browser?.close();
  gateway?.stop();
  server?.stop();
});

const open = (path) => openSignedIn(browser, gateway, { path });

test("the overview has limits, use and the last requests", async () => {
  const { page, check } = await open("");
  await page.getByText("Your policy limits nothing.").waitFor();
  await page.getByRole("region", { name: "Last requests" }).getByText("demo").first().waitFor();
  check();
});

test("usage is walked by keyboard, grouped, and saved as CSV", async () => {
  const { page, check } = await open("usage?days=7");
  const plot = page.getByRole("application", { name: "By day" });
  await plot.focus();
  for (let day = 0; day < 6; day++) await page.keyboard.press("ArrowRight");
  await page.getByRole("status").filter({ hasText: "2" }).first().waitFor();
  await page.getByLabel("Group").selectOption("key");
  await page.getByRole("cell", { name: "laptop" }).waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  assert.match(download.suggestedFilename(), /^usage-.*\.csv$/);
  check();
});

test("a request opens all of its fields, also by its id in the address", async () => {
  const { page, check } = await open(`requests/${requestId}`);
  const sheet = page.getByRole("dialog");
  await sheet.getByText(requestId).waitFor();
  await sheet.getByText(/demo answered as a whole/).waitFor();
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "detached" });
  await page.getByRole("region", { name: "Requests" }).getByText("12 → 7").waitFor();
  check();
});

test("operations tells failures, and the audit trail who has changed what", async () => {
  const { page, check } = await open("admin");
  await page.getByRole("region", { name: "Latest failures" }).getByText("50").first().waitFor();
  await page.getByRole("link", { name: "Audit trail" }).first().click();
  await page.getByRole("row", { name: /made model demo/ }).waitFor();
  check();
});

test("jumping finds pages and models by keyboard", async () => {
  const { page, check } = await open("keys");
  await page.getByRole("heading", { name: "Keys", level: 1 }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("demo");
  await page.getByRole("option", { name: /demo/i }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Models", level: 1 }).waitFor();
  await page.getByRole("heading", { name: "DEMO" }).waitFor();
  check();
});

for (const path of ["", "keys", "usage", "requests", "account", "connect", "admin", "admin/models", "admin/policies", "admin/people", "admin/audit", "admin/settings", "admin/sso"]) {
  test(`a failing call is told on #/${path} with its request, and can be tried again`, async () => {
    const { page, check } = await open("admin/people/import");
    let failing = true;
    await page.route("**/api/v1/**", (route) => (failing ? route.fulfill({ status: 500, contentType: "application/json", body: JSON.stringify({ error: { code: "internal_error", message: "something went wrong", field: null, request_id: "req_of_this_test" } }) }) : route.continue()));
    await page.goto(`${gateway.url}/console/#/${path}`);
    await page.getByText("req_of_this_test").first().waitFor();
    failing = false;
    await page.getByRole("button", { name: "Try again" }).first().click();
    await page.getByRole("main").getByRole("alert").first().waitFor({ state: "detached" });
    check();
  });
}

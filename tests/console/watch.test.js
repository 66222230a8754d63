// Seeing what happens: overview, usage, requests, operations, audit.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openSignedIn } from "./browser.js";
import { addModel, complete, startGateway, startServer } from "./gateway.js";

let gateway, server, browser, requestId, failedId;
before(async () => {
  [gateway, server, browser] = await Promise.all([startGateway(), startServer(), launch()]);
  await addModel(gateway, "demo", server);
  const { data } = await gateway.call("POST", "/api/v1/user/keys", { name: "laptop" }, gateway.token);
  const ask = (model) => complete(gateway, data.key, model);
  const answer = await ask("demo");
  requestId = answer.headers.get("x-request-id");
  await answer.text();
  server.replies.push(500);
  const failed = await ask("demo");
  failedId = failed.headers.get("x-request-id");
  await failed.text();
  await (await ask("nothing")).text();
  // Usage is written behind the answers.
  const read = async (path) => (await gateway.call("GET", `/api/v1/user/${path}`, undefined, gateway.token)).data;
  while ((await read("logs")).length < 2 || !(await read("usage")).some((each) => each.refused.model_not_found)) continue;
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
  await page.getByLabel("Group", { exact: true }).selectOption("key");
  const table = page.getByRole("region", { name: "As a table" });
  await table.getByRole("cell", { name: "laptop" }).waitFor();
  await page.getByLabel("Second group").selectOption("model");
  await table.getByRole("row", { name: /laptop demo/ }).waitFor();
  await page.getByText("No such model").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  assert.match(download.suggestedFilename(), /^usage-.*\.csv$/);
  check();
});

test("a day is told by the hour, and days are those of the zone that is shown", async () => {
  const { page, check } = await openSignedIn(browser, gateway, { path: "admin/traffic?days=1", browser: { timezoneId: "Asia/Shanghai" } });
  await page.getByText("Days of Asia/Shanghai").waitFor();
  await page.getByRole("application", { name: "By hour" }).focus();
  await page.keyboard.press("ArrowLeft");
  const hours = await page.locator(".chart text").allTextContents();
  const now = new Intl.DateTimeFormat("en", { timeZone: "Asia/Shanghai", hour: "2-digit", hourCycle: "h23" }).format(Date.now() - 23 * 3_600_000);
  assert.ok(hours.includes(`${now}:00`), `${now} in ${hours}`);
  const [asked] = await Promise.all([page.waitForRequest(/usage\?/), page.getByRole("button", { name: "7 days" }).click()]);
  assert.equal(new URL(asked.url()).searchParams.get("timezone"), "Asia/Shanghai");
  await page.getByRole("button", { name: "demo", exact: true }).click();
  await page.getByRole("button", { name: "Without this filter: Model" }).waitFor();
  await page.getByRole("region", { name: "As a table" }).getByText("Administrator").waitFor();
  check();
});

test("a zone whose days begin within an hour gets the days of UTC, and the page says so", async () => {
  const { page, check } = await openSignedIn(browser, gateway, { path: "usage", browser: { timezoneId: "Asia/Kolkata" } });
  await page.getByText("Days of UTC").waitFor();
  await page.getByRole("application", { name: "By day" }).waitFor();
  check();
});

test("a failed request tells its error and the backends that were tried, and is found by filters", async () => {
  const { page, check } = await open("admin/requests?outcome=failed&status=5xx");
  await page.getByRole("region", { name: "All requests" }).getByRole("button").first().click();
  const sheet = page.getByRole("dialog");
  await sheet.getByText(failedId).waitFor();
  await sheet.getByText("The error was upstream_error.").waitFor();
  await sheet.getByRole("region", { name: "Backends that were tried" }).getByRole("row", { name: /demo-1 an error/ }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByLabel("Any duration").selectOption({ index: 4 });
  await page.getByText("There is no request in this time.").waitFor();
  assert.match(page.url(), /outcome=failed/);
  await page.goto(`${gateway.url}/console/#/admin/requests/req_of_nobody`);
  await page.getByText("There is no record of req_of_nobody.").waitFor();
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

test("operations tells what needs somebody, and the figures of the time", async () => {
  await gateway.admin("POST", "users", { email: "new@example.com", name: "Newcomer", status: "pending" });
  const { page, check } = await open("admin?days=1");
  await page.getByText("1 person waits for approval.").waitFor();
  await page.getByText("active, of 2").waitFor();
  await page.getByRole("application", { name: "Requests by hour" }).waitFor();
  await page.getByText("No such model").waitFor();
  check();
});

test("operations tells failures, and the audit trail who has changed what", async () => {
  const { page, check } = await open("admin");
  await page.getByRole("region", { name: "Latest failures" }).getByText("50").first().waitFor();
  await page.getByRole("link", { name: "Audit trail" }).first().click();
  await page.getByText("made model demo").click();
  await page.getByText(/– → DEMO/).waitFor();
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

// Pages whose calls fail: each says so, with the request to hand on, keeps what it had, and can be tried again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openSignedIn } from "./browser.js";
import { addModel, startGateway, startServer } from "./gateway.js";

let gateway, server, browser, person;
before(async () => {
  [gateway, server, browser] = await Promise.all([startGateway(), startServer(), launch()]);
  await addModel(gateway, "demo", server);
  person = (await gateway.admin("POST", "users", { email: "ann@example.com", name: "Ann" })).data.id;
});
after(async () => {
  await browser?.close();
  gateway?.stop();
  server?.stop();
});

const open = (path) => openSignedIn(browser, gateway, { path });
const refusal = (status, code) => ({ status, contentType: "application/json", body: JSON.stringify({ error: { code, message: "something went wrong", field: null, request_id: "req_of_this_test" } }) });

for (const path of ["", "keys", "usage", "requests", "account", "connect", "admin", "admin/models", "admin/policies", "admin/people", "admin/traffic", "admin/requests", "admin/audit", "admin/settings", "admin/sso"]) {
  test(`a failing call is told on #/${path} with its request, and can be tried again`, async () => {
    const { page, check } = await open("admin/people/import");
    let failing = true;
    await page.route("**/api/v1/**", (route) => (failing ? route.fulfill(refusal(500, "internal_error")) : route.continue()));
    await page.goto(`${gateway.url}/console/#/${path}`);
    await page.getByText("req_of_this_test").first().waitFor();
    failing = false;
    await page.getByRole("button", { name: "Try again" }).first().click();
    await page.getByRole("main").getByRole("alert").first().waitFor({ state: "detached" });
    check();
  });
}

test("a person's limits and keys fail each for itself, and the account is there", async () => {
  const { page, check } = await open("admin/people");
  await page.getByRole("row", { name: /Ann/ }).waitFor();
  await page.route(/users\/[^/]+\/(quota|keys)(\?|$)/, (route) => route.fulfill(refusal(500, "internal_error")));
  await page.goto(`${gateway.url}/console/#/admin/people/${person}`);
  const sheet = page.getByRole("dialog");
  await sheet.getByLabel("Department").waitFor();
  for (const [part, after] of [["Limits", "The policy limits nothing."], ["Keys", "No keys."]]) {
    await sheet.getByRole("button", { name: part, exact: true }).click();
    await sheet.getByText("req_of_this_test").waitFor();
    await page.unrouteAll();
    await sheet.getByRole("button", { name: "Try again" }).click();
    await sheet.getByText(after).waitFor();
    await page.route(/users\/[^/]+\/(quota|keys)(\?|$)/, (route) => route.fulfill(refusal(500, "internal_error")));
  }
  check();
});

test("what was there stays, with its age, while the gateway cannot serve", async () => {
  const { page, check } = await open("admin/models");
  await page.getByRole("heading", { name: "DEMO" }).waitFor();
  await page.route("**/api/v1/admin/**", (route) => route.fulfill(refusal(503, "dependency_unavailable")));
  // The page reads its backends again by itself.
  await page.getByText(/^This is as it was .*Something that the gateway needs is down/).waitFor();
  await page.getByText("The gateway cannot be reached at the moment.").waitFor();
  await page.getByRole("heading", { name: "DEMO" }).waitFor();
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText(/^This is as it was/).waitFor({ state: "detached" });
  assert.equal(await page.getByText("The gateway cannot be reached at the moment.").count(), 0);
  check();
});

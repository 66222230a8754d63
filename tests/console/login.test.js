// Signing in and out, what is refused, sessions that end in the middle, and tabs that share one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage, openSignedIn, signIn } from "./browser.js";
import { ADMIN, startGateway } from "./gateway.js";

let gateway, browser;
before(async () => {
  [gateway, browser] = await Promise.all([startGateway(), launch()]);
});
after(async () => {
  await browser?.close();
  gateway?.stop();
});

test("a wrong password is told, and the right one leads to the page that was asked for", async () => {
  const { page, check } = await openPage(browser, gateway, { path: "account" });
  await page.getByLabel("E-mail").fill(ADMIN.email);
  await page.getByLabel("Password").fill("wrong-password-1");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  assert.match(await page.getByRole("alert").innerText(), /E-mail or password is wrong/);
  await signIn(page);
  await page.getByRole("heading", { name: "Account", level: 1 }).waitFor();
  assert.equal(await page.title(), "Account · tidegate");
  const kept = await page.evaluate(() => [Object.keys(localStorage), document.cookie]);
  assert.deepEqual(kept, [[], ""]);
  check();
});

test("who registers is told that approval is needed, and gets in after it", async () => {
  const { page, check } = await openPage(browser, gateway, { path: "register" });
  await page.getByLabel("Name").fill("Ada");
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("Password").fill("an analytical engine");
  await page.getByRole("button", { name: "Register" }).click();
  await page.getByText("An administrator has to approve").waitFor();
  await page.getByRole("link", { name: /sign in/ }).click();
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("Password").fill("an analytical engine");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  assert.match(await page.getByRole("alert").innerText(), /waits for an administrator/);
  const { data } = await gateway.admin("GET", "users?q=ada");
  await gateway.admin("PUT", `users/${data[0].id}`, { status: "active" });
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("navigation").waitFor();
  check();
});

test("a session that ends in the middle is asked for again over the page, which keeps what was typed", async () => {
  const account = { email: "eve@example.com", password: "correct horse battery" };
  await gateway.admin("POST", "users", { ...account, name: "Eve" });
  const { page, check } = await openSignedIn(browser, gateway, { account, path: "account" });
  await page.getByLabel("Name").fill("Eve of the tests");
  await gateway.call("POST", "/api/v1/auth/logout", undefined, await gateway.signIn(account));
  await page.getByRole("button", { name: "Save" }).click();
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await dialog.getByLabel("Password").fill(account.password);
  await dialog.getByRole("button", { name: "Sign in", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.getByLabel("Name").inputValue(), "Eve of the tests");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved").waitFor();
  check();
});

test("a second tab is signed in by the first, and both are out together", async () => {
  const first = await openPage(browser, gateway);
  await signIn(first.page);
  const second = await openPage(browser, gateway, { context: first.context, path: "account" });
  await second.page.getByRole("heading", { name: "Account", level: 1 }).waitFor();
  await second.page.getByRole("button", { name: "Sign out", exact: true }).click();
  await first.page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  first.check();
  second.check();
});

test("signing out everywhere ends the sessions of other browsers", async () => {
  const account = { email: "grace@example.com", password: "correct horse battery" };
  await gateway.admin("POST", "users", { ...account, name: "Grace" });
  const here = await openSignedIn(browser, gateway, { account, path: "account" });
  const there = await gateway.signIn(account);
  await here.page.getByRole("button", { name: "Sign out everywhere" }).click();
  await here.page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
  await here.page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  assert.equal((await gateway.call("GET", "/api/v1/user/profile", undefined, there)).status, 401);
  here.check();
});

test("a code that this tab has not asked for is not redeemed, and leaves the address", async () => {
  const { page, check } = await openPage(browser, gateway);
  let redeemed = false;
  page.on("request", (request) => (redeemed ||= request.url().includes("sso/token")));
  await page.goto("about:blank");
  await page.goto(`${gateway.url}/console/#code=stolen`);
  assert.match(await page.getByRole("alert").innerText(), /begun in another tab/);
  assert.equal(new URL(page.url()).hash, "#/");
  assert.equal(redeemed, false);
  check();
});

test("what would run injected text is refused by the browser", async () => {
  const { page } = await openPage(browser, gateway);
  const refused = await page.evaluate(() => {
    try {
      document.createElement("div").innerHTML = "<img src=x onerror=alert(1)>";
      return "allowed";
    } catch (error) {
      return error.name;
    }
  });
  assert.equal(refused, "TypeError");
});

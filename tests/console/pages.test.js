// Every page in both languages, both themes, wide and narrow: no finding of axe, nothing that scrolls sideways, no error, no
// word that is left in English.
import assert from "node:assert/strict";
import axe from "axe-core";
import { after, before, test } from "node:test";
import { fitsItsWidth, launch, openPage, openSignedIn } from "./browser.js";
import { addModel, complete, startGateway, startServer } from "./gateway.js";

const PAGES = ["", "play", "keys", "connect", "usage", "usage?days=1", "requests", "account", "admin", "admin/models", "admin/policies", "admin/policies/small", "admin/people", "admin/people/import", "admin/traffic?group=user&second=model", "admin/requests", "admin/audit", "admin/sso", "admin/settings", "admin/setup"];
/** Sheets of records that the test makes. */
const sheets = [];
const LOOKS = [
  { locale: "en-US", colorScheme: "light", viewport: { width: 1440, height: 900 } },
  { locale: "zh-CN", colorScheme: "dark", viewport: { width: 1440, height: 900 } },
  { locale: "zh-CN", colorScheme: "light", viewport: { width: 390, height: 844 } },
  { locale: "en-US", colorScheme: "dark", viewport: { width: 320, height: 640 } },
];

let gateway, server, browser;
before(async () => {
  [gateway, server, browser] = await Promise.all([startGateway(), startServer(), launch()]);
  await addModel(gateway, "demo", server);
  await gateway.admin("POST", "policies", { name: "small", mode: "shadow", request_quota_daily: 1, cost_quota_monthly: 5 });
  const ann = (await gateway.admin("POST", "users", { email: "ann@example.com", name: "Ann", department: "Sea", quota_policy: "small" })).data;
  await gateway.admin("POST", "users", { email: "new@example.com", name: "Newcomer", status: "pending" });
  await gateway.admin("POST", "top-ups", { account: ann.id, limit: "cost_quota_monthly", add: 2, until: new Date(Date.now() + 86_400_000).toISOString(), reason: "a demonstration" });
  const { data } = await gateway.admin("POST", `users/${ann.id}/keys`, { name: "laptop" });
  const own = (await gateway.call("POST", "/api/v1/user/keys", { name: "laptop" }, gateway.token)).data;
  for (const [secret, model] of [[data.key, "demo"], [data.key, "nothing"], [own.key, "demo"], [data.key, "demo"]]) await (await complete(gateway, secret, model)).text();
  server.replies.push(500);
  await (await complete(gateway, data.key, "demo")).text();
  // Usage is written behind the answers.
  let records = [];
  while (records.length < 4) records = (await gateway.admin("GET", "logs")).data;
  sheets.push(`admin/people/${ann.id}`, `admin/requests/${records[0].request_id}`);
});
after(async () => {
  await browser?.close();
  gateway?.stop();
  server?.stop();
});

const look = (options) => `${options.locale} ${options.colorScheme} ${options.viewport.width}`;

async function findings(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
}

/** Texts that stand in a page in Chinese but have no Chinese: names, codes and units may. */
const ENGLISH = /\b(the|and|with|your|this|name|save|password|models?|delete|change)\b/i;

async function examine(page, name, options) {
  await page.getByRole("heading", { level: 1 }).first().waitFor({ state: "attached" });
  await page.waitForLoadState("networkidle");
  assert.deepEqual(await findings(page), [], `${name} ${look(options)}`);
  assert.ok(await fitsItsWidth(page), `${name} scrolls sideways: ${look(options)}`);
  if (options.locale !== "zh-CN") return;
  const texts = await page.evaluate(() => [...document.querySelectorAll("h1, h2, label, button, th, p, legend, .hint")].filter((each) => !each.querySelector("code, .mono")).map((each) => each.textContent));
  assert.deepEqual(texts.filter((text) => ENGLISH.test(text) && !/[\u4e00-\u9fff]/.test(text) && text !== "Switch to English"), [], `${name} in Chinese`);
}

// At once: most of the time is spent waiting for a page to be at rest.
test("every page is sound", { concurrency: LOOKS.length }, async (context) => {
  await Promise.all(LOOKS.map((options) => context.test(look(options), async () => {
    const login = await openPage(browser, gateway, options);
    await examine(login.page, "login", options);
    login.check();
    const { page, problems } = await openSignedIn(browser, gateway, { browser: options });
    for (const path of [...PAGES, ...sheets]) {
      await page.goto(`${gateway.url}/console/#/${path}`);
      await examine(page, path, options);
      assert.deepEqual(problems, [], path);
    }
  })));
});

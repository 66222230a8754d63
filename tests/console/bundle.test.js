// What a first visit costs, and the contrast of the palette.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { launch, openPage, openSignedIn } from "./browser.js";
import { startGateway } from "./gateway.js";

const FIRST_VISIT_BYTES = 75 * 1024;
const FIRST_VISIT_FILES = 4;
const ADMIN_BYTES = 40 * 1024;

let gateway, browser;
before(async () => {
  [gateway, browser] = await Promise.all([startGateway(), launch()]);
});
after(async () => {
  await browser?.close();
  gateway?.stop();
});

test("a first visit is four files of 75 KB, and the next one asks for the page alone", async () => {
  const { page, context, check } = await openPage(browser, gateway);
  await page.getByLabel("E-mail").waitFor();
  const entries = () => page.evaluate(() => performance.getEntries().filter((each) => "encodedBodySize" in each && each.name.includes("/console/")).map((each) => ({ name: each.name, bytes: each.encodedBodySize, sent: each.transferSize })));
  const files = await entries();
  assert.equal(files.length, FIRST_VISIT_FILES, JSON.stringify(files));
  const bytes = files.reduce((sum, each) => sum + each.bytes, 0);
  assert.ok(bytes <= FIRST_VISIT_BYTES, `${bytes} bytes`);
  console.log(`# a first visit: ${bytes} bytes`, files.map((each) => `${each.name.split("/").at(-1) || "index.html"} ${each.bytes}`).join(", "));
  const second = await context.newPage();
  const asked = [];
  second.on("response", (response) => response.url().includes("/console/") && asked.push([response.status(), response.fromServiceWorker(), response.url()]));
  await second.goto(`${gateway.url}/console/`);
  await second.getByLabel("E-mail").waitFor();
  assert.ok(asked.length <= FIRST_VISIT_FILES, JSON.stringify(asked));
  check();
});

test("the pages of administrators are one file more, once, which other people never load", async () => {
  const { page, check } = await openSignedIn(browser, gateway, { path: "keys" });
  const scripts = () => page.evaluate(() => performance.getEntriesByType("resource").filter((each) => each.name.includes("/admin.js")).map((each) => each.encodedBodySize));
  await page.getByRole("heading", { name: "Keys", level: 1 }).waitFor();
  assert.deepEqual(await scripts(), []);
  for (const name of ["Operations", "Models", "Policies"]) {
    await page.getByRole("navigation").getByRole("link", { name }).click();
    await page.getByRole("heading", { name, level: 1 }).waitFor();
  }
  const [bytes, ...more] = await scripts();
  assert.deepEqual(more, []);
  assert.ok(bytes > 0 && bytes <= ADMIN_BYTES, `${bytes} bytes`);
  console.log(`# the pages of administrators: ${bytes} bytes`);
  check();
});

test("a script that cannot be loaded is told, and loaded again", async () => {
  const { page, check } = await openSignedIn(browser, gateway, { path: "keys" });
  await page.route(/admin\.js/, (route) => route.abort(), { times: 1 });
  await page.getByRole("navigation").getByRole("link", { name: "Models" }).click();
  await page.getByText("The gateway does not answer.").waitFor();
  await page.getByText("There is no model yet.").waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === "H1");
  check();
});

const PAIRS = [
  ["text", ["canvas", "surface", "sunken", "hover"]], ["muted", ["canvas", "surface", "sunken", "raised", "hover"]],
  ["accent", ["surface", "canvas", "accent-soft"]], ["on-accent", ["accent", "accent-strong"]], ["on-bad", ["bad-strong"]],
  ...["ok", "warn", "bad", "info"].map((each) => [each, ["surface", `${each}-soft`]]),
];
const SHAPES = [["control", ["surface", "canvas"]], ...[1, 2, 3, 4, 5, 6].map((each) => [`c${each}`, ["surface"]])];

test("every pair of colours has the contrast that WCAG asks for, in both themes", () => {
  const css = readFileSync(new URL("../../functions/console/web/app.css", import.meta.url), "utf8");
  const colours = new Map([...css.matchAll(/--([a-z0-9-]+):\s*light-dark\(\s*(#[0-9a-f]{6})\s*,\s*(#[0-9a-f]{6})\s*\)/gi)].map(([, name, light, dark]) => [name, [light, dark]]));
  const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const luminance = (hex) => [1, 3, 5].map((at) => linear(parseInt(hex.slice(at, at + 2), 16) / 255)).reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
  const low = [];
  for (const [pairs, needed] of [[PAIRS, 4.5], [SHAPES, 3]]) {
    for (const [ink, grounds] of pairs) for (const ground of grounds) for (const theme of [0, 1]) {
      const [dark, light] = [luminance(colours.get(ink)[theme]), luminance(colours.get(ground)[theme])].sort((one, other) => one - other);
      const ratio = (light + 0.05) / (dark + 0.05);
      if (ratio < needed) low.push(`${ink} on ${ground}: ${ratio.toFixed(2)}`);
    }
  }
  assert.deepEqual(low, []);
});

// A browser, and what every page of the console must hold: no error, no foreign request, no violation of the policy.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { ADMIN } from "./gateway.js";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

/** What the browser logs of an answer that a test provokes. */
const EXPECTED = /Failed to load resource/;

/** A page in a context of its own; `check()` at the end says what went wrong in it. */
export async function openPage(browser, gateway, { path = "", locale = "en-US", colorScheme = "light", viewport = { width: 1440, height: 900 }, timezoneId = "UTC", context: given } = {}) {
  const context = given ?? (await browser.newContext({ locale, colorScheme, viewport, timezoneId, reducedMotion: "reduce" }));
  const page = await context.newPage();
  const problems = [];
  page.setDefaultTimeout(15_000);
  page.on("console", (message) => message.type() === "error" && !EXPECTED.test(message.text()) && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => !request.url().startsWith(gateway.url) && !/^(data|blob):/.test(request.url()) && problems.push(`foreign: ${request.url()}`));
  await page.goto(`${gateway.url}/console/#/${path}`);
  return { page, context, problems, check: () => assert.deepEqual(problems, []) };
}

export async function signIn(page, { email, password } = ADMIN) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("navigation").waitFor();
}

/** A page whose session has begun already, as the administrator's or `account`'s. */
export async function openSignedIn(browser, gateway, options = {}) {
  const answer = await gateway.call("POST", "/api/v1/auth/login", options.account ?? ADMIN);
  const context = await browser.newContext({ locale: "en-US", colorScheme: "light", viewport: { width: 1440, height: 900 }, timezoneId: "UTC", reducedMotion: "reduce", ...options.browser });
  await context.addInitScript((session) => sessionStorage.getItem("session") ?? sessionStorage.setItem("session", JSON.stringify({ ...session, since: Date.now() })), answer.data);
  return openPage(browser, gateway, { path: options.path, context });
}

/** True if nothing but what may scroll sideways does. */
export const fitsItsWidth = (page) => page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

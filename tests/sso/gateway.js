// The local gateway, as a person at a terminal runs it, with its administrator signed in.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const binary = process.env.GATEWAY ?? new URL('../../target/debug/tidegate', import.meta.url).pathname;
const password = 'correct horse battery staple';

export async function startGateway() {
  const environment = { PATH: process.env.PATH, ADMIN_PASSWORD: password };
  const process_ = spawn(binary, ['--memory', '--listen', '127.0.0.1:0'], { env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(process_.stdout), 'line');
  const url = line.replace('tidegate listens on ', '');
  const call = async (method, path, body, token) => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
    const answer = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
    return { status: answer.status, ...(await answer.json()) };
  };
  const { data } = await call('POST', '/api/v1/auth/login', { email: 'admin@localhost', password });
  const admin = (method, path, body) => call(method, path, body, data.token);
  return { url, call, admin, stop: () => process_.kill() };
}

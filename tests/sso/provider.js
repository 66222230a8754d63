// A certified OpenID Connect provider on loopback, with one client and people who exist as soon as they log in.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

// Knows `client`; whoever logs in as NAME is NAME@example.com.
export async function startProvider(client) {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ grant_types: ['authorization_code'], response_types: ['code'], ...client }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: () => true },
    cookies: { keys: ['a key of this test'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: true, name: `A person called ${id}` }),
    }),
  });
  server.on('request', provider.callback());
  return { issuer, stop: () => server.close() };
}

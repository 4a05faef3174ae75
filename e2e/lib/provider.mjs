// A real OpenID provider (oidc-provider, which is certified), with its own pages for signing in and out. Its people are in
// a map; who is not there signs in as well, and has nothing.

import { once } from 'node:events';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

export const SECRET = 'geheim: 100 % & mehr';

// Everybody who signs in has agreed to everything: it is the agency's own.
async function granted({ oidc }) {
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope('openid profile email groups');
  await grant.save();
  return grant;
}

// people: by the name that they sign in with, what the ID token says of them. `application` is where the client lives.
export async function openProvider({ port, application, people }) {
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'visavis', client_secret: SECRET, redirect_uris: [`${application}/callback`], response_types: ['code'], grant_types: ['authorization_code'],
      backchannel_logout_uri: `${application}/backchannel`, backchannel_logout_session_required: true,
    }],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
    conformIdTokenClaims: false, // no second request for what they are
    cookies: { keys: ['of no importance'] },
    features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    // It would refuse to speak to this very machine.
    fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
    findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, ...people[id] }) }),
    loadExistingGrant: granted,
    pkce: { required: () => true },
  });
  for (const trouble of ['server_error', 'backchannel.error', 'authorization.error', 'grant.error']) {
    provider.on(trouble, (...args) => console.log(`# provider: ${trouble}: ${[args.find((arg) => arg instanceof Error)].map((e) => `${e?.message} ${e?.cause ?? ''}`)}`));
  }
  const server = createServer(provider.callback());
  const listen = async () => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen();
  const down = async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return { issuer, people, down, up: listen, close: down };
}

// The provider's own pages would like a font from elsewhere.
export const borrowNothing = ({ context }) => context.route(/^https:\/\/fonts\./, (route) => route.fulfill({ contentType: 'text/css', body: '' }));

// On the provider's own pages.
export async function signInThere(page, name) {
  await page.wait('input[name=login]');
  await page.fill('input[name=login]', name);
  await page.fill('input[name=password]', 'x');
  await page.click('button[type=submit]');
}

export async function signOutThere(page, { issuer }) {
  await page.goto(`${issuer}/session/end`);
  await page.click('button[value=yes]');
  await page.wait('text=/sign-out success/i');
}

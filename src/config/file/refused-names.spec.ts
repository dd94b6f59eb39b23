import { describe, expect, it } from 'vitest';
import { connectionFields } from '../../fields/connection-fields.js';
import { ConfigError } from '../loading/config-error.js';
import { buildConfig } from '../loading/load-config.js';

const app = { backends: ['http://127.0.0.1:3001'] };

/** The problems of a configuration of one upstream, changed in one place. */
function problemsOf(change: object): string[] {
  try {
    buildConfig({ upstreams: { app }, ...change });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

const route = (keys: object): object => ({ routes: [{ upstream: 'app', ...keys }] });
const upstream = (keys: object): object => ({ upstreams: { app: { ...app, ...keys } } });
const auth = (method: object): object => ({ security: { auth: method } });
const token = { jwks: 'https://issuer.example/jwks.json', issuer: 'https://issuer.example', audience: 'shop' };
const key = { id: 'a', sha256: '2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683' };

/** Every place where fields of a message can be set, added or removed. */
const places: Record<string, (name: string) => object> = {
  'headers.request.set': name => route({ headers: { request: { set: { [name]: 'x' } } } }),
  'headers.request.add': name => route({ headers: { request: { add: { [name]: 'x' } } } }),
  'headers.request.remove': name => route({ headers: { request: { remove: [name] } } }),
  'headers.response.set': name => route({ headers: { response: { set: { [name]: 'x' } } } }),
  'headers.response.add': name => route({ headers: { response: { add: { [name]: 'x' } } } }),
  'headers.response.remove': name => route({ headers: { response: { remove: [name] } } }),
  'respond.headers': name => ({ routes: [{ respond: { headers: { [name]: 'x' } } }] }),
  'fallback.headers': name => upstream({ fallback: { headers: { [name]: 'x' } } }),
  'healthCheck.headers': name => upstream({ healthCheck: { headers: { [name]: 'x' } } }),
  'jwt.forwardClaims': name => auth({ jwt: { ...token, forwardClaims: { sub: name } } }),
  'auth.forwardUser': name => auth({ forwardUser: name, apiKey: { keys: [key] } }),
  'apiKey.header': name => auth({ apiKey: { header: name, keys: [key] } }),
  'forward.copyHeaders': name => auth({ forward: { url: 'http://auth:4000/verify', copyHeaders: [name] } }),
};

const owned = [
  ...connectionFields,
  ...['trailer', 'content-length', 'expect', 'sec-websocket-key', 'sec-websocket-accept'],
];

describe.each(Object.entries(places))('%s', (_, place) => {
  it('may not name a field that the gateway owns: expect would make every request a 400', () => {
    for (const name of owned) {
      // All names are tried in one of two spellings only, because one function reads the case of all of them.
      const spelling = name.length % 2 === 0 ? name : name.toUpperCase();
      expect([spelling, ...problemsOf(place(spelling))]).toEqual([
        spelling,
        expect.stringContaining('the gateway alone sets it'),
      ]);
    }
  });

  it('may name any other', () => {
    for (const name of ['x-tenant', 'content-type', 'x-expect']) expect(problemsOf(place(name))).toEqual([]);
  });
});

/** Every place where an address can be written. */
const addresses: Record<string, (host: string) => object> = {
  'a backend': host => ({ upstreams: { app: { backends: [`http://${host}:3001`] } } }),
  'a backend in long form': host => ({ upstreams: { app: { backends: [{ url: `https://${host}` }] } } }),
  'a listener': host => ({ listeners: [{ host, port: 8081 }] }),
  'the admin side': host => ({ admin: { host, token: 'x'.repeat(32) } }),
  'tls.serverName': host => upstream({ backends: ['https://127.0.0.1:3001'], tls: { serverName: host } }),
  'match.hosts': host => route({ match: { hosts: [host] } }),
  'redirect.to': host => ({ routes: [{ redirect: { to: `https://${host}/:rest` }, match: { path: '/*' } }] }),
  'jwt.jwks': host => auth({ jwt: { ...token, jwks: `https://${host}/jwks.json` } }),
  'forward.url': host => auth({ forward: { url: `http://${host}:4000/verify` } }),
  'cors.origins': host => ({ security: { cors: { origins: [`https://${host}`] } } }),
  'websocket.origins': host => ({ websocket: { origins: [`https://${host}`] } }),
  'rateLimitStore.redis': host => ({ rateLimitStore: { redis: `redis://${host}:6379` } }),
  'ipFilter.deny': host => ({ security: { ipFilter: { deny: [host] } } }),
  trustedProxies: host => ({ trustedProxies: [host] }),
};

describe.each(Object.entries(addresses))('an address in %s', (_, place) => {
  it('is refused in a spelling that means another address: 010.0.0.1 is 8.0.0.1', () => {
    for (const host of ['010.0.0.1', '0x7f.0.0.1', '0x7f000001', '2130706433', '127.1', '10.0.0.010']) {
      expect([host, problemsOf(place(host)).length]).toEqual([host, 1]);
    }
  });

  it('is accepted in four decimal numbers', () => {
    expect(problemsOf(place('192.0.2.10'))).toEqual([]);
  });
});

it('names the address that the spelling means', () => {
  expect(problemsOf(addresses['a backend']!('010.0.0.1'))).toEqual([
    'upstreams.app.backends[0].url: "010.0.0.1" is read as 8.0.0.1: write an address as four decimal numbers without leading zeros',
  ]);
});

it('no list of upgrades may name HTTP itself', () => {
  for (const name of ['h2c', 'HTTP/2.0', 'h2', 'TLS/1.2']) {
    expect(problemsOf({ websocket: { upgrades: [name] } })).toEqual([expect.stringContaining('names HTTP itself')]);
    expect(problemsOf(route({ websocket: { upgrades: ['irc', name] } }))).toHaveLength(1);
  }
  expect(problemsOf({ websocket: { upgrades: ['irc', 'foo/2'] } })).toEqual([]);
});

import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Explanation } from '../../src/explain/explanation.js';
import { startBackend, type TestBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';

const token = 'planted-admin-token';
const apiKey = 'planted-api-key';
const secrets = [
  token,
  apiKey,
  'planted-cookie',
  'planted-query',
  'planted-rule',
  'planted-password',
  'planted-condition',
];

let gateway: InProcessGateway;
let backends: readonly TestBackend[];

beforeAll(async () => {
  backends = [await startBackend(), await startBackend()];
  const [a, b] = backends.map(({ url }, index) => ({ url, id: 'ab'[index] }));
  gateway = await startInProcess({
    admin: { port: 0, token },
    trustedProxies: ['10.0.0.0/8'],
    listeners: [
      { name: 'web', port: 0 },
      { name: 'plain', port: 0, redirectToHttps: 8443 },
    ],
    upstreams: { app: { backends: [a, b] } },
    routes: [
      {
        name: 'closed',
        match: { path: '/closed/*' },
        upstream: 'app',
        rewrite: { stripPrefix: '/closed' },
        headers: { request: { set: { 'x-upstream-token': 'planted-rule' } }, response: { remove: ['server'] } },
        security: {
          auth: {
            apiKey: {
              header: 'x-key',
              keys: [{ id: 'partner', sha256: createHash('sha256').update(apiKey).digest('hex') }],
            },
          },
        },
      },
      {
        name: 'limited',
        match: { path: '/limited' },
        upstream: 'app',
        security: { rateLimit: { limit: 1, per: '1h' } },
      },
      {
        name: 'inside',
        match: { path: '/closed/*', headers: { 'x-inside-token': 'planted-condition' } },
        priority: 1,
        respond: {},
      },
      { name: 'open', match: { path: '/open' }, upstream: 'app' },
    ],
  });
});

const bearer = { 'content-type': 'application/json', authorization: `Bearer ${token}` };

async function ask(question: object | string, headers: Record<string, string> = bearer) {
  const body = typeof question === 'string' ? question : JSON.stringify(question);
  return request(gateway.adminPort, { method: 'POST', path: '/explain', headers, body });
}

async function explained(question: object): Promise<Explanation> {
  const response = await ask(question);
  expect(response.status).toBe(200);
  return response.json<Explanation>();
}

describe('POST /explain', () => {
  it('tells who decides, where it goes and what is changed', async () => {
    const told = await explained({
      url: 'http://shop.example/closed/7?a=1',
      headers: { 'X-Key': apiKey, 'X-Forwarded-For': '203.0.113.9' },
      ip: '10.0.0.5',
    });
    expect(told).toMatchObject({
      client: { address: '203.0.113.9', why: 'by X-Forwarded-For of the trusted proxy 10.0.0.5' },
      route: 'closed',
      policies: [{ name: 'auth', verdict: 'passes', says: ['api-key: partner'] }],
      verdict: { kind: 'forwarded' },
      upstream: { name: 'app', strategy: 'round-robin' },
      forwarded: { target: '/7?a=1' },
    });
    expect(told.forwarded?.changes).toEqual(expect.arrayContaining(['- x-key: ****', '+ x-upstream-token: ****']));
    expect(told.response).toContain('- server');
    expect(told.routes[0]).toMatchObject({ name: 'inside', outcome: 'passed over' });
  });

  it('reads limits as they are, and counts nothing', async () => {
    const question = { url: '/limited', ip: '127.0.0.1' };
    for (let i = 0; i < 3; i++) expect((await explained(question)).verdict.kind).toBe('forwarded');
    expect((await request(gateway.port, { path: '/limited' })).status).toBe(200);
    const { policies, verdict } = await explained(question);
    expect(verdict).toMatchObject({ kind: 'refused', status: 429, policy: 'rateLimit' });
    expect(policies[0]?.says.join()).toContain('used up');
    expect((await explained({ ...question, ip: '192.0.2.7' })).verdict.kind).toBe('forwarded');
  });

  it('shows what is set for backends by hand, and until when', async () => {
    const drain = '/upstreams/app/backends/a/drain?for=10m';
    expect((await request(gateway.adminPort, { method: 'POST', path: drain, headers: bearer })).status).toBe(200);
    const { upstream } = await explained({ url: '/open' });
    const [a, b] = upstream!.backends;
    expect(a).toMatchObject({ id: 'a', mayBePicked: false, vetoes: [{ veto: 'draining', by: 'operator' }] });
    expect(Date.parse(a!.vetoes[0]!.until!)).toBeGreaterThan(Date.now() + 500_000);
    expect(b).toMatchObject({ id: 'b', mayBePicked: true, vetoes: [], circuit: 'closed' });
    await request(gateway.adminPort, { method: 'POST', path: '/upstreams/app/backends/a/undrain', headers: bearer });
  });

  it('tells what the gateway answers itself', async () => {
    expect((await explained({ url: '/nowhere' })).verdict).toMatchObject({
      kind: 'refused',
      status: 404,
      code: 'NO_ROUTE',
    });
    expect((await explained({ url: '/closed/7' })).verdict).toMatchObject({ kind: 'refused', status: 401 });
    expect((await explained({ url: 'http://shop.example/a', listener: 'plain' })).verdict).toMatchObject({
      kind: 'answered',
      status: 308,
    });
    expect((await explained({ url: '/a\\b' })).verdict).toMatchObject({ kind: 'refused', status: 400 });
  });

  it.each<[string, number, string, object | string]>([
    ['no JSON', 400, 'not valid JSON', 'GET /'],
    ['nothing', 400, 'must be an object', ''],
    ['no object', 400, 'must be an object', '[1]'],
    ['no URL', 400, '"url"', {}],
    ['an unknown key', 400, 'did you mean "method"?', { url: '/', metod: 'GET' }],
    ['a bad address', 400, '"ip"', { url: '/', ip: '10.0.0' }],
    ['a listener that is not there', 404, 'did you mean "web"?', { url: '/', listener: 'wbe' }],
  ])('refuses %s with %i', async (_, status, detail, question) => {
    const response = await ask(question);
    expect(response.status).toBe(status);
    expect(response.json<{ detail: string }>().detail).toContain(detail);
  });

  it('asks for the token', async () => {
    expect((await ask({ url: '/' }, {})).status).toBe(401);
    expect((await ask({ url: '/' }, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await request(gateway.adminPort, { path: '/explanations?id=x' })).status).toBe(401);
  });
});

describe('a request with the admin token in X-Gateway-Explain', () => {
  async function explanationOf(link: string | undefined): Promise<Explanation> {
    const path = /^\/explanations\?id=.+$/.exec(link ?? '')![0];
    return eventually(async () => {
      const response = await request(gateway.adminPort, { path, headers: bearer });
      const explanation = response.status === 200 && response.json<Explanation>();
      return explanation !== false && explanation.outcome !== undefined && explanation;
    });
  }

  it('has a link to its explanation in the answer, with what has become of it', async () => {
    const response = await request(gateway.port, { path: '/open?x=1', headers: { 'X-Gateway-Explain': token } });
    const told = await explanationOf(response.header('x-gateway-explanation'));
    expect(told).toMatchObject({
      route: 'open',
      verdict: { kind: 'forwarded' },
      outcome: { status: 200, route: 'open' },
    });
    const foreseen = told.upstream!.backends.filter(({ mayBePicked }) => mayBePicked).map(({ id }) => id);
    expect(foreseen).toEqual([told.outcome!.backend]);
    const seen = backends.flatMap(({ requests }) => requests).filter(({ url }) => url === '/open?x=1');
    expect(seen).toHaveLength(1);
    expect(seen[0]!.rawHeaders.join().toLowerCase()).not.toContain('x-gateway-expla');
  });

  it('is explained also where it is refused, by a policy or for its head', async () => {
    const denied = await request(gateway.port, { path: '/closed/x', headers: { 'X-Gateway-Explain': token } });
    expect(denied.status).toBe(401);
    expect(await explanationOf(denied.header('x-gateway-explanation'))).toMatchObject({
      verdict: { kind: 'refused', status: 401, policy: 'auth' },
      outcome: { status: 401, error: 'DENIED' },
    });
    const broken = await request(gateway.port, { path: '/a\\b', headers: { 'X-Gateway-Explain': token } });
    expect(broken.status).toBe(400);
    expect(await explanationOf(broken.header('x-gateway-explanation'))).toMatchObject({
      verdict: { kind: 'refused', status: 400 },
      outcome: { status: 400 },
    });
  });

  it('is one like any other with a wrong token, which goes no further', async () => {
    const response = await request(gateway.port, { path: '/open?wrong', headers: { 'x-gateway-explain': 'guess' } });
    expect([response.status, response.header('x-gateway-explanation')]).toEqual([200, undefined]);
    const seen = backends.flatMap(({ requests }) => requests).find(({ url }) => url === '/open?wrong');
    expect(seen!.header('x-gateway-explain')).toBeUndefined();
  });

  it('cannot be used to guess the token: after ten wrong ones in ten seconds the right one is not looked at either', async () => {
    for (let i = 0; i < 10; i++)
      await request(gateway.port, { path: '/open', headers: { 'x-gateway-explain': `no ${i}` } });
    const response = await request(gateway.port, { path: '/open', headers: { 'x-gateway-explain': token } });
    expect(response.header('x-gateway-explanation')).toBeUndefined();
  });
});

it('an unknown id gets 404 with the nearest that is known', async () => {
  const ids = (await request(gateway.adminPort, { path: '/explanations', headers: bearer })).json<string[]>();
  expect(ids.length).toBeGreaterThan(2);
  const near = `${ids[0]!.slice(0, -1)}!`;
  const response = await request(gateway.adminPort, { path: `/explanations?id=${near}`, headers: bearer });
  expect(response.status).toBe(404);
  expect(response.json<{ detail: string }>().detail).toContain(`did you mean "${ids[0]}"?`);
});

it('no explanation holds a secret', async () => {
  const basic = Buffer.from('ops:planted-password').toString('base64');
  const told = await explained({
    url: 'http://shop.example/closed/x?token=planted-query',
    headers: {
      'x-key': apiKey,
      cookie: 'session=planted-cookie',
      authorization: `Basic ${basic}`,
      'x-gateway-explain': token,
    },
  });
  const ids = (await request(gateway.adminPort, { path: '/explanations', headers: bearer })).json<string[]>();
  const kept = await Promise.all(
    ids.map(async id => (await request(gateway.adminPort, { path: `/explanations?id=${id}`, headers: bearer })).text),
  );
  const all = [JSON.stringify(told), ...kept, gateway.logText].join('\n');
  for (const secret of [...secrets, basic]) expect(all).not.toContain(secret);
});

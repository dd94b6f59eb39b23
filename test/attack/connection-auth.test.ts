import { beforeAll, describe, expect, it } from 'vitest';
import { answer, startBackend } from '../support/backend.js';
import { keepAliveAgent, request, type RequestOptions } from '../support/client.js';
import { connectHttp2 } from '../support/http2-client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { startNtlmBackend, type NtlmBackend } from '../support/ntlm-backend.js';
import { eventually } from '../support/poll.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { gatewayTo } from '../support/scene.js';

type Ask = (authorization?: string, more?: RequestOptions) => Promise<string>;

/** A client with one connection of its own, which gives the answers to its requests. */
function clientOf(gateway: InProcessGateway): { ask: Ask; leave: () => void } {
  const agent = keepAliveAgent();
  return {
    ask: async (authorization, more = {}) => {
      const headers = { ...(authorization !== undefined && { Authorization: authorization }), ...more.headers };
      const response = await request(gateway.port, { ...more, agent, headers });
      return `${response.status} ${response.text}`;
    },
    leave: () => agent.destroy(),
  };
}

async function signIn(ask: Ask, name: string): Promise<void> {
  expect(await ask('NTLM 1')).toBe('401 challenge');
  expect(await ask(`NTLM ${name}`)).toBe(`200 ${name}`);
}

describe.each(['default', 'http-proxy-middleware'])('credentials that let in a connection (%s)', forwarder => {
  let backends: NtlmBackend[];
  let gateway: InProcessGateway;
  beforeAll(async () => {
    backends = [await startNtlmBackend(), await startNtlmBackend()];
    gateway = await gatewayTo(backends, { forwarder });
  });
  const letIn = (): number => backends.reduce((sum, backend) => sum + backend.letIn, 0);

  it('let in one client, and no other, with requests before or at the same time', async () => {
    const [alice, bob, carol] = [clientOf(gateway), clientOf(gateway), clientOf(gateway)];
    expect(await alice.ask()).toBe('401 who are you');
    await signIn(alice.ask, 'alice');
    await signIn(bob.ask, 'bob');
    for (let i = 0; i < 3; i++) {
      expect(await Promise.all([alice.ask(), bob.ask(), carol.ask()])).toEqual([
        '200 alice',
        '200 bob',
        '401 who are you',
      ]);
    }
    expect(await carol.ask(undefined, { path: '/open' })).toBe('200 nobody');
  });

  it('hold for every kind of request of their client, and for no other client that asks in the same way', async () => {
    const [alice, other] = [clientOf(gateway), clientOf(gateway)];
    await signIn(alice.ask, 'alice');
    const kinds: RequestOptions[] = [
      { headers: { TE: 'trailers', Connection: 'TE, keep-alive' } },
      { headers: { Accept: 'text/event-stream' } },
      { method: 'POST', body: 'a small one' },
      { method: 'PUT', body: Buffer.alloc(200_000) },
      { method: 'POST', headers: { Expect: '100-continue' }, body: Buffer.alloc(10) },
    ];
    for (const kind of kinds) {
      expect(await alice.ask(undefined, kind)).toBe('200 alice');
      expect(await other.ask(undefined, kind)).toBe('401 who are you');
    }
  });

  it.each<[string, RequestOptions]>([
    ['plain', {}],
    ['trailers', { headers: { TE: 'trailers' } }],
    ['event stream', { headers: { Accept: 'text/event-stream' } }],
    ['body', { method: 'POST', body: Buffer.alloc(100_000) }],
  ])('let in no other client when they come in one request (%s)', async (_, kind) => {
    const [alice, bob] = [clientOf(gateway), clientOf(gateway)];
    expect(await alice.ask('Negotiate alice', kind)).toBe('200 alice');
    expect(await bob.ask(undefined, kind)).toBe('401 who are you');
    expect(await bob.ask()).toBe('401 who are you');
    expect(await alice.ask()).toBe('200 alice');
  });

  it('keep no connection to a backend when their client has gone', async () => {
    const alice = clientOf(gateway);
    await eventually(() => expect(letIn()).toBe(0));
    await signIn(alice.ask, 'alice');
    expect(letIn()).toBe(1);
    alice.leave();
    await eventually(() => expect(letIn()).toBe(0));
  });

  it('are not asked for on a connection that others use afterwards', async () => {
    const before = backends.reduce((sum, { connections }) => sum + connections, 0);
    const dave = clientOf(gateway);
    for (let i = 0; i < 4; i++) expect(await dave.ask()).toBe('401 who are you');
    expect(backends.reduce((sum, { connections }) => sum + connections, 0)).toBe(before + 4);
  });
});

describe('credentials that let in a connection, from HTTP/2', () => {
  let backend: NtlmBackend;
  let gateway: InProcessGateway;
  beforeAll(async () => {
    backend = await startNtlmBackend();
    gateway = await secureGatewayTo([backend]);
  });

  it('let in their own stream and no other', async () => {
    const client = await connectHttp2(gateway.port);
    const alice = await client.request({ headers: { authorization: 'Negotiate alice' } });
    expect([alice.status, alice.text]).toEqual([200, 'alice']);
    expect((await client.request()).status).toBe(401);
    await eventually(() => expect(backend.letIn).toBe(0));
  });

  it.each(['NTLM TlRMTVNTUAABAAAA', 'ntlm 1', 'Negotiate TlRMTVNTUAABAAAA'])(
    'are sent back to HTTP/1.1 where they take several requests: %s',
    async authorization => {
      const before = backend.connections;
      const client = await connectHttp2(gateway.port);
      const answer = await client.request({ headers: { authorization } });
      expect([answer.status, answer.code]).toEqual([0, 0xd]);
      expect(backend.connections).toBe(before);
      expect((await client.request({ headers: { ':path': '/open' } })).text).toBe('nobody');
      const line = await gateway.waitForLog(({ status }) => status === 421);
      expect(line).toMatchObject({ error: 'DENIED' });
    },
  );
});

describe('credentials that let in a connection, before an auth service', () => {
  it('answer for the request that they came with, and for no other', async () => {
    const service = await startNtlmBackend();
    const backend = await startBackend(answer(200, 'welcome'));
    const gateway = await gatewayTo([backend], {}, { security: { auth: { forward: { url: service.url } } } });
    const [alice, bob] = [clientOf(gateway), clientOf(gateway)];
    expect(await alice.ask('Negotiate alice')).toBe('200 welcome');
    for (let i = 0; i < 3; i++) expect(await bob.ask()).toMatch(/^401 /);
  });
});

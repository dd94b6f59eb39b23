import { Module } from '@nestjs/common';
import { beforeAll, describe, expect, it } from 'vitest';
import { GatewayError, Policy, type RequestPolicy, type Verdict } from '../../src/index.js';
import { startBackend } from '../support/backend.js';
import { connectRaw, rawRequest, request, type RawClient } from '../support/client.js';
import { expectNoPlaceTaken, keysIn } from '../support/concurrency-scene.js';
import { connectHttp2 } from '../support/http2-client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { startRawBackend, type RawBackend } from '../support/raw-backend.js';
import { expectAtRest, neverConnects } from '../support/scene.js';
import { handshake, switching } from '../support/upgrade-scene.js';
import { makeCertificate } from '../support/certificate.js';

/** Answers as the path says, and no other request. */
function startMoodyBackend(): Promise<RawBackend> {
  return startRawBackend(async connection => {
    const head = await connection.head();
    const path = head.split(' ')[1]!;
    if (path.startsWith('/ok')) connection.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    if (path.startsWith('/half')) connection.respond('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    if (path.startsWith('/large'))
      connection.respond(`HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n${'x'.repeat(3_000_000)}`);
    if (path.startsWith('/cut')) connection.reset();
    if (path.startsWith('/rubbish')) connection.end('rubbish\r\n\r\n');
    if (path.startsWith('/busy')) connection.end('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n');
    if (path.startsWith('/events'))
      connection.respond('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n');
    if (path.startsWith('/upgraded')) connection.respond(switching(head));
    if (path.startsWith('/refused')) connection.end('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno');
  });
}

/** Decides when the test says so. */
class Waiting {
  readonly held: (() => void)[] = [];

  decide(): void {
    for (const go of this.held.splice(0)) go();
  }
}

/** A gateway with a limit for each key and one for all; `decisions` are those of a policy on `/waits`. */
async function scene(limit: number) {
  const backend = await startMoodyBackend();
  const decisions = new Waiting();
  const asked = new Waiting();
  const service = await startBackend((_, response) => void asked.held.push(() => response.end()));
  const { certFile, keyFile } = await makeCertificate();

  @Policy('waits')
  class Waits implements RequestPolicy {
    check(): Promise<Verdict> {
      return new Promise(resolve => decisions.held.push(() => resolve(undefined)));
    }
  }

  @Policy('throws')
  class Throws implements RequestPolicy {
    check(): Verdict {
      throw new Error('broken');
    }
  }

  @Policy('denies')
  class Denies implements RequestPolicy {
    check(): Verdict {
      return new GatewayError('DENIED');
    }
  }

  @Module({ providers: [Waits, Throws, Denies] })
  class Policies {}

  const all = { backends: [backend.url], circuitBreaker: { enabled: false } };
  const concurrency = [
    { limit: 3, key: 'header:x-key' },
    { limit, key: 'global' },
  ];
  const own = (name: string, security: object) => ({ match: { path: `/${name}/*` }, upstream: 'app', security });
  const gateway = await startInProcess(
    {
      listeners: [
        { name: 'web', host: '127.0.0.1', port: 0 },
        { name: 'secure', host: '127.0.0.1', port: 0, tls: { certificates: [{ cert: certFile, key: keyFile }] } },
      ],
      upstreams: {
        app: { ...all, retries: { attempts: 3, backoff: '20ms', methods: 'all' } },
        full: { ...all, connections: { max: 1, queue: 1, queueTimeout: '30s' } },
        nowhere: { ...all, backends: [(await neverConnects()).url], timeouts: { connect: '30s' } },
      },
      websocket: { origins: [] },
      security: { concurrency },
      routes: [
        own('waits', { policies: ['waits'] }),
        own('throws', { policies: ['throws'] }),
        own('denies', { policies: ['denies'] }),
        own('small', { validation: { maxBody: '1kb' } }),
        // Asked behind the service: the last limit of a request that may be over by then.
        own('asks', {
          auth: { forward: { url: service.url, timeout: '30s' } },
          concurrency: [...concurrency, { limit: 2, key: 'jwt:sub' }],
        }),
        { match: { path: '/full/*' }, upstream: 'full', rewrite: { replacePrefix: ['/full', '/hangs'] } },
        { match: { path: '/nowhere/*' }, upstream: 'nowhere' },
        { match: { path: '/here' }, respond: { status: 200, body: 'x'.repeat(100_000) } },
        { match: { path: '/*' }, upstream: 'app' },
      ],
    },
    { imports: [Policies], times: { farewell: 200 } },
  );
  return { gateway, backend, decisions, asked };
}

/** Expects that there is room for exactly `count` requests. */
async function expectRoomFor(count: number, gateway: InProcessGateway): Promise<void> {
  const open: RawClient[] = [];
  for (let number = 0; number < count; number++) {
    const client = await connectRaw(gateway.port);
    client.send(get('/hangs', `key ${number}`));
    open.push(client);
  }
  await eventually(() => expect(keysIn(gateway)).toBe(count + 1));
  expect((await rawRequest(gateway.port, get('/ok', 'one more'))).status).toBe(429);
  for (const client of open) client.reset();
  await expectNoPlaceTaken(gateway);
}

/** How many requests have begun since the gateway started. */
async function begun(gateway: InProcessGateway): Promise<number> {
  const [open, over] = await gateway.metrics(['gatehouse_requests_in_flight', 'gatehouse_requests_total']);
  return open! + over!;
}

const get = (path: string, key = 'k', fields = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: a.example\r\nX-Key: ${key}\r\n${fields}\r\n`;
const post = (path: string, key: string, rest: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a.example\r\nX-Key: ${key}\r\n${rest}`;

/** Requests, and how far each has come when its client leaves: what came back begins like this. */
const steps: readonly [string, (key: string) => string, string?][] = [
  ['no backend has answered', key => get('/hangs', key)],
  ['a policy has not decided', key => get('/waits/hangs', key)],
  ['a service has not said who it is', key => get('/asks/hangs', key)],
  ['no connection to the backend stands', key => get('/nowhere/', key)],
  ['it waits for a place at the backend', key => get('/full/', key)],
  ['a part of the answer has come', key => get('/half', key), 'HTTP/1.1 200'],
  ['it does not read the answer', key => get('/large', key), 'HTTP/1.1 200'],
  ['the answer is tried again and again', key => get('/busy', key)],
  ['a part of its body has come', key => post('/hangs', key, 'Content-Length: 10\r\n\r\nabc')],
  [
    'a part of a large body has come',
    key => post('/hangs', key, `Content-Length: 900000\r\n\r\n${'x'.repeat(100_000)}`),
  ],
  ['a chunk of its body has come', key => post('/hangs', key, 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')],
  ['it waits for a 100', key => post('/hangs', key, 'Content-Length: 3\r\nExpect: 100-continue\r\n\r\n')],
  ['its body is too large', key => post('/small/hangs', key, 'Content-Length: 9000\r\n\r\nabc'), 'HTTP/1.1 413'],
  [
    'its chunks are too large',
    key => post('/small/hangs', key, `Transfer-Encoding: chunked\r\n\r\n800\r\n${'x'.repeat(0x800)}\r\n`),
  ],
  ['its body is broken', key => post('/hangs', key, 'Transfer-Encoding: chunked\r\n\r\nzzz\r\n')],
  ['its events come', key => get('/events', key, 'Accept: text/event-stream\r\n'), 'HTTP/1.1 200'],
  ['events come that it has not asked for', key => get('/events', key), 'HTTP/1.1 200'],
  ['the backend has not agreed to its upgrade', key => handshake({ 'X-Key': key }, '/hangs')],
  ['its tunnel is open', key => handshake({ 'X-Key': key }, '/upgraded'), 'HTTP/1.1 101'],
  ['its next requests have come', key => get('/half', key) + get('/hangs', key) + get('/ok', key), 'HTTP/1.1 200'],
];

/** Requests that come to an end by themselves. */
const ends: readonly [string, (key: string) => string, number][] = [
  ['is answered', key => get('/ok', key), 200],
  ['is answered here', key => get('/here', key), 200],
  ['is refused by a policy', key => get('/denies/ok', key), 403],
  ['meets a policy that fails', key => get('/throws/ok', key), 500],
  ['is cut by the backend, again and again', key => get('/cut', key), 502],
  ['has a bad answer', key => get('/rubbish', key), 502],
  ['is never answered well', key => get('/busy', key), 503],
  ['is refused an upgrade', key => handshake({ 'X-Key': key }, '/refused'), 403],
  ['has a bad handshake', key => handshake({ 'X-Key': key, 'Sec-WebSocket-Key': 'bad' }, '/upgraded'), 400],
  ['has a body that is too large', key => post('/small/ok', key, 'Content-Length: 2000\r\n\r\n'), 413],
];

describe('the places of clients that leave', () => {
  let shared: Awaited<ReturnType<typeof scene>>;
  beforeAll(async () => void (shared = await scene(8)));

  it.each(steps)('when %s are given back', async (_, bytes, begins) => {
    const { gateway, decisions, asked } = shared;
    for (let round = 0; round < 2; round++) {
      const before = await begun(gateway);
      // Of two keys, of which one reaches its limit.
      const clients: RawClient[] = [];
      for (const key of ['a', 'a', 'a', 'b']) {
        const client = await connectRaw(gateway.port);
        client.send(bytes(key));
        clients.push(client);
      }
      if (begins === undefined) await eventually(async () => (await begun(gateway)) >= before + clients.length);
      else for (const client of clients) await client.until(begins);
      for (const client of clients) {
        // One that only closes is noticed a second later.
        if (round === 1 && begins !== undefined) client.close();
        else client.reset();
      }
      await expectAtRest(gateway);
      // What was waited for is decided for clients that have gone.
      decisions.decide();
      asked.decide();
      await expectAtRest(gateway);
      await expectNoPlaceTaken(gateway);
    }
    await expectRoomFor(8, gateway);
  });

  it('are given back behind any byte of a request', async () => {
    const { gateway, decisions, asked } = await scene(1000);
    const requests = steps.map(([, bytes]) => bytes);
    let state = 42;
    const chance = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
    for (let number = 0; number < 200; number++) {
      const bytes = requests[chance(requests.length)]!(`key ${number}`);
      const client = await connectRaw(gateway.port);
      client.send(bytes.slice(0, chance(bytes.length)));
      client.send(bytes.slice(bytes.length - chance(bytes.length)));
      if (chance(2) === 0) await new Promise(setImmediate);
      if (chance(3) === 0) client.close();
      else client.reset();
      if (chance(5) === 0) decisions.decide();
      if (chance(5) === 0) asked.decide();
    }
    decisions.decide();
    await expectAtRest(gateway);
    asked.decide();
    await expectNoPlaceTaken(gateway);
  });

  it('on streams of HTTP/2 are given back at every step', async () => {
    const { gateway, decisions, asked } = await scene(1000);
    const port = gateway.ports['secure']!;
    const paths = [
      '/hangs',
      '/waits/hangs',
      '/asks/hangs',
      '/nowhere/',
      '/full/',
      '/half',
      '/large',
      '/busy',
      '/events',
      '/ok',
      '/here',
    ];
    for (let round = 0; round < 3; round++) {
      const client = await connectHttp2(port);
      const streams = paths.flatMap(path =>
        ['GET', 'POST'].flatMap(method =>
          [0, 1, 2].map(number => {
            const stream = client.open({ ':path': path, ':method': method, 'x-key': `${path} ${number}` });
            if (method === 'POST') stream.write('abc');
            return stream;
          }),
        ),
      );
      await eventually(async () => (await begun(gateway)) >= streams.length * (round + 1));
      if (round === 0) client.session.destroy();
      else for (const stream of streams) stream.close(round === 1 ? 8 : 0);
      await expectAtRest(gateway);
      decisions.decide();
      asked.decide();
      await expectNoPlaceTaken(gateway);
    }
  });

  it('with a key for each are no more than the requests that are open', async () => {
    const { gateway } = await scene(100_000);
    for (let number = 0; number < 500; number++) {
      await rawRequest(gateway.port, get('/denies/ok', `key ${number} ${'x'.repeat(5000)}`));
      expect(keysIn(gateway)).toBeLessThanOrEqual(4);
    }
    await expectNoPlaceTaken(gateway);
  });
});

describe('the place of a request', () => {
  let shared: Awaited<ReturnType<typeof scene>>;
  beforeAll(async () => void (shared = await scene(4)));

  it.each(ends)('that %s is given back once', async (_, bytes, status) => {
    const { gateway } = shared;
    for (let round = 0; round < 5; round++) {
      expect(await rawRequest(gateway.port, bytes('a'))).toMatchObject({ status });
      await expectNoPlaceTaken(gateway);
    }
    await expectRoomFor(4, gateway);
  });

  it('is not given back a second time by requests that were refused for want of one', async () => {
    const { gateway } = await scene(2);
    const open = [await connectRaw(gateway.port), await connectRaw(gateway.port)];
    for (const [number, client] of open.entries()) client.send(get('/hangs', `key ${number}`));
    await eventually(() => expect(keysIn(gateway)).toBe(3));
    for (let round = 0; round < 20; round++) {
      expect((await request(gateway.port, { path: '/ok', headers: { 'x-key': 'key 0' } })).status).toBe(429);
    }
    for (const client of open) client.reset();
    await expectNoPlaceTaken(gateway);
    await expectRoomFor(2, gateway);
  });
});

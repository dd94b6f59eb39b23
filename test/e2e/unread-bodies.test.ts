import { beforeAll, describe, expect, it } from 'vitest';
import { refusedPort } from '../support/backend.js';
import { closeLater } from '../support/cleanup.js';
import { connectRaw } from '../support/client.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';

const post = (path: string, fields: string, version = '1.1'): string =>
  `POST ${path} HTTP/${version}\r\nHost: a.example\r\n${fields}\r\n`;

/** Looks like a request: a server that loses count of the body answers it. */
const hidden = 'GET /hidden HTTP/1.1\r\nHost: a.example\r\n\r\n';
const small = `Content-Length: ${hidden.length}\r\n`;

const mostDiscarded = 64 * 1024;

describe('a request that is answered without a look at its body', () => {
  let gateway: InProcessGateway;

  beforeAll(async () => {
    const listener = { host: '127.0.0.1', port: 0 };
    gateway = await startInProcess({
      listeners: [
        { ...listener, name: 'web' },
        { ...listener, name: 'hasty', limits: { requestTimeout: '500ms' } },
      ],
      upstreams: {
        gone: { backends: [`http://127.0.0.1:${await refusedPort()}`] },
      },
      routes: [
        { match: { path: '/fixed' }, respond: { body: 'pong' } },
        { match: { path: '/moved' }, redirect: { to: '/fixed', status: 308 } },
        { match: { path: '/limited' }, upstream: 'gone', security: { validation: { maxBody: '100b' } } },
      ],
    });
  });

  it.each([
    ['/fixed', 200],
    ['/moved', 308],
    ['/nowhere', 404],
  ])('keeps its connection: %s', async (path, status) => {
    const client = await connectRaw(gateway.port);
    for (let count = 0; count < 3; count++) {
      client.send(post(path, small) + hidden);
      const response = await client.response();
      expect(response).toMatchObject({ status, clean: true });
      expect(response.header('connection')).not.toBe('close');
    }
    client.send(post(path, `Content-Length: ${mostDiscarded}\r\n`) + 'x'.repeat(mostDiscarded) + post('/fixed', ''));
    expect((await client.response()).status).toBe(status);
    expect(await client.response()).toMatchObject({ status: 200, text: 'pong' });
    expect(client.rest).toHaveLength(0);
    expect(gateway.logs.map(line => line['path'])).not.toContain('/hidden');
  });

  it('keeps it for requests that were sent ahead, and leaves nothing behind on it', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    closeLater(() => process.off('warning', note));
    const client = await connectRaw(gateway.port);
    client.send((post('/fixed', small) + hidden).repeat(20));
    for (let count = 0; count < 20; count++) expect((await client.response()).text).toBe('pong');
    expect(client.rest).toHaveLength(0);
    expect(warnings).toEqual([]);
  });

  it('keeps it when the body comes after the answer', async () => {
    const client = await connectRaw(gateway.port);
    client.send(post('/fixed', small));
    expect((await client.response()).text).toBe('pong');
    client.send(hidden.slice(0, 10));
    client.send(hidden.slice(10) + post('/moved', small) + hidden);
    expect((await client.response()).status).toBe(308);
    expect(client.rest).toHaveLength(0);
  });

  it.each([
    ['that is larger than 64 KiB', post('/fixed', `Content-Length: ${mostDiscarded + 1}\r\n`)],
    ['in chunks', post('/fixed', 'Transfer-Encoding: chunked\r\n')],
    ['that waits for a 100', post('/fixed', `Expect: 100-continue\r\n${small}`)],
    ['that waits for something unknown', post('/fixed', `Expect: money\r\n${small}`)],
    ['of a client that closes', post('/fixed', `Connection: close\r\n${small}`)],
    ['of an HTTP/1.0 client', post('/fixed', small, '1.0')],
    ['of a message that is refused', post('/fixed', `Host: b.example\r\n${small}`)],
  ])('loses its connection for a body %s', async (_, head) => {
    const client = await connectRaw(gateway.port);
    client.send(head);
    expect((await client.response()).header('connection')).toBe('close');
    client.send(hidden);
    client.half();
    await client.closed();
    expect(client.rest).toHaveLength(0);
    expect(gateway.logs.map(line => line['path'])).not.toContain('/hidden');
  });

  it('loses its connection when the body is too large for its route', async () => {
    const client = await connectRaw(gateway.port);
    client.send(post('/limited', 'Content-Length: 101\r\n'));
    const response = await client.response();
    expect([response.status, response.header('connection')]).toEqual([413, 'close']);
  });

  it('is cut five seconds later when the body does not come, however it drips', async () => {
    const client = await connectRaw(gateway.port);
    client.send(post('/fixed', 'Content-Length: 60000\r\n'));
    expect((await client.response()).text).toBe('pong');
    const began = performance.now();
    const drip = setInterval(() => client.send('x'), 100);
    await client.closed().finally(() => clearInterval(drip));
    expect(performance.now() - began).toBeGreaterThan(4_500);
    expect(client.rest).toHaveLength(0);
  });

  it('gets no second answer when requestTimeout ends, or when its client leaves', async () => {
    const lines = (): unknown[] => gateway.logs.filter(line => line['msg'] === 'exchange');
    const late = await connectRaw(gateway.gateway.listeners[1]!.port!);
    const leaver = await connectRaw(gateway.port);
    const before = lines().length;
    for (const client of [late, leaver]) {
      client.send(post('/fixed', `Content-Length: 10\r\n`));
      expect((await client.response()).text).toBe('pong');
    }
    leaver.half();
    await Promise.all([late.closed(), leaver.closed()]);
    expect([late.rest.length, leaver.rest.length]).toEqual([0, 0]);
    await eventually(() => lines().length >= before + 2);
    expect(lines()).toHaveLength(before + 2);
  });
});

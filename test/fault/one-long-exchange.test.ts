import { describe, expect, it } from 'vitest';
import { startBackend, type TestBackend } from '../support/backend.js';
import { connectRaw, open, request } from '../support/client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { expectAtRest, gatewayTo } from '../support/scene.js';

const changes = (gateway: InProcessGateway, to: string): Promise<number> =>
  gateway.metric('gatehouse_circuit_transitions_total', { to });

/** A gateway whose only circuit, opened by a reset, has just become half-open. */
async function halfOpen(backend: TestBackend, upstream: object = {}): Promise<InProcessGateway> {
  const { handler } = backend;
  backend.handler = ({ socket }) => socket.resetAndDestroy();
  const gateway = await gatewayTo([backend], {
    retries: { attempts: 0 },
    circuitBreaker: { volumeThreshold: 1, openFor: '200ms' },
    ...upstream,
  });
  expect((await request(gateway.port)).status).toBe(502);
  backend.handler = handler;
  await eventually(async () => (await changes(gateway, 'half-open')) === 1);
  return gateway;
}

describe.each(['default', 'http-proxy-middleware'])(
  'one long exchange does not hold a half-open circuit (%s)',
  forwarder => {
    it('a slow download: the circuit is closed at its head', async () => {
      const backend = await startBackend(({ url }, response) => {
        if (url === '/slow') response.writeHead(200, { 'content-length': '1000' }).write('begun');
        else response.end('ok');
      });
      const gateway = await halfOpen(backend, { forwarder });
      const slow = await open(gateway.port, { path: '/slow' });
      expect(slow.response.statusCode).toBe(200);
      expect((await request(gateway.port)).text).toBe('ok');
      expect(await changes(gateway, 'closed')).toBe(1);
      slow.request.destroy();
      await expectAtRest(gateway);
      expect(await changes(gateway, 'open')).toBe(1);
    });

    it('a long poll: others are let in after each openFor, and decide', async () => {
      const backend = await startBackend(({ url }, response) => url === '/poll' || response.end('ok'));
      const gateway = await halfOpen(backend, { forwarder });
      const poll = await connectRaw(gateway.port);
      const before = backend.requests.length;
      poll.send('GET /poll HTTP/1.1\r\nHost: x\r\n\r\n');
      await eventually(() => backend.requests.length > before);
      await eventually(async () => expect((await request(gateway.port)).text).toBe('ok'));
      expect(await changes(gateway, 'closed')).toBe(1);
      poll.reset();
      await expectAtRest(gateway);
    });

    it('an upload that drips: others are let in after each openFor, and its own end does not count', async () => {
      const backend = await startBackend(({ method }, response) => method === 'PUT' || response.end('ok'));
      const gateway = await halfOpen(backend, { forwarder });
      const upload = await connectRaw(gateway.port);
      const before = backend.requests.length;
      upload.send('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc');
      await eventually(() => backend.requests.length > before);
      await eventually(async () => expect((await request(gateway.port)).text).toBe('ok'));
      expect(await changes(gateway, 'closed')).toBe(1);
      upload.reset();
      await expectAtRest(gateway);
      expect(await changes(gateway, 'open')).toBe(1);
    });
  },
);

describe('a circuit that has been closed by a head', () => {
  it('is opened again when the rest of that answer breaks', async () => {
    const backend = await startBackend((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('begun', () => response.socket?.resetAndDestroy());
    });
    const gateway = await halfOpen(backend);
    await request(gateway.port).catch(() => undefined);
    await eventually(async () => expect(await changes(gateway, 'open')).toBe(2));
    await expectAtRest(gateway);
  });
});

describe('an upload that a backend gives up on before it is finished', () => {
  it.each(['content-length: 100000', 'transfer-encoding: chunked'])('opens no circuit (%s)', async framing => {
    const backend = await startBackend(({ socket, method }, response) => {
      if (method === 'PUT') setImmediate(() => socket.resetAndDestroy());
      else response.end('ok');
    });
    const gateway = await gatewayTo([backend], { retries: { attempts: 0 }, circuitBreaker: { volumeThreshold: 1 } });
    for (let upload = 1; upload <= 3; upload++) {
      const client = await connectRaw(gateway.port);
      client.send(`PUT / HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n3\r\nabc\r\n`);
      expect((await client.response({ method: 'PUT' })).status).toBe(502);
      client.reset();
    }
    expect((await request(gateway.port)).text).toBe('ok');
    expect(await changes(gateway, 'open')).toBe(0);
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import { connectRaw } from '../support/client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { ok } from '../conformance/forwarder/wire.js';
import { type RawBackend, startRawBackend } from '../support/raw-backend.js';
import { gatewayTo } from '../support/scene.js';

const h2c = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB';

describe.each(['default', 'http-proxy-middleware'])('an offer that is not taken (%s)', forwarder => {
  let backend: RawBackend;
  let gateway: InProcessGateway;
  beforeAll(async () => {
    backend = await startRawBackend(ok);
    gateway = await gatewayTo([backend], { forwarder });
  });

  it.each([
    ['an upgrade to h2c', h2c],
    ['an upgrade to something else', 'Connection: upgrade\r\nUpgrade: TLS/1.2, foo'],
    ['an expectation without a body', 'Expect: 100-continue'],
  ])('costs no connection, of the client or of the backend: %s', async (_, fields) => {
    const client = await connectRaw(gateway.port);
    client.send('GET /first HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.response()).status).toBe(200);
    const before = backend.connections.length;
    for (let i = 0; i < 10; i++) {
      client.send(`GET /${i} HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`);
      const response = await client.response();
      expect([response.status, response.rawHeaders.includes('close')]).toEqual([200, false]);
    }
    expect(backend.connections.length).toBe(before);
    client.close();
  });

  it('lets a request follow that has come with it, whole or half', async () => {
    const client = await connectRaw(gateway.port);
    client.send(`GET /a HTTP/1.1\r\nHost: a\r\n${h2c}\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\nGET /c HT`);
    expect((await client.response()).status).toBe(200);
    expect((await client.response()).status).toBe(200);
    client.send('TP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.response()).status).toBe(200);
    for (const path of ['/a', '/b', '/c'])
      expect(backend.connections.some(({ text }) => text.includes(`GET ${path} HTTP/1.1`))).toBe(true);
    client.close();
  });
});

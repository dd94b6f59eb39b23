import { beforeAll, describe, expect, it } from 'vitest';
import { request } from '../support/client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { startRawBackend } from '../support/raw-backend.js';

const heads = {
  '/coding': ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', /Transfer-Encoding says chunked twice/],
  '/length': ['Content-Length: 2\r\nContent-Length: 2', /Content-Length stands twice|Duplicate Content-Length/],
  '/both': [
    'Content-Length: 2\r\nTransfer-Encoding: chunked',
    /both Transfer-Encoding|Transfer-Encoding can't be present/,
  ],
  '/both-turned': ['Transfer-Encoding: chunked\r\nContent-Length: 2', /Transfer-Encoding/],
} as const;

describe.each(['default', 'http-proxy-middleware'])('a head that a backend frames twice, over %s,', forwarder => {
  let gateway: InProcessGateway;

  beforeAll(async () => {
    const backend = await startRawBackend(async connection => {
      const path = (await connection.head()).split(' ')[1] as keyof typeof heads;
      connection.respond(`HTTP/1.1 200 OK\r\n${heads[path][0]}\r\n\r\nhi`);
    });
    gateway = await startInProcess({ upstreams: { app: { backends: [backend.url], forwarder } } });
  });

  it.each(Object.entries(heads))('is named in the log: %s', async (path, [, says]) => {
    expect((await request(gateway.port, { path })).status).toBe(502);
    const line = await gateway.waitForLog(each => each['path'] === path);
    expect(line).toMatchObject({ error: 'PROTOCOL', reason: expect.stringMatching(says) as string });
  });
});

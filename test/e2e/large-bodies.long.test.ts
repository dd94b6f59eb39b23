import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { settled } from '../support/back-pressure.js';
import { type BackendHandler, type TestBackend, startBackend } from '../support/backend.js';
import { open, request } from '../support/client.js';
import { eventually } from '../support/poll.js';
import { type RunningGateway, startGateway } from '../support/program.js';
import { BulkData, digest, growthDuring } from './bulk-data.js';
import { scaled } from '../support/scale.js';

const mebibyte = 1024 * 1024;
const gibibyte = 1024 * mebibyte;
/** Well above what the gateway may grow by; the long run has several times that. */
const large = scaled(128 * mebibyte, gibibyte);
const name = scaled('128 MiB', '1 GiB');
/** How much the gateway may grow while a large body passes, in MiB: its garbage, never the body. */
const allowance = scaled(90, 120);
const timeout = 120_000;

describe('large bodies', () => {
  let gateway: RunningGateway;
  let backend: TestBackend;
  let deaf: TestBackend;
  let served: BulkData;

  const serve: BackendHandler = (_request, response) => {
    response.writeHead(200, { 'content-length': served.length });
    return pipeline(Readable.from(served), response);
  };

  beforeAll(async () => {
    backend = await startBackend(undefined, { keepBody: 0 });
    deaf = await startBackend((incoming: IncomingMessage) => incoming.pause(), { readBody: false });
    gateway = await startGateway({
      upstreams: { app: { backends: [backend.url] }, deaf: { backends: [deaf.url] } },
      routes: [
        { match: { path: '/deaf' }, upstream: 'deaf' },
        { match: { path: '/*' }, upstream: 'app' },
      ],
    });
    // What the gateway needs for any traffic at all must not look like growth.
    for (let i = 0; i < 200; i++) await request(gateway.port);
    await request(gateway.port, { method: 'PUT', body: Readable.from(new BulkData(32 * mebibyte)), timeout });
  });

  it(`takes an upload of ${name} with flat memory`, { timeout }, async () => {
    const data = new BulkData(large);
    const headers = { 'content-length': String(data.length) };
    backend.handler = (incoming, response) => incoming.on('end', () => response.end('stored'));
    const growth = await growthDuring(gateway.pid, async () => {
      const response = await request(gateway.port, { method: 'PUT', headers, body: data, timeout });
      expect(response.text).toBe('stored');
    });
    expect(backend.last.bodyLength).toBe(large);
    expect(backend.last.sha256).toBe(data.sha256);
    expect(growth).toBeLessThan(allowance);
  });

  it(`takes a download of ${name} with flat memory`, { timeout }, async () => {
    served = new BulkData(large);
    backend.handler = serve;
    const growth = await growthDuring(gateway.pid, async () => {
      const { response } = await open(gateway.port);
      expect(await digest(response)).toEqual({ length: large, sha256: served.sha256 });
    });
    expect(growth).toBeLessThan(allowance);
  });

  it('carries uploads and downloads side by side', { timeout }, async () => {
    const up = [1, 2, 3].map(() => new BulkData(24 * mebibyte));
    backend.handler = (incoming, response, record) =>
      incoming.method === 'GET'
        ? pipeline(Readable.from(new BulkData(24 * mebibyte)), response)
        : incoming.on('end', () => response.end(record.sha256));
    const growth = await growthDuring(gateway.pid, async () => {
      const uploads = up.map(body => request(gateway.port, { method: 'POST', body, timeout }));
      const downloads = up.map(async () => digest((await open(gateway.port)).response));
      const hashes = (await Promise.all(uploads)).map(({ text }) => text);
      expect(hashes).toEqual(up.map(({ sha256 }) => sha256));
      for (const { length } of await Promise.all(downloads)) expect(length).toBe(24 * mebibyte);
    });
    expect(growth).toBeLessThan(allowance);
  });

  it('makes a sender wait for a client that does not read', { timeout }, async () => {
    let written = 0;
    async function* counted(): AsyncGenerator<Buffer> {
      for await (const chunk of new BulkData(gibibyte)) {
        written += chunk.length;
        yield chunk;
      }
    }
    // The client goes away in the end, and then so does this response.
    backend.handler = (_request, response) => pipeline(counted(), response).catch(() => undefined);
    const growth = await growthDuring(gateway.pid, async () => {
      const { response } = await open(gateway.port);
      const level = await settled(() => written);
      expect(level).toBeLessThan(64 * mebibyte);
      response.destroy();
    });
    expect(growth).toBeLessThan(allowance);
  });

  it('makes a client wait for a backend that does not read', { timeout }, async () => {
    let sent = 0;
    async function* body(): AsyncGenerator<Buffer> {
      for await (const chunk of new BulkData(gibibyte)) {
        sent += chunk.length;
        yield chunk;
      }
    }
    const growth = await growthDuring(gateway.pid, async () => {
      const upload = open(gateway.port, { path: '/deaf', method: 'PUT', body: body(), timeout }).catch(() => undefined);
      await eventually(() => expect(sent).toBeGreaterThan(0));
      expect(await settled(() => sent)).toBeLessThan(64 * mebibyte);
      await deaf.close();
      await upload;
    });
    expect(growth).toBeLessThan(allowance);
  });
});

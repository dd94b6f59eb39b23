import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type TestBackend, startBackend } from '../support/backend.js';
import { type Certificate, makeCertificate } from '../support/certificate.js';
import { connectHttp2, responseOf } from '../support/http2-client.js';
import { eventually } from '../support/poll.js';
import { type RunningGateway, startGateway } from '../support/program.js';
import { scaled } from '../support/scale.js';
import { BulkData, digest, growthDuring } from './bulk-data.js';

const mebibyte = 1024 * 1024;
/** Well above what the gateway may grow by; the long run has several times that. */
const large = scaled(128 * mebibyte, 1024 * mebibyte);
const name = scaled('128 MiB', '1 GiB');
/** How much the gateway may grow while a large body passes, in MiB: its garbage, never the body. */
const allowance = scaled(90, 120);
const timeout = 240_000;

/** The program, with TLS on its only listener. */
async function startSecure(backend: TestBackend, certificate: Certificate): Promise<RunningGateway> {
  const { certFile, keyFile } = certificate;
  return startGateway({
    listeners: [{ host: '127.0.0.1', port: 0, tls: { certificates: [{ cert: certFile, key: keyFile }] } }],
    upstreams: { app: { backends: [backend.url] } },
  });
}

describe('a client of HTTP/2', () => {
  let backend: TestBackend;
  let certificate: Certificate;
  let gateway: RunningGateway;

  beforeAll(async () => {
    backend = await startBackend(undefined, { keepBody: 0 });
    certificate = await makeCertificate();
    gateway = await startSecure(backend, certificate);
    const warm = await connectHttp2(gateway.port);
    for (let i = 0; i < 200; i++) await warm.request();
    await warm.request({ headers: { ':method': 'PUT' }, body: Buffer.alloc(16 * mebibyte), timeout });
    warm.session.close();
  });

  it.each([
    ['with a declared length', true],
    ['without one', false],
  ])(`uploads ${name} %s, with flat memory in the gateway`, { timeout }, async (_what, sized) => {
    const data = new BulkData(large);
    backend.handler = (incoming, response, record) => incoming.on('end', () => response.end(record.sha256));
    const client = await connectHttp2(gateway.port);
    const growth = await growthDuring(gateway.pid, async () => {
      const stream = client.open({ ':method': 'PUT', ...(sized && { 'content-length': String(data.length) }) });
      const response = responseOf(stream);
      await pipeline(Readable.from(data), stream);
      expect((await response).text).toBe(data.sha256);
    });
    expect(backend.last.bodyLength).toBe(large);
    expect(growth).toBeLessThan(allowance);
  });

  it(`downloads ${name} with flat memory in the gateway`, { timeout }, async () => {
    const data = new BulkData(large);
    backend.handler = (_request, response) => pipeline(Readable.from(data), response);
    const client = await connectHttp2(gateway.port);
    const growth = await growthDuring(gateway.pid, async () => {
      expect(await digest(client.open({}, true))).toEqual({ length: large, sha256: data.sha256 });
    });
    expect(growth).toBeLessThan(allowance);
  });

  it('does not read, on a hundred streams at once: the gateway holds little of what waits', { timeout }, async () => {
    const written = new Map<number, number>();
    const piece = Buffer.alloc(mebibyte / 4, 'x');
    backend.handler = (incoming, response) => {
      const number = Number(incoming.url?.slice(1));
      const source = function* (): Generator<Buffer> {
        for (let sent = 0; sent < 32 * mebibyte; sent += piece.length) {
          written.set(number, sent + piece.length);
          yield piece;
        }
      };
      return pipeline(source(), response).catch(() => undefined);
    };
    const client = await connectHttp2(gateway.port, { settings: { initialWindowSize: 1000 } });
    const growth = await growthDuring(gateway.pid, async () => {
      const streams = Array.from({ length: 100 }, (_, i) => client.open({ ':path': `/${i}` }, true));
      await Promise.all(streams.map(stream => once(stream, 'response')));
      let before = -1;
      await eventually(
        () => {
          const total = [...written.values()].reduce((sum, one) => sum + one, 0);
          const settled = total === before;
          before = total;
          return settled;
        },
        { interval: 250, what: 'the end of what is sent ahead' },
      );
      client.session.destroy();
    });
    expect(growth).toBeLessThan(allowance);
  });
});

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { type TestBackend, startBackend } from '../support/backend.js';
import { open, request } from '../support/client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { gatewayTo } from '../support/scene.js';
import { BulkData, digest } from './bulk-data.js';

const mebibyte = 1024 * 1024;

describe('large bodies', () => {
  let gateway: InProcessGateway;
  let backend: TestBackend;

  beforeAll(async () => {
    backend = await startBackend(undefined, { keepBody: 0 });
    gateway = await gatewayTo([backend]);
  });

  it.each([
    ['with a declared length', (length: number) => ({ 'content-length': String(length) })],
    ['chunked', () => ({})],
  ])('carries both directions of one exchange at once, %s', async (_framing, framing) => {
    const data = new BulkData(16 * mebibyte);
    backend.handler = (incoming, response) => pipeline(incoming, response);
    const { response } = await open(gateway.port, { method: 'POST', headers: framing(data.length), body: data });
    expect(await digest(response)).toEqual({ length: data.length, sha256: data.sha256 });
  });

  it('takes a push as git sends it: gzip, chunked, after 100 (Continue)', async () => {
    const pack = gzipSync(await first(new BulkData(4 * mebibyte)), { level: 1 });
    backend.handler = (incoming, response, record) => incoming.on('end', () => response.end(record.sha256));
    const headers = {
      'content-type': 'application/x-git-receive-pack-request',
      'content-encoding': 'gzip',
      'transfer-encoding': 'chunked',
      expect: '100-continue',
    };
    const path = '/team/repo.git/git-receive-pack';
    const pieces = Array.from({ length: Math.ceil(pack.length / 65_519) }, (_, i) =>
      pack.subarray(i * 65_519, (i + 1) * 65_519),
    );
    const response = await request(gateway.port, {
      method: 'POST',
      path,
      headers,
      body: Readable.from(pieces),
    });
    expect(response.informational.map(({ status }) => status)).toEqual([100]);
    expect(response.text).toBe(await digest(Readable.from([pack])).then(({ sha256 }) => sha256));
    expect(backend.last).toMatchObject({ url: path, bodyLength: pack.length, complete: true });
    expect(backend.last.header('content-encoding')).toBe('gzip');
    expect(backend.last.header('content-length')).toBeUndefined();
  });
});

async function first(data: AsyncIterable<Buffer>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(data));
}

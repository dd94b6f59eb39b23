import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type TestBackend } from '../support/backend.js';
import { request, type Response } from '../support/client.js';
import { gatewayTo } from '../support/scene.js';
import type { InProcessGateway } from '../support/in-process.js';
import { tempFolder } from '../support/temp.js';

const mega = 1024 * 1024;
/** A hundred megabytes, in some hundred kilobytes. */
const bomb = Buffer.from(`{"item":"${'a'.repeat(100 * mega)}"}`);
const zipped = gzipSync(bomb, { level: 1 });
const schema = {
  type: 'object',
  required: ['item'],
  properties: {
    item: { type: 'string', pattern: '\\s+$' },
    list: { type: 'array', items: { type: 'integer' }, uniqueItems: true },
    parts: { type: 'array', uniqueItems: true },
    tree: { $ref: '#/$defs/tree' },
    below: { $ref: '#' },
  },
  $defs: {
    tree: { type: 'object', properties: { a: { oneOf: [{ $ref: '#/$defs/tree' }, { $ref: '#/$defs/tree' }] } } },
  },
};
const large = Array.from({ length: 160 }, (_, i) => ({ text: 'x'.repeat(6000), i }));

describe('a JSON body that was made to hurt', () => {
  let backend: TestBackend;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    const file = join(await tempFolder(), 'schema.json');
    await writeFile(file, JSON.stringify(schema));
    backend = await startBackend();
    gateway = await gatewayTo([backend], {}, { security: { validation: { maxBody: '1mb', body: { schema: file } } } });
  });

  const post = (body: string | Buffer, more: Readonly<Record<string, string>> = {}): Promise<Response> =>
    request(gateway.port, { method: 'POST', body, headers: { 'content-type': 'application/json', ...more } });

  /** Sends it, and expects that status within two seconds, a gateway that has not grown, and nothing at the backend. */
  async function refuse(body: string | Buffer, status: number, more?: Readonly<Record<string, string>>): Promise<void> {
    const before = backend.requests.length;
    const held = process.memoryUsage().rss;
    const began = performance.now();
    expect((await post(body, more)).status).toBe(status);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(process.memoryUsage().rss - held).toBeLessThan(90 * mega);
    expect(backend.requests).toHaveLength(before);
  }

  it.each([
    ['gzip', zipped],
    ['x-gzip', zipped],
    ['deflate', deflateSync(bomb, { level: 1 })],
    ['br', brotliCompressSync(bomb, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
    ['gzip, gzip', gzipSync(zipped)],
    ['identity, gzip', zipped],
    ['GZIP', zipped],
    ['unknown', zipped],
  ])('is never opened: %s', async (coding, body) => {
    expect(body.length).toBeLessThan(mega);
    await refuse(body, 415, { 'content-encoding': coding });
  });

  it('is no JSON where it does not say how it is compressed', async () => {
    await refuse(zipped, 400);
    await refuse(zipped, 400, { 'content-encoding': 'identity' });
  });

  it.each<[what: string, body: string, status: number]>([
    ['is too large', `{"item":"${'a'.repeat(4 * mega)}"}`, 413],
    ['is all brackets', '['.repeat(mega), 400],
    ['is all braces', '{"below":'.repeat(100_000), 400],
    ['has a number of a million digits', `{"item":${'9'.repeat(mega - 100)}}`, 422],
    ['has a text that its pattern is slow on', `{"item":"${' '.repeat(mega - 100)}x"}`, 422],
    [
      'has a list of many that must differ',
      `{"item":" ","list":[${Array.from({ length: 120_000 }, (_, i) => i).join()},0]}`,
      422,
    ],
    ['doubles the work with each of its 24 levels', `{"item":" ","tree":${'{"a":'.repeat(24)}1${'}'.repeat(25)}`, 422],
    ['has large parts that must differ', JSON.stringify({ item: ' ', parts: [...large, large[0]] }), 422],
    ['has a hundred thousand keys, and lacks the one', `{${'"k":1,'.repeat(100_000)}"l":1}`, 422],
  ])('%s: it is refused in time', async (_what, body, status) => {
    await refuse(body, status);
  });

  it('cannot change what objects inherit', async () => {
    const body = '{"item":" ","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    expect((await post(body)).status).toBe(200);
    expect(backend.requests.at(-1)!.text).toBe(body);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    // Nor satisfy `required` by inherited properties.
    await refuse('{"__proto__":{"item":" "}}', 422);
  });
});

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayConfig } from '../file/gateway.config.js';
import { fieldsOf } from '../language/fields.js';
import { filePath } from '../language/kinds/file-path.js';
import type { BlockClass } from '../language/kinds/kind.js';
import { buildUntyped } from '../loading/load-config.js';
import { digestsOf, filesOf } from './files-of.js';

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-files-'));
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  const made = await generate([{ name: 'commonName', value: 'shop.example' }], { keyType: 'ec', algorithm: 'sha256' });
  for (const name of ['web', 'gw']) {
    writeFileSync(at(`${name}.pem`), made.cert);
    writeFileSync(at(`${name}.key`), made.private);
  }
  for (const name of ['clients', 'ca', 'issuer', 'auth']) writeFileSync(at(`${name}.pem`), made.cert);
  writeFileSync(at('order.json'), '{}');
  writeFileSync(at('token'), 'secret');
  writeFileSync(at('page.html'), 'later');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tls = { ca: 'ca.pem', cert: 'gw.pem', key: 'gw.key' };
const plain = {
  listeners: [
    { port: 80 },
    { port: 443, tls: { certificates: [{ cert: 'web.pem', key: 'web.key' }], clientAuth: { ca: 'clients.pem' } } },
  ],
  admin: { token: { file: 'token' } },
  upstreams: {
    app: { backends: ['https://10.0.0.1'], tls, fallback: { body: { file: 'page.html' } } },
    other: { backends: ['https://10.0.0.2'], tls: { ca: 'ca.pem' } },
  },
  security: {
    auth: {
      jwt: { jwks: 'https://issuer.example/', issuer: 'i', audience: 'a', ca: 'issuer.pem' },
      forward: { url: 'https://auth.example/', ca: 'auth.pem' },
    },
  },
  routes: [{ upstream: 'app', security: { validation: { maxBody: '1kb', body: { schema: 'order.json' } } } }],
};
const ofListeners = ['web.pem', 'web.key', 'clients.pem'];
const others = ['ca.pem', 'gw.pem', 'gw.key', 'issuer.pem', 'auth.pem', 'order.json'];

const load = (changes: object = {}) => buildUntyped({ ...plain, ...changes }, { baseDir: folder });
const sorted = (files: Iterable<string>) => [...files].toSorted();

describe('the files of a configuration', () => {
  it('are all that it names, by their absolute paths, each once', () => {
    expect(sorted(filesOf(load()))).toEqual(sorted([...ofListeners, ...others].map(at)));
  });

  it('are those of the listeners only where these are asked for', () => {
    expect(sorted(filesOf(load(), { ofListeners: false }))).toEqual(sorted(others.map(at)));
  });

  it('are among the others, too, when listeners share them', () => {
    const upstreams = { app: { backends: ['https://10.0.0.1'], tls: { ca: 'clients.pem' } } };
    expect(filesOf(load({ upstreams }), { ofListeners: false })).toContain(at('clients.pem'));
  });

  it('are none when it names none', () => {
    expect(filesOf(buildUntyped({ upstreams: { app: { backends: ['http://10.0.0.1'] } } }))).toEqual([]);
  });

  it('do not stand in lists or maps of paths, in which they would not be found', () => {
    const seen = new Set<BlockClass>();
    const hidden: string[] = [];
    const look = (block: BlockClass): void => {
      if (seen.has(block)) return;
      seen.add(block);
      for (const { name, kind } of fieldsOf(block).values()) {
        if (kind.label.includes(filePath.label) && kind !== filePath) hidden.push(`${block.name}.${name}`);
        for (const inner of kind.blocks ?? []) look(inner());
      }
    };
    look(GatewayConfig);
    expect(hidden).toEqual([]);
  });
});

describe('the digest of a file', () => {
  const digestOf = async (name: string) => (await digestsOf([at(name)])).get(at(name));

  it('is the SHA-256 of its content', async () => {
    expect(await digestOf('token')).toBe(createHash('sha256').update('secret').digest('hex'));
  });

  it('is another one as soon as a byte is another one', async () => {
    writeFileSync(at('changing'), 'one');
    const before = await digestOf('changing');
    writeFileSync(at('changing'), 'two');
    expect(await digestOf('changing')).not.toBe(before);
    writeFileSync(at('changing'), 'one');
    expect(await digestOf('changing')).toBe(before);
  });

  it('says why there is none, so that a file that comes, goes or becomes unreadable has changed', async () => {
    writeFileSync(at('huge'), '');
    truncateSync(at('huge'), 1024 * 1024 + 1);
    expect(await digestOf('nowhere')).toBe('does not exist');
    expect(await digestOf('')).toBe('is a directory');
    expect(await digestOf('huge')).toBe('is larger than 1mb');
    expect(await digestsOf(['/dev/zero'])).toEqual(new Map([['/dev/zero', 'is not a regular file']]));
  });

  it('is there for each of the files', async () => {
    expect([...(await digestsOf(others.map(at))).keys()]).toEqual(others.map(at));
  });
});

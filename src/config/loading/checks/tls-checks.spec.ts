import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../config-error.js';
import { buildConfig, parseConfig } from '../load-config.js';

let folder: string;
let cert: string;
let key: string;
let otherKey: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-tls-'));
  const [one, other] = await Promise.all([0, 1].map(() => generate(undefined, { keyType: 'ec' })));
  [cert, key, otherKey] = ['one.pem', 'one.key', 'other.key'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(cert, one!.cert);
  writeFileSync(key, one!.private);
  writeFileSync(otherKey, other!.private);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const backends = ['https://127.0.0.1:3443'];
const listener = () => ({ listeners: [{ tls: { certificates: [{ cert, key }] } }], upstreams: { app: { backends } } });
const upstream = (tls: object) => ({ upstreams: { app: { backends, tls } } });
const warningsOf = (config: object): string[] =>
  // JSON is YAML.
  parseConfig(JSON.stringify(config)).warnings.map(({ path, message }) => `${path}: ${message}`);

function complaint(config: object): string {
  try {
    buildConfig(config);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('a private key', () => {
  it('that every user of the machine may read is warned of', () => {
    chmodSync(key, 0o644);
    const says = `every user of this machine may read this private key: chmod o-rwx ${JSON.stringify(key)}`;
    expect(warningsOf(listener())).toEqual([`listeners[0].tls.certificates[0].key: ${says}`]);
    expect(warningsOf(upstream({ cert, key }))).toEqual([`upstreams.app.tls.key: ${says}`]);
  });

  it.each([0o600, 0o640, 0o400])('with the mode %o is not', mode => {
    chmodSync(key, mode);
    expect(warningsOf(listener())).toEqual([]);
    expect(warningsOf(upstream({ cert, key }))).toEqual([]);
  });
});

describe('the files of tls towards backends', () => {
  it('are looked at before the first request needs them', () => {
    expect(complaint(upstream({ ca: key }))).toMatch(/^upstreams\.app\.tls\.ca: .* holds a private key instead/);
    expect(complaint(upstream({ cert, key: otherKey }))).toMatch(/^upstreams\.app\.tls\.key: .* does not belong to/);
    expect(complaint(upstream({ cert: key, key: cert }))).toMatch(/^upstreams\.app\.tls\.cert: .* swapped\?/);
  });
});

import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CertificateFileError, expiryWarning, readAuthorities, readKeyPair } from './key-pair.js';

const day = 24 * 60 * 60 * 1000;
const validFrom = new Date('2030-01-01T00:00:00Z');
const now = validFrom.getTime() + 10 * day;
let folder: string;
let one: { cert: string; private: string };
let other: { cert: string; private: string };

const generateOne = () =>
  generate([{ name: 'commonName', value: 'shop.example' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: validFrom,
    notAfterDate: new Date(validFrom.getTime() + 90 * day),
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-keys-'));
  [one, other] = await Promise.all([generateOne(), generateOne()]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function complaint(read: () => unknown): CertificateFileError {
  try {
    read();
  } catch (error) {
    if (error instanceof CertificateFileError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

const pair = (cert: string | Buffer = one.cert, key: string | Buffer = one.private) => ({
  cert: file('shop.pem', cert),
  key: file('shop.key', key),
});

describe('a certificate and its key', () => {
  it('are read as they stand, with the chain behind the certificate', () => {
    const cert = `a comment\n${one.cert}\n${other.cert}`;
    const read = readKeyPair(pair(cert), now);
    expect(read).toMatchObject({ cert, key: one.private });
    expect(read.leaf.fingerprint256).toBe(new X509Certificate(one.cert).fingerprint256);
  });

  it('cause a warning in their last 30 days', () => {
    const { leaf } = readKeyPair(pair(), now);
    const warning = (daysLeft: number) => expiryWarning('/a.pem', leaf, validFrom.getTime() + (90 - daysLeft) * day);
    expect(warning(30)).toBeUndefined();
    expect(warning(29.9)).toBe('certificate file "/a.pem" expires in 29 days: renew it');
    expect(warning(1.5)).toContain('expires in 1 day:');
  });

  it.each([
    [
      'that is missing',
      () => ({ ...pair(), cert: join(folder, 'none.pem') }),
      'cert',
      /none\.pem" does not exist: give/,
    ],
    ['that is a folder', () => ({ ...pair(), cert: folder }), 'cert', /is a directory: give/],
    ['that is too large', () => pair(Buffer.alloc(1024 * 1024 + 1)), 'cert', /larger than 1mb/],
    ['that is empty', () => pair(''), 'cert', /is not a PEM certificate: convert .*"openssl x509 -inform der/],
    ['in DER', () => pair(new X509Certificate(one.cert).raw), 'cert', /is not a PEM certificate/],
    ['that is noise', () => pair(randomBytes(500)), 'cert', /is not a PEM certificate/],
    ['that is a key', () => pair(one.private), 'cert', /holds a private key instead .* swapped\?/],
    [
      'that is broken',
      () => pair(one.cert.replace(/\n[\w+/]{20}/, '\nAAAA')),
      'cert',
      /that cannot be read .*replace it/,
    ],
    [
      'of which the key is missing',
      () => ({ ...pair(), key: join(folder, 'no.key') }),
      'key',
      /no\.key" does not exist/,
    ],
    ['with a key that is a certificate', () => pair(one.cert, one.cert), 'key', /holds a certificate instead/],
    [
      'with a key that is noise',
      () => pair(one.cert, randomBytes(99)),
      'key',
      /is not a PEM private key: .*openssl pkey/,
    ],
    ['with a broken key', () => pair(one.cert, one.private.replace(/\n.{20}/, '\n')), 'key', /key that cannot be read/],
    ["with another's key", () => pair(one.cert, other.private), 'key', /shop\.key" does not belong to .*shop\.pem"/],
    ['behind another', () => pair(`${other.cert}\n${one.cert}`), 'cert', /must begin with the server's own/],
  ])('one %s is refused in one line that names the file', (_, files, key, message) => {
    const error = complaint(() => readKeyPair(files(), now));
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
    expect(error.key).toBe(key);
  });

  it.each([
    ['PKCS #8', { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }],
    ['its traditional form', { type: 'sec1', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }],
  ] as const)('an encrypted key in %s is refused, with how to decrypt it', (_, options) => {
    const encrypted = createPrivateKey(one.private).export(options);
    const { key, message } = complaint(() => readKeyPair(pair(one.cert, encrypted), now));
    expect(key).toBe('key');
    expect(message).toMatch(/shop\.key" is encrypted: decrypt it with "openssl pkey -in .*shop\.key -out/);
  });

  it('one that has expired, or is not valid yet, is refused', () => {
    const late = complaint(() => readKeyPair(pair(), validFrom.getTime() + 90 * day));
    expect(late.message).toMatch(/shop\.pem" expired on 2030-04-01T00:00:00Z: renew it$/);
    const early = complaint(() => readKeyPair(pair(), validFrom.getTime() - 1));
    expect(early.message).toMatch(
      /shop\.pem" is not valid before 2030-01-01T00:00:00Z: use one that is, or set the clock/,
    );
  });

  it.skipIf(process.getuid?.() === 0)('one that may not be read is refused, with the remedy', () => {
    const files = pair();
    chmodSync(files.key, 0);
    expect(complaint(() => readKeyPair(files, now)).message).toMatch(/may not be read by this process: let the/);
    chmodSync(files.key, 0o600);
  });
});

describe('a file of authorities', () => {
  it('is read when it holds a certificate', () => {
    expect(readAuthorities(file('ca.pem', `${one.cert}\n${other.cert}`))).toContain(other.cert);
  });

  it('is refused without one', () => {
    const { key, message } = complaint(() => readAuthorities(file('ca.pem', 'nothing')));
    expect(key).toBe('ca');
    expect(message).toMatch(/ca\.pem" is not a PEM certificate/);
  });
});

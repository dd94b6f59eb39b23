import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { requireTool } from './require-tool.js';
import { tempFolder } from './temp.js';

const run = promisify(execFile);

/** A key pair with its certificate, as PEM and as files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** The content of a certificate. */
export interface CertificateOptions {
  /** DNS names and IP addresses for which it is valid. Default: localhost and 127.0.0.1. */
  readonly names?: readonly string[];
  /** Who signs it. Default: itself; it can then be its own `ca`. */
  readonly issuer?: Certificate;
  /** Common name of the subject. Default: the first name. */
  readonly commonName?: string;
  /** Further parts of the subject, as openssl's configuration spells them: `O=Example`. */
  readonly subject?: readonly string[];
  /** Kind of its key. Default: `ec` (P-256). */
  readonly keyType?: 'ec' | 'rsa';
  /** Days until it expires. Default 2; negative: it has expired. */
  readonly days?: number;
}

/** The certificate of tests that ask for nothing special: made once in each worker. */
let usual: Promise<Certificate> | undefined;

/**
 * Makes a certificate with openssl; it may itself sign others. Its files live as long as the test. Without options it is
 * always the same.
 * Skips the test or suite when openssl is not installed (see `requireTool`).
 */
export async function makeCertificate(options?: CertificateOptions): Promise<Certificate> {
  if (options !== undefined) return make(options);
  requireTool('openssl');
  usual ??= make({});
  const { cert, key } = await usual;
  const folder = await tempFolder();
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key)]);
  return { cert, key, certFile, keyFile };
}

async function make(options: CertificateOptions): Promise<Certificate> {
  const { names = ['localhost', '127.0.0.1'], issuer, commonName = names[0] ?? 'test', days = 2 } = options;
  const { subject = [], keyType = 'ec' } = options;
  const openssl = requireTool('openssl');
  const folder = await tempFolder();
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  if (days < 0) {
    const expired = await makeExpired(names, commonName, days, issuer);
    await Promise.all([writeFile(certFile, expired.cert), writeFile(keyFile, expired.key)]);
    return { ...expired, certFile, keyFile };
  }
  const configFile = join(folder, 'openssl.cnf');
  const alternatives = names.map(name => `${isAddress(name) ? 'IP' : 'DNS'}:${name}`).join(',');
  await writeFile(
    configFile,
    `[req]\ndistinguished_name=dn\nx509_extensions=ext\nprompt=no\nutf8=yes\nstring_mask=utf8only\n` +
      `[dn]\n${[...subject, `CN=${commonName}`].join('\n')}\n[ext]\n` +
      `${alternatives === '' ? '' : `subjectAltName=${alternatives}\n`}basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n`,
  );
  await run(openssl, [
    ...['req', '-x509', '-nodes', '-config', configFile],
    ...(keyType === 'ec' ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['-newkey', 'rsa:2048']),
    ...['-days', String(days), '-keyout', keyFile, '-out', certFile],
    ...(issuer ? ['-CA', issuer.certFile, '-CAkey', issuer.keyFile] : []),
  ]);
  return { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8'), certFile, keyFile };
}

/** Not with openssl, which makes no certificates of the past. */
async function makeExpired(
  names: readonly string[],
  commonName: string,
  days: number,
  issuer: Certificate | undefined,
): Promise<{ readonly cert: string; readonly key: string }> {
  const notAfterDate = new Date(Date.now() + days * 24 * 60 * 60 * 1000);
  const altNames = names.map(name =>
    isAddress(name) ? { type: 7 as const, ip: name } : { type: 2 as const, value: name },
  );
  const { cert, private: key } = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(notAfterDate.getTime() - 24 * 60 * 60 * 1000),
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames },
    ],
    ...(issuer && { ca: { key: issuer.key, cert: issuer.cert } }),
  });
  return { cert, key };
}

function isAddress(name: string): boolean {
  return /^[\d.]+$|:/.test(name);
}
